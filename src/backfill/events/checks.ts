import { describe } from '../hours/calendar.js';
import {
  add,
  difference,
  type Interval,
  type Intervals,
  intersection,
  none,
  overlaps,
  within,
} from '../hours/interval.js';
import type { Check, CheckKey, Customer, Problem, Repair, Retry } from '../state/customer.js';
import { moveHours } from '../state/hour-transitions.js';
import { workflowIdOf } from '../state/in-flight.js';
import { decided } from '../state/journal.js';
import { byDay, type Coverage, covered, type DayCount, dayOf, daysTouched } from '../state/ledger.js';
import type { Finding, LogFact } from '../state/log-entry.js';
import { withProblem } from '../state/problems.js';
import { shortfall } from '../state/shortfall.js';
import type { State } from '../state/state.js';
import { tallyOf } from '../state/tally.js';
import { updateCustomer, withChecks, without, withWindows } from '../state/update.js';
import { entriesOf, repairsOf, roomIn } from './coverage.js';
import type { CheckedWindow, EventOf } from './event.js';

/**
 * Completed windows are checked many at a time, so that the history hardly grows: their hours wait until an activity has
 * counted what is missing in them. Then they are done, or run again, or have failed.
 */

/** After a check that took T, none begins for nine times T: a tenth of the time. */
const REST = 9;
const MOST_NAMED = 10;

type Checker = 'windowsChecked' | 'checkFailed';

const daysOf = (windows: readonly CheckKey[]): number => daysTouched(windows.map(({ hours }) => hours));

export const checkStarted = (state: State, { windows, at }: EventOf<'checkStarted'>): State =>
  withChecks(state, { ...state.checks, underway: { at, days: daysOf(windows) } });

/** What a check has found, window by window. What an operator has taken out of the check meanwhile is left alone. */
export function windowsChecked(state: State, { windows, at }: EventOf<'windowsChecked'>): State {
  const found: LogFact[] = [];
  let next = rested(state, at);
  let short = 0;
  for (const window of windows) {
    const before = found.length;
    next = windowChecked(next, window, at, found);
    if (found.length > before) short++;
  }
  const summary = decided(next, at, { kind: 'verified', days: daysOf(windows), windows: short });
  const named = found.slice(0, MOST_NAMED).reduce((state, fact) => decided(state, at, fact), summary);
  const more = found.length - MOST_NAMED;
  return more > 0 ? decided(named, at, { kind: 'moreShortfalls', more }) : named;
}

/** The check could not be made: what it was to count is done all the same, but not verified, or has failed. */
export function checkFailed(state: State, { windows, reason, at }: EventOf<'checkFailed'>): State {
  const message = `could not be verified: ${reason}`;
  let next = rested(state, at);
  for (const key of windows) {
    const checked = inCheck(next, key);
    if (!checked) continue;
    const { customer, check, hours } = checked;
    next = updateCustomer(next, key.customer, () => {
      if (state.options.verify?.mode !== 'repair')
        return proven(next, customer, check, hours, 'checkFailed', { unverified: message });
      return failed(state, customer, check, hours, 'checkFailed', { class: 'unverified', message, at });
    });
  }
  return decided(next, at, { kind: 'verificationFailed', days: daysOf(windows), reason });
}

/** The run ends: windows that still wait for their check are done, and the proof says that they were not verified. */
export function withoutChecks(state: State): State {
  let next = state;
  for (const index of tallyOf(state).checking) {
    next = updateCustomer(next, index, (customer) =>
      customer.windows.checking.reduce((rest, check) => proven(next, rest, check, check.hours, 'runEnded'), customer),
    );
  }
  return withChecks(next, without(next.checks, 'underway'));
}

/** The state after a check, which is followed by a time without one. */
function rested(state: State, at: number): State {
  const { underway } = state.checks;
  return underway ? withChecks(state, { notBefore: at + REST * (at - underway.at) }) : state;
}

/** The check that counts these hours, and which of them it still waits for. */
function inCheck(state: State, { customer: index, hours, endedAt }: CheckKey) {
  const customer = state.customers[index];
  const check = customer?.windows.checking.find((other) => other.endedAt === endedAt && overlaps(other.hours, hours));
  return customer && check ? { customer, check, hours: within(check.hours, hours) } : undefined;
}

