import { describe } from '../hours/calendar.js';
import {
  add,
  difference,
  type Interval,
  type Intervals,
  none,
  overlaps,
  subtract,
  union,
  within,
} from '../hours/interval.js';
import type { Options } from '../request/options.js';
import { updateCustomer, type WindowKey } from '../state/change.js';
import { decided } from '../state/journal.js';
import { byDay, type Coverage, covered, type DayCount, dayOf, daysTouched, MAX_PROOF_ROWS } from '../state/ledger.js';
import { withProblem } from '../state/problems.js';
import {
  type Check,
  type Customer,
  cut,
  idOf,
  type Problem,
  type Repair,
  type Retry,
  type State,
  withoutThese,
} from '../state/state.js';
import { tallyOf } from '../state/tally.js';
import { counted } from '../words.js';

/**
 * Completed windows are checked many at a time, so that the history hardly grows: their hours wait in `checking` until
 * an activity has counted what is missing in them. Then they are done, or run again, or have failed.
 */

/** Hours of a completed window to be counted; with `endedAt` they name one completion, and no later one of the same hours. */
export interface CheckKey extends WindowKey {
  endedAt: number;
  /** When its window started, in ms since 1970: what arrived later is not missing. */
  asOf: number;
}

/** What was counted in them. Days (as numbers since 1970) without conversations are left out. */
export interface CheckedHours extends CheckKey {
  days: [day: number, ...DayCount][];
}

/** After a check that took T, none begins for nine times T: a tenth of the time. */
const REST = 9;
const MOST_NAMED = 10;

const MISSING = 'have no current scorecard';

/** The customer once a window of it has completed: its hours wait for their check, or are done if there is none. */
export function afterCompletion(
  { verify }: Options,
  customer: Customer,
  check: Check,
  leave: Intervals,
  room: number,
): Customer {
  if (check.hours.length === 0) return customer;
  if (!verify) return covered(customer, entriesOf(customer, check, check.hours), room);
  return { ...customer, checking: [...customer.checking, check], leave: union(customer.leave, leave) };
}

/** How many more days the proof has room for. */
export const roomIn = (state: State): number => MAX_PROOF_ROWS - tallyOf(state).rows;

export function checkStarted(state: State, windows: readonly CheckKey[], at: number): State {
  return { ...state, verifying: { at, days: daysTouched(windows.map(({ from, to }) => [from, to])) } };
}

/** What a check has found, window by window. What an operator has taken out of the check meanwhile is left alone. */
export function windowsChecked(state: State, windows: readonly CheckedHours[], at: number): State {
  const found: string[] = [];
  let next = rested(state, at);
  for (const window of windows) next = windowChecked(next, window, at, found);
  const days = counted(daysTouched(windows.map(({ from, to }) => [from, to])), 'day');
  if (found.length === 0) return decided(next, at, `verified ${days}: nothing is missing`);
  return told(
    decided(next, at, `verified ${days}: something is missing in ${counted(found.length, 'window')}`),
    found,
    at,
  );
}

/** The check could not be made: what it was to count is done all the same, but not verified, or has failed. */
export function checkFailed(state: State, windows: readonly CheckKey[], reason: string, at: number): State {
  const message = `could not be verified: ${reason}`;
  let next = rested(state, at);
  for (const window of windows) {
    const checked = takenOut(next, window);
    if (!checked) continue;
    const { customer, check, hours } = checked;
    next = updateCustomer(next, window.customer, () => {
      if (state.options.verify?.mode !== 'repair') return proven(next, customer, check, hours, { unverified: message });
      return failed(state, customer, check, hours, { class: 'unverified', message, at });
    });
  }
  const days = counted(daysTouched(windows.map(({ from, to }) => [from, to])), 'day');
  return decided(next, at, `${days} ${message}`);
}

