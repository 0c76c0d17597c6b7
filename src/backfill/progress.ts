import { type LeftOut, withCustomersThatFit } from './answer-size.js';
import { daysOf, formatDay, formatTime, HOURS_PER_DAY } from './calendar.js';
import { estimate } from './eta.js';
import { type Interval, type Intervals, overlaps, within } from './interval.js';
import type { Coverage } from './ledger.js';
import { limitNow } from './limit.js';
import type { Health } from './pace.js';
import {
  type Breaker,
  type Customer,
  countInFlight,
  doneHours,
  idOf,
  openHours,
  type Problem,
  type State,
  type TroubleClass,
} from './state.js';
import { breakerReason, type Status, statusOf } from './status.js';
import { troubleOf } from './verification.js';

/** One letter for each state of a day: waiting, running (or in its check), done, partly done, failed, skipped, held. */
export type DayLetter = '.' | 'r' | 'd' | 'p' | 'f' | 's' | 'h';

/** How many days are in each state; `days` is the sum of the others (a partly done day is waiting). */
export interface DayCounts {
  days: number;
  done: number;
  running: number;
  waiting: number;
  failed: number;
  skipped: number;
  held: number;
}

/** The answer of the `progress` query. Days are `YYYY-MM-DD`, times RFC 3339. */
export interface Progress {
  status: Status;
  statusReason: string;
  cluster: string | null;
  range: { start: string; end: string };
  startedAt: string;
  totals: DayCounts & { windows: State['counts'] };
  /** `limit` is in force now, and `reason` says why it is that. */
  parallelism: State['parallelism'] & { limit: number; reason: string; inFlight: number };
  /** What the probe says of the cluster's database. */
  database: { level: Health; reason: string };
  /** When the run should be done at the pace so far; null while that is unknown. */
  eta: string | null;
  customers: { id: string; days: string }[];
  /** Only when the answer has no room for all: those whose days are all alike are left out first. */
  customersLeftOut?: LeftOut;
  attention: Attention[];
  rejected: { at: string; command: string; by?: string; reason: string }[];
}

/** Something a person should look at. */
export interface Attention {
  customer: string;
  days: string[];
  class: TroubleClass | 'breaker';
  message: string;
  attempts: number;
  workflowId: string;
  nextStep: string;
}

const MOST_ATTENTION = 100;

export function progressOf(state: State, now: number): Progress {
  return withCustomersThatFit(
    overview(state, now),
    state.customers.map((customer) => ({ id: customer.id, days: dayLetters(customer) })),
    ({ days }) => rankOf(days),
    ({ days }) => isDone(days),
  );
}

/** Progress without its customers, of whom an answer may not have room for all. */
export function overview(state: State, now: number): Omit<Progress, 'customers' | 'customersLeftOut'> {
  const { status, reason } = statusOf(state, now);
  const { limit, why } = limitNow(state, now);
  return {
    status,
    statusReason: reason,
    cluster: state.options.cluster ?? null,
    range: { start: formatDay(state.options.start), end: formatDay(state.options.end) },
    startedAt: formatTime(state.startedAt),
    totals: { ...totalsOf(state), windows: { ...state.counts } },
    parallelism: { ...state.parallelism, limit, reason: why, inFlight: countInFlight(state) },
    database: { ...state.health },
    eta: etaOf(state, now),
    attention: attentionOf(state),
    rejected: state.rejected.map((rejection) => ({ ...rejection, at: formatTime(rejection.at) })),
  };
}

/** How soon a customer may be left out of an answer: done ones first, then those that just wait; problems stay longest. */
function rankOf(days: string): number {
  if (/[fh]/.test(days)) return 0;
  if (isDone(days)) return 3;
  return /[^.]/.test(days) ? 1 : 2;
}

const isDone = (days: string) => !/[^ds]/.test(days);

/**
 * The letter of each day of a customer's range. A day of several windows shows the first of these that any part of it
 * is in: running, failed, held; else it is done, skipped or waiting as a whole, or partly done.
 */
export const dayLetters = (customer: Customer): string => daysIn(customer).letters;

/** Current Details ask for all days after every change, which is a change of one customer. */
const daysKnown = new WeakMap<Customer, { letters: string; counts: DayCounts }>();

function daysIn(customer: Customer): { letters: string; counts: DayCounts } {
  let days = daysKnown.get(customer);
  if (!days) {
    const letters = lettersAnew(customer);
    days = { letters, counts: countDays([letters]) };
    daysKnown.set(customer, days);
  }
  return days;
}

/** Counts the days of a customer. */
export const dayCounts = (customer: Customer): DayCounts => daysIn(customer).counts;

/** Whether any day of the customer is neither done nor skipped. */
export function hasOpenDays(customer: Customer): boolean {
  const { days, done, skipped } = dayCounts(customer);
  return done + skipped < days;
}

