import { proxyActivities } from '@temporalio/workflow';
import type { Activities, CheckQuery } from '../activities/contract.js';
import type { CheckKey } from '../backfill/state/customer.js';
import { lastingFault, persistently, reasonOf } from './attempts.js';
import { invalidInput } from './invalid-input.js';
import type { BackfillRun } from './run.js';

const checking = (maximumAttempts: number) =>
  proxyActivities<Activities>({
    startToCloseTimeout: '10 minutes',
    // A worker killed during a check must not keep the next from it for long.
    heartbeatTimeout: '10 seconds',
    retry: { initialInterval: '1 second', maximumInterval: '30 seconds', maximumAttempts },
  }).checkWindows;

/** What waits for a check can wait; when it can't be made for some minutes, the run says so and continues. */
const checkWindows = checking(6);

const queryOf = (run: BackfillRun, windows: CheckQuery['windows']): CheckQuery => {
  const { cluster } = run.state.options;
  return { ...(cluster === undefined ? {} : { cluster }), windows };
};

/** Before anything has started: a worker that can't check, or SQL that it can't run, is a mistake in what was asked for. */
export async function tryCheck(run: BackfillRun): Promise<void> {
  if (!run.state.options.verify) return;
  try {
    await persistently(run, () => checking(1)(queryOf(run, [])), 2);
  } catch (error) {
    const fault = lastingFault(error);
    if (!fault) {
      // A database that is away now may be back when the first windows have completed.
      run.happened({ kind: 'preparationGivenUp' });
      return;
    }
    throw invalidInput([
      {
        field: 'verify',
        expected: '"off", or a worker with BACKFILL_VERIFY_URL and BACKFILL_VERIFY_SQL_FILE that fit',
        got: fault.message,
      },
    ]);
  }
}

const { knownMetrics } = proxyActivities<Activities>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '10 seconds',
  retry: { maximumAttempts: 1 },
});

/** Before anything has started: a threshold for a metric that is not measured would never slow the run down. */
export async function tryProbe(run: BackfillRun): Promise<void> {
  const { probe } = run.state.options;
  if (!probe) return;
  const { names, trouble } = await persistently(run, () => knownMetrics());
  const { maxLoad, criticalLoad } = probe;
  const issues = Object.entries({ maxLoad, criticalLoad }).flatMap(([field, thresholds]) =>
    Object.keys(thresholds)
      .filter((metric) => !names.includes(metric))
      .map((metric) => ({
        field: `probe.${field}.${metric}`,
        expected: `a metric that the worker knows (${names.join(', ')})`,
        got: trouble ?? 'one that it does not',
      })),
  );
  if (issues.length > 0) throw invalidInput(issues);
}

/** Checks completed windows together, and gives the run what was found. */
export async function check(run: BackfillRun, windows: CheckKey[]): Promise<void> {
  run.happened({ kind: 'checkStarted', windows });
  const asked = windows.map(({ customer, hours, asOf }) => {
    return { customer: run.state.customers[customer]!.id, hours, asOf };
  });
  try {
    const found = await checkWindows(queryOf(run, asked));
    run.happened({ kind: 'windowsChecked', windows: windows.map((key, i) => ({ ...key, days: found[i]! })) });
  } catch (error) {
    run.happened({ kind: 'checkFailed', windows, reason: reasonOf(error) });
  }
}