/** The run ends: windows that still wait for their check are done, and the proof says that they were not verified. */
export function withoutChecks(state: State): State {
  let next = state;
  for (const index of tallyOf(state).checking) {
    next = updateCustomer(next, index, (customer) => {
      const done = customer.checking.reduce((rest, check) => proven(next, rest, check, check.hours), customer);
      return { ...done, checking: [] };
    });
  }
  const { verifying: _, ...rest } = next;
  return rest;
}

/** The state after a check, which is followed by a time without one. */
function rested(state: State, at: number): State {
  const { verifying, ...rest } = state;
  return verifying ? { ...rest, verifyAfter: at + REST * (at - verifying.at) } : rest;
}

/** The hours out of their check, if they still are in it. */
function takenOut(state: State, { customer: index, from, to, endedAt }: CheckKey) {
  const customer = state.customers[index];
  const check = customer?.checking.find((other) => other.endedAt === endedAt && overlaps(other.hours, [from, to]));
  if (!customer || !check) return undefined;
  const others = customer.checking.filter((other) => other !== check);
  const checking = [...others, ...withoutThese([check], [[from, to]])];
  return { customer: { ...customer, checking }, check, hours: within(check.hours, [from, to]) };
}

function windowChecked(state: State, window: CheckedHours, at: number, found: string[]): State {
  const checked = takenOut(state, window);
  if (!checked) return state;
  const { check, hours } = checked;
  const counts = new Map(window.days.map(([day, ...count]): [number, DayCount] => [day, count]));
  const countOf = (part: Interval): DayCount => counts.get(dayOf(part[0])) ?? [0, 0];
  const short = [...byDay(hours)].filter((part) => countOf(part)[1] > 0);
  const repair = state.options.verify?.mode === 'repair';
  const whole = repair ? short.reduce<Intervals>(subtract, hours) : hours;
  let customer = proven(state, checked.customer, check, whole, { countOf });
  if (short.length > 0) {
    const name = `${customer.id} ${describe(short.reduce<Intervals>(add, none))}`;
    const sum = summed(short.map(countOf));
    if (!repair) found.push(`${name}: ${shortfall(sum)}`);
    for (const part of repair ? short : []) {
      const answered = repaired(state, customer, check, part, countOf(part), at);
      customer = answered.customer;
      found.push(`${customer.id} ${describe([part])}: ${answered.effect}`);
    }
  }
  return updateCustomer(state, window.customer, () => customer);
}

/** The hours done, and shown to be so. */
function proven(
  state: State,
  customer: Customer,
  check: Check,
  hours: Intervals,
  found: { countOf?: (part: Interval) => DayCount; unverified?: string } = {},
): Customer {
  const entries = entriesOf(customer, check, hours).map((entry): Coverage => {
    const { countOf, unverified } = found;
    const counts = countOf ? [...byDay([[entry.from, entry.to]])].map(countOf) : undefined;
    return { ...entry, ...(counts ? { counts } : {}), ...(unverified === undefined ? {} : { unverified }) };
  });
  return covered(settledParts(customer, hours), entries, roomIn(state));
}

/** One entry for each stretch of hours that the window, and as many before it, ran over. */
function entriesOf(customer: Customer, check: Check, hours: Intervals): Coverage[] {
  const { from, to, attempt, endedAt, found } = check;
  return hours.map((part): Coverage => {
    const same = part[0] === from && part[1] === to;
    return {
      ...{ from: part[0], to: part[1] },
      ...(found ? { window: null } : same ? {} : { window: [from, to] }),
      completedAt: found ? null : endedAt,
      attempts: attempt + repairOf(customer, part).attempts,
    };
  });
}

/** What is still to come of hours, and the count of their repairs, forgotten. */
const settledParts = (customer: Customer, hours: Intervals): Customer => ({
  ...customer,
  leave: difference(customer.leave, hours),
  repairs: cut(customer.repairs, hours),
});

/** How often the hours were repaired, by the part of them that was most often. */
function repairOf({ repairs }: Customer, [from, to]: Interval): { times: number; attempts: number } {
  const own = repairs.filter((repair) => repair.from < to && from < repair.to);
  return { times: Math.max(0, ...own.map((r) => r.times)), attempts: Math.max(0, ...own.map((r) => r.attempts)) };
}

