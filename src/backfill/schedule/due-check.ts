import type { CheckKey } from '../state/customer.js';
import { daysTouched } from '../state/ledger.js';
import type { State } from '../state/state.js';
import { tallyOf } from '../state/tally.js';

/** A check begins when so many windows wait for it, or so many customer-days, or one has waited long enough. */
const ENOUGH_WINDOWS = 100;
export const BATCH_DAYS = 2_000;

/**
 * When the next check may begin, and of what; undefined while nothing waits for one or one is under way. With windows in
 * flight it is not worth a timer: it is asked again when one of them ends.
 */
export function dueCheck(state: State, now: number): { windows: CheckKey[] } | { at: number } | undefined {
  const { checks, checkDays, inFlight, waiting } = tallyOf(state);
  const { underway, notBefore = 0 } = state.checks;
  if (checks === 0 || underway) return undefined;
  if (inFlight === 0) {
    const last = waiting === 0;
    return last || now >= notBefore ? { windows: batchOf(state) } : { at: notBefore };
  }
  if (now < notBefore || state.pacing.health.level === 'high') return undefined;
  const enough = checks >= ENOUGH_WINDOWS || checkDays >= BATCH_DAYS || now - oldestOf(state) >= longEnough(state, now);
  return enough ? { windows: batchOf(state) } : undefined;
}

/** So long does a window wait, in ms: a short run is seen to get on, and a long one does not check more often for that. */
function longEnough({ lifecycle: { startedAt } }: State, now: number): number {
  const [least, most] = [10_000, 5 * 60_000];
  return Math.min(most, Math.max(least, (now - startedAt) / 4));
}

function oldestOf(state: State): number {
  const all = tallyOf(state).checking.flatMap((index) => state.customers[index]!.windows.checking);
  return all.reduce((oldest, { endedAt }) => Math.min(oldest, endedAt), Number.POSITIVE_INFINITY);
}

/** The windows that have waited longest, as many as fit into one check. */
function batchOf(state: State): CheckKey[] {
  const all = tallyOf(state).checking.flatMap((customer) =>
    state.customers[customer]!.windows.checking.map((check) => ({ customer, check })),
  );
  all.sort(
    (a, b) => a.check.endedAt - b.check.endedAt || a.customer - b.customer || a.check.window[0] - b.check.window[0],
  );
  const batch: CheckKey[] = [];
  let days = 0;
  for (const { customer, check } of all) {
    days += daysTouched(check.hours);
    if (days > BATCH_DAYS && batch.length > 0) break;
    const { endedAt, startedAt: asOf } = check;
    for (const hours of check.hours) batch.push({ customer, hours, endedAt, asOf });
  }
  return batch;
}