/** Counts the days of all customers. */
export function totalsOf({ customers }: State): DayCounts {
  const totals = countDays([]);
  for (const customer of customers) {
    const counts = dayCounts(customer);
    for (const name of NAMES) totals[name] += counts[name];
  }
  return totals;
}

function lettersAnew(customer: Customer): string {
  const count = (customer.end - customer.start) / HOURS_PER_DAY;
  const letters = new Array<DayLetter>(count).fill('d');
  const mark = (set: Intervals, letterOf: (day: Interval, before: DayLetter) => DayLetter) => {
    for (const [from, to] of within(set, [customer.start, customer.end])) {
      const last = Math.ceil((to - customer.start) / HOURS_PER_DAY);
      for (let i = Math.floor((from - customer.start) / HOURS_PER_DAY); i < last; i++) {
        const start = customer.start + i * HOURS_PER_DAY;
        letters[i] = letterOf([start, start + HOURS_PER_DAY], letters[i]!);
      }
    }
  };
  const done = doneHours(customer);
  mark(customer.skipped, () => 's');
  mark(customer.waiting, (day) => (overlaps(done, day) ? 'p' : '.'));
  mark(customer.held, () => 'h');
  mark(customer.failed, () => 'f');
  mark(openHours(customer), () => 'r');
  return letters.join('');
}

const nameOf: Record<DayLetter, keyof DayCounts> = {
  '.': 'waiting',
  p: 'waiting',
  r: 'running',
  d: 'done',
  f: 'failed',
  s: 'skipped',
  h: 'held',
};

const NAMES: readonly (keyof DayCounts)[] = ['days', ...new Set(Object.values(nameOf))];

/** Counts the letters of any number of customers. */
export function countDays(letters: Iterable<string>): DayCounts {
  const counts: DayCounts = { days: 0, done: 0, running: 0, waiting: 0, failed: 0, skipped: 0, held: 0 };
  for (const days of letters) {
    counts.days += days.length;
    for (const letter of days) counts[nameOf[letter as DayLetter]]++;
  }
  return counts;
}

export function attentionOf(state: State): Attention[] {
  const list: Attention[] = state.breaker ? [breakerAttention(state.breaker)] : [];
  for (const customer of state.customers) {
    for (const { hours, at: _, ...problem } of [...customer.problems, ...shortfalls(state, customer)]) {
      if (list.length === MOST_ATTENTION) return list;
      list.push({ customer: customer.id, days: daysOf(hours, 40), ...problem, nextStep: nextStep(problem.class) });
    }
  }
  return list;
}

function breakerAttention(breaker: Breaker): Attention {
  return {
    customer: 'the run',
    days: [],
    class: 'breaker',
    message: breakerReason(breaker),
    attempts: breaker.tries,
    workflowId: breaker.workflowId,
    nextStep: 'see in the log and the workflow why windows fail; the run tries one by itself, resume tries all at once',
  };
}

type Shortfall = Coverage & { trouble: NonNullable<ReturnType<typeof troubleOf>> };

/** Asked for with the letters, and for the same reason remembered; most ledgers have none. */
const shortfallsIn = new WeakMap<readonly Coverage[], Shortfall[]>();

/** What is wrong with hours that are done. */
function shortfalls(state: State, customer: Customer): Problem[] {
  let found = shortfallsIn.get(customer.ledger);
  if (!found) {
    found = customer.ledger.flatMap((entry) => {
      const trouble = troubleOf(entry);
      return trouble ? [{ ...entry, trouble }] : [];
    });
    shortfallsIn.set(customer.ledger, found);
  }
  return found.map(({ trouble, window, from, to, attempts }) => {
    const [start, end] = window ?? [from, to];
    return { ...trouble, attempts, workflowId: idOf(state, customer, { from: start, to: end }), at: 0 };
  });
}

function nextStep(failure: TroubleClass): string {
  switch (failure) {
    case 'stopped':
      return 'ask who stopped it and why; then resume, or skipDay';
    case 'permanent':
      return 'mend what the message names, then retryFailed; or skipDay';
    case 'timeout':
      return 'see why the window is too slow, or start it with a smaller window; then retryFailed, or skipDay';
    case 'contention':
    case 'overload':
      return 'look at the database; when it is calm, retryFailed, with a lower setParallelism if it was this run';
    case 'unknown':
      return 'read the message and the workflow; then retryFailed, or skipDay';
    case 'missing':
      return "see in the workflow and its worker's log what it left out; then resetDay, or retryFailed where it failed";
    case 'unverified':
      return "mend the worker's access to the database; then resetDay, or retryFailed where it failed";
    default:
      return failure satisfies never;
  }
}

/** Null before the first window has completed, while nothing may start, and after the end. */
function etaOf(state: State, now: number): string | null {
  if (statusOf(state).status !== 'running') return null;
  const { eta } = estimate(state, now);
  return eta === undefined ? null : formatTime(eta);
}