/**
 * What hours do next in which something is missing. The first that fits:
 *
 * 1. An operator wants them left out: they are skipped.
 * 2. They may be repaired once more: they run again, as one window for each day.
 * 3. They have failed.
 */
function repaired(
  state: State,
  customer: Customer,
  check: Check,
  part: Interval,
  count: DayCount,
  at: number,
): { customer: Customer; effect: string } {
  const [from, to] = part;
  const most = state.options.verify?.repairs ?? 0;
  const { times, attempts } = repairOf(customer, part);
  if (overlaps(customer.leave, part)) {
    const rest = settledParts(customer, [part]);
    const skipped = { ...rest, skipped: union(customer.skipped, [part]) };
    return { customer: skipped, effect: `${shortfall(count)}; left out, as asked` };
  }
  if (times >= most) {
    const message = shortfall(count, times);
    const effect = `failed: ${message}`;
    return { customer: failed(state, customer, check, [part], { class: 'missing', message, at }), effect };
  }
  const message = shortfall(count);
  const repair: Repair = { from, to, times: times + 1, attempts: attempts + check.attempt };
  const retry: Retry = { from, to, attempts: 0, at, class: 'missing', message };
  const rest = settledParts(customer, [part]);
  const again: Customer = {
    ...rest,
    waiting: union(customer.waiting, [part]),
    retries: [...customer.retries, retry],
    repairs: [...rest.repairs, repair],
  };
  return { customer: again, effect: `${message}; runs again (repair ${repair.times} of ${most})` };
}

function failed(
  state: State,
  customer: Customer,
  check: Check,
  hours: Intervals,
  { class: kind, message, at }: Pick<Problem, 'class' | 'message' | 'at'>,
): Customer {
  const left = hours.flatMap((part) => within(customer.leave, part));
  const rest = settledParts({ ...customer, skipped: union(customer.skipped, left) }, hours);
  const lost = difference(hours, left);
  if (lost.length === 0) return rest;
  const attempts = check.attempt + Math.max(...lost.map((part) => repairOf(customer, part).attempts));
  const workflowId = idOf(state, customer, check);
  const problem: Problem = { hours: lost, class: kind, message, attempts, workflowId, at };
  return withProblem({ ...rest, failed: union(rest.failed, lost) }, problem);
}

const summed = (counts: readonly DayCount[]): DayCount =>
  counts.reduce(([all, missing], [a, b]): DayCount => [all + a, missing + b], [0, 0]);

/** `12 of 3,400 conversations have no current scorecard`. */
export function shortfall([conversations, missing]: DayCount, repairs?: number): string {
  const of = `${missing.toLocaleString('en-US')} of ${conversations.toLocaleString('en-US')} conversations`;
  return repairs === undefined ? `${of} ${MISSING}` : `${of} still ${MISSING} after ${counted(repairs, 'repair')}`;
}

function told(state: State, found: readonly string[], at: number): State {
  const named = found.slice(0, MOST_NAMED).reduce((next, effect) => decided(next, at, effect), state);
  const more = found.length - MOST_NAMED;
  return more > 0 ? decided(named, at, `and ${more} more; attention names them`) : named;
}

/** What a ledger entry leaves to be looked at, if anything: the days and what is wrong with them. */
export function troubleOf(
  entry: Coverage,
): { hours: Intervals; class: 'missing' | 'unverified'; message: string } | undefined {
  const { from, to, counts, unverified } = entry;
  if (unverified !== undefined) return { hours: [[from, to]], class: 'unverified', message: unverified };
  const short = (counts ?? []).filter(([, missing]) => missing > 0);
  if (short.length === 0) return undefined;
  const parts = [...byDay([[from, to]])].filter((_, i) => (counts?.[i]?.[1] ?? 0) > 0);
  return { hours: parts, class: 'missing', message: shortfall(summed(short)) };
}