function windowChecked(state: State, window: CheckedWindow, at: number, found: LogFact[]): State {
  const checked = inCheck(state, window);
  if (!checked) return state;
  const { check, hours } = checked;
  const counts = new Map(window.days.map(([day, ...count]): [number, DayCount] => [day, count]));
  const countOf = (part: Interval): DayCount => counts.get(dayOf(part[0])) ?? [0, 0];
  const short = [...byDay(hours)].filter((part) => countOf(part)[1] > 0);
  const repair = state.options.verify?.mode === 'repair';
  const complete = repair ? difference(hours, short) : hours;
  const find = (parts: Intervals, finding: Finding) =>
    found.push({ kind: 'shortfall', customer: checked.customer.id, days: describe(parts), finding });
  let customer = proven(state, checked.customer, check, complete, 'windowsChecked', { countOf });
  if (repair) {
    for (const part of short) {
      const answered = repaired(state, customer, check, part, countOf(part), at);
      customer = answered.customer;
      find([part], answered.finding);
    }
  } else if (short.length > 0) {
    const [conversations, missing] = summed(short.map(countOf));
    const parts = short.reduce<Intervals>(add, none);
    find(parts, { conversations, missing, next: 'reported', repairs: 0, most: 0 });
  }
  return updateCustomer(state, window.customer, () => customer);
}

/** The hours done, and shown to be so. */
function proven(
  state: State,
  customer: Customer,
  check: Check,
  hours: Intervals,
  by: Checker | 'runEnded',
  found: { countOf?: (part: Interval) => DayCount; unverified?: string } = {},
): Customer {
  const { countOf, unverified } = found;
  const entries = entriesOf(customer, check, hours).map((entry): Coverage => {
    return {
      ...entry,
      ...(countOf && { counts: [...byDay([entry.hours])].map(countOf) }),
      ...(unverified !== undefined && { unverified }),
    };
  });
  const done = moveHours(customer, hours, by, 'checking → done');
  return { ...done, record: { ...done.record, ledger: covered(done.record.ledger, entries, roomIn(state)) } };
}

/**
 * What hours do next in which something is missing. The first that fits:
 *
 * 1. An operator wants them skipped: they are.
 * 2. Repairs are left: they run again, as one window for each day.
 * 3. They have failed.
 */
function repaired(
  state: State,
  customer: Customer,
  check: Check,
  part: Interval,
  [conversations, missing]: DayCount,
  at: number,
): { customer: Customer; finding: Finding } {
  const most = state.options.verify?.repairs ?? 0;
  const { times, attempts } = repairsOf(customer, part);
  const finding = { conversations, missing, repairs: times, most };
  if (overlaps(customer.hours.skipUnlessCompleted, part)) {
    const skipped = moveHours(customer, [part], 'windowsChecked', 'checking → skipped');
    return { customer: skipped, finding: { ...finding, next: 'skipped' } };
  }
  if (times >= most) {
    const message = shortfall([conversations, missing], times);
    const why = { class: 'missing', message, at } as const;
    return {
      customer: failed(state, customer, check, [part], 'windowsChecked', why),
      finding: { ...finding, next: 'failed' },
    };
  }
  const message = shortfall([conversations, missing]);
  const repair: Repair = { hours: part, times: times + 1, attempts: attempts + check.attempt };
  const retry: Retry = { hours: part, attempts: 0, at, class: 'missing', message };
  const waiting = moveHours(customer, [part], 'windowsChecked', 'checking → waiting');
  const { retries, repairs } = waiting.windows;
  return {
    customer: withWindows(waiting, { retries: [...retries, retry], repairs: [...repairs, repair] }),
    finding: { ...finding, next: 'repaired', repairs: repair.times },
  };
}

function failed(
  state: State,
  customer: Customer,
  check: Check,
  hours: Intervals,
  by: Checker,
  { class: kind, message, at }: Pick<Problem, 'class' | 'message' | 'at'>,
): Customer {
  const skip = intersection(customer.hours.skipUnlessCompleted, hours);
  const lost = difference(hours, skip);
  const skipped = moveHours(customer, skip, by, 'checking → skipped');
  if (lost.length === 0) return skipped;
  const attempts = check.attempt + Math.max(...lost.map((part) => repairsOf(customer, part).attempts));
  const workflowId = workflowIdOf(state, customer, check.window);
  const problem: Problem = { hours: lost, class: kind, message, attempts, workflowId, at };
  return withProblem(moveHours(skipped, lost, by, 'checking → failed'), problem);
}

const summed = (counts: readonly DayCount[]): DayCount =>
  counts.reduce(([all, missing], [a, b]): DayCount => [all + a, missing + b], [0, 0]);

/** What a ledger entry leaves to be looked at, if anything: the days and what is wrong with them. */
export function troubleOf({
  hours,
  counts = [],
  unverified,
}: Coverage): { hours: Intervals; class: 'missing' | 'unverified'; message: string } | undefined {
  if (unverified !== undefined) return { hours: [hours], class: 'unverified', message: unverified };
  const short = counts.filter(([, missing]) => missing > 0);
  if (short.length === 0) return undefined;
  const parts = [...byDay([hours])].filter((_, i) => (counts[i]?.[1] ?? 0) > 0);
  return { hours: parts, class: 'missing', message: shortfall(summed(short)) };
}
