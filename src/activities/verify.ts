import { readFile } from 'node:fs/promises';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { formatInstant, formatTime } from '../backfill/hours/calendar.js';
import type { CheckedDay, CheckQuery } from './contract.js';
import { readOnce } from './database.js';
import { settingOf, variablesOf } from './settings.js';
import { countsOf } from './verify/counts.js';

/** How long the SQL may take unless the worker's environment says otherwise, and at most: less than the activity may. */
const [SECONDS, MOST_SECONDS] = [120, 300];

/**
 * Counts, for each of these windows, conversations and those without a current scorecard, by day; days without
 * conversations are left out. One statement for all windows, in a read-only transaction, on a separate connection.
 *
 * Connection and SQL are in the worker's environment, `_<CLUSTER>` at the end for one cluster only:
 * `BACKFILL_VERIFY_URL`, `BACKFILL_VERIFY_SQL_FILE` or `BACKFILL_VERIFY_SQL`, and `BACKFILL_VERIFY_SECONDS`. The SQL gets `$1 text[]` customers, `$2`
 * and `$3 timestamptz[]` the windows' starts and ends (exclusive), `$4 timestamptz[]` the instants after which a
 * conversation came too late to be missing; it returns the columns `window` (1 for the first), `day`, `conversations` and
 * `missing`. Without windows, it only tests that the SQL can be run.
 *
 * @throws ApplicationFailure, non-retryable, of type `VerifyMissing` where a setting is missing, or `VerifyInvalid` where the
 *   database refuses the SQL or the role, or the SQL returns other columns or values; retryable for a database that is unreachable
 */
export async function checkWindows(
  { cluster, windows }: CheckQuery,
  environment: NodeJS.ProcessEnv,
): Promise<CheckedDay[][]> {
  const { url, sql, seconds } = await settingsOf(cluster, environment);
  const options = { url, purpose: 'verify', seconds, context: Context.current() } as const;
  const answer = await readOnce(options, sql, [
    windows.map(({ customer }) => customer),
    windows.map(({ hours }) => formatInstant(hours[0])),
    windows.map(({ hours }) => formatInstant(hours[1])),
    windows.map(({ asOf }) => formatTime(asOf)),
  ]);
  return countsOf(answer, windows);
}

interface Settings {
  url: string;
  sql: string;
  seconds: number;
}

async function settingsOf(cluster: string | undefined, environment: NodeJS.ProcessEnv): Promise<Settings> {
  const setting = (name: string) => settingOf(name, cluster, environment);
  const url = setting('BACKFILL_VERIFY_URL');
  const file = setting('BACKFILL_VERIFY_SQL_FILE');
  const inline = setting('BACKFILL_VERIFY_SQL');
  const missing = [
    ...(url ? [] : [variablesOf('BACKFILL_VERIFY_URL', cluster)]),
    ...(file || inline ? [] : [`${variablesOf('BACKFILL_VERIFY_SQL_FILE', cluster)} (or BACKFILL_VERIFY_SQL)`]),
  ];
  if (!url || missing.length > 0) {
    throw missingSetting(`the worker's environment lacks ${missing.join(' and ')}`);
  }
  const seconds = Number(setting('BACKFILL_VERIFY_SECONDS') ?? SECONDS);
  if (!(seconds >= 1 && seconds <= MOST_SECONDS)) {
    const name = variablesOf('BACKFILL_VERIFY_SECONDS', cluster);
    throw missingSetting(`${name}: expected a number from 1 to ${MOST_SECONDS}`);
  }
  if (!file) return { url, sql: inline!, seconds };
  try {
    return { url, sql: await readFile(file, 'utf8'), seconds };
  } catch (error) {
    throw missingSetting(
      `the file in ${variablesOf('BACKFILL_VERIFY_SQL_FILE', cluster)} can't be read: ${(error as NodeJS.ErrnoException).code ?? 'no reason given'}`,
    );
  }
}

const missingSetting = (message: string) => ApplicationFailure.nonRetryable(message, 'VerifyMissing');
