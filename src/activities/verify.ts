import { readFile } from 'node:fs/promises';
import { ApplicationFailure, Context, log } from '@temporalio/activity';
import pg from 'pg';
import { formatInstant, formatTime } from '../backfill/calendar.js';
import type { CheckedDay, CheckQuery } from './contract.js';
import { explainTrouble, isSqlState, withoutSecrets } from './database-trouble.js';
import { settingOf, variablesOf } from './settings.js';
import { countsOf } from './verify/counts.js';

/** How long the SQL may take unless the worker's environment says otherwise, and at most: less than the activity may. */
const [SECONDS, MOST_SECONDS] = [120, 300];

/**
 * Counts, for each of these windows, conversations and those without a current scorecard, by day; days without
 * conversations are left out. One statement for all windows, in a read-only transaction, on a connection of its own.
 *
 * Connection and SQL are in the worker's environment, `_<CLUSTER>` at the end for one cluster only:
 * `BACKFILL_VERIFY_URL`, `BACKFILL_VERIFY_SQL_FILE` or `BACKFILL_VERIFY_SQL`, and `BACKFILL_VERIFY_SECONDS`. The SQL gets `$1 text[]` customers, `$2`
 * and `$3 timestamptz[]` the windows' starts and ends (exclusive), `$4 timestamptz[]` the instants after which a
 * conversation came too late to be missing; it gives the columns `window` (1 for the first), `day`, `conversations` and
 * `missing`. No windows at all is a question as well: whether the SQL can be run.
 *
 * @throws ApplicationFailure, non-retryable, of type `VerifyMissing` where a setting is missing, or `VerifyInvalid` where the
 *   database refuses the SQL or the role, or the SQL gives other columns or values; retryable for a database that can't be reached
 */
export async function checkWindows(
  { cluster, windows }: CheckQuery,
  environment: NodeJS.ProcessEnv,
): Promise<CheckedDay[][]> {
  const settings = await settingsOf(cluster, environment);
  const { url, seconds } = settings;
  const client = new pg.Client({
    connectionString: url,
    application_name: 'backfill-scorecards verify',
    connectionTimeoutMillis: 10_000,
    // A server or network that has gone silent; a little later, so that a slow statement is the server's to end.
    query_timeout: (seconds + 5) * 1_000,
    // As the server writes them: a date would become an instant in this machine's time zone.
    types: { getTypeParser: () => (text: string) => text },
  });
  // A connection that breaks shows in the query; unheard, the event would end the process.
  client.on('error', () => {});
  try {
    return countsOf(await Promise.race([ask(client, settings, windows), Context.current().cancelled]), windows);
  } catch (error) {
    throw failureOf(error, settings);
  } finally {
    client.end().catch(() => {});
  }
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
      `the file in ${variablesOf('BACKFILL_VERIFY_SQL_FILE', cluster)} can't be read: ${codeOf(error)}`,
    );
  }
}

const missingSetting = (message: string) => ApplicationFailure.nonRetryable(message, 'VerifyMissing');

const codeOf = (error: unknown) => (error as { code?: unknown }).code ?? 'no reason given';

async function ask(
  client: pg.Client,
  { sql, seconds }: Settings,
  windows: CheckQuery['windows'],
): Promise<pg.QueryResult> {
  await client.connect();
  await client.query('BEGIN READ ONLY');
  await client.query(`SET LOCAL statement_timeout = ${Math.round(seconds * 1_000)}`);
  await client.query("SET LOCAL TIME ZONE 'UTC'");
  // With parameters the extended protocol is used, which takes one statement only: it can't leave the transaction.
  return client.query(sql, [
    windows.map(({ customer }) => customer),
    windows.map(({ from }) => formatInstant(from)),
    windows.map(({ to }) => formatInstant(to)),
    windows.map(({ asOf }) => formatTime(asOf)),
  ]);
}

/** SQLSTATEs that another try does not mend: parameters, data, authorization, names, syntax, writing where one may only read. */
const LASTING = /^(08P01|0A|22|25|26|28|3D|3F|42)/;

function failureOf(error: unknown, { url, seconds }: Settings): unknown {
  if (error instanceof ApplicationFailure) return error;
  if (Context.current().cancellationSignal.aborted) {
    return ApplicationFailure.retryable('nobody waits for this check here any more', 'Interrupted');
  }
  const code = codeOf(error);
  if (isSqlState(code) && LASTING.test(code) && !/^28|^3D/.test(code)) {
    // A message of the server may quote the SQL, which is nobody's business but the worker's.
    log.warn('the verify SQL failed', { code, message: withoutSecrets(String((error as Error).message), url) });
    const message = `the database refuses the verify SQL (SQLSTATE ${code}); the worker's log has its message`;
    return ApplicationFailure.nonRetryable(message, 'VerifyInvalid');
  }
  const message = `the database: ${explainTrouble(error, { url, whose: "verify's", seconds })}`;
  // A statement that was too slow twice is too slow; a database need not bear it six times.
  const tooSlow = code === '57014' && Context.current().info.attempt > 1;
  const lasting = (isSqlState(code) && LASTING.test(code)) || code === 'ERR_INVALID_URL' || tooSlow;
  return lasting
    ? ApplicationFailure.nonRetryable(message, 'VerifyInvalid')
    : ApplicationFailure.retryable(message, 'VerifyFailed');
}
