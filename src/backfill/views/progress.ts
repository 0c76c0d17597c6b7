import { troubleOf } from '../events/checks.js';
import { daysOf, formatDay, formatTime } from '../hours/calendar.js';
import type { Breaker } from '../pacing/breaker.js';
import type { Load } from '../pacing/pace.js';
import { initialWriters } from '../pacing/writers.js';
import { estimate } from '../schedule/eta.js';
import { limitNow, whyStopped, whyWriters, writersOf } from '../schedule/limit.js';
import type { Customer, Problem, TroubleClass } from '../state/customer.js';
import { countInFlight, findsWriters, workflowIdOf } from '../state/in-flight.js';
import { type Coverage, windowOf } from '../state/ledger.js';
import type { Counts, State } from '../state/state.js';
import { tallyOf } from '../state/tally.js';
import { type LeftOut, withCustomersThatFit } from './answer-size.js';
import { addDays, countDays, type DayCounts, dayCounts, dayLetters, isFinished } from './day-letters.js';
import { breakerReason, type Status, statusOf } from './status.js';

/** The answer of the `progress` query. Days are `YYYY-MM-DD`, times RFC 3339. */
export interface Progress {
  status: Status;
  statusReason: string;
  cluster: string | null;
  range: { start: string; end: string };
  startedAt: string;
  totals: DayCounts & { windows: Counts };
  /** `limit` is in force now, and `reason` says why it is that. */
  parallelism: State['parallelism'] & { limit: number; reason: string; inFlight: number };
  /** What the probe says of the cluster's database; `utilization` is its load as a share of what operators bear, where known. */
  database: Load & { reason: string };
  /** Customers with windows in flight of which the run has tried more windows at once than one, those with the most first; a few. */
  writers: { customer: string; count: number; why: string }[];
  /** When the run should be done at the pace so far; null while that is unknown. */
  eta: string | null;
  /** What the ETA was when this share of the work was done, latest last; absent before the first. */
  forecasts?: { share: number; eta: string }[];
  customers: CustomerDays[];
  /** Only when the answer has no room for all: those whose days are all alike are left out first. */
  customersLeftOut?: LeftOut;
  attention: Attention[];
  rejected: { at: string; command: string; by?: string; reason: string }[];
}

/** A letter for each day of a customer's range. */
export interface CustomerDays {
  id: string;
  days: string;
  /** Its first day, where its range is not the run's. */
  start?: string;
}

/** Something that needs attention. */
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
    state.customers.map((customer) => daysOfCustomer(state, customer)),
    ({ days }) => rankOf(days),
    ({ days }) => isFinished(days),
  );
}

function daysOfCustomer({ options }: State, customer: Customer): CustomerDays {
  const { id, start, end } = customer;
  const days = dayLetters(customer);
  return start === options.start && end === options.end ? { id, days } : { id, days, start: formatDay(start) };
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
    startedAt: formatTime(state.lifecycle.startedAt),
    totals: { ...totalsOf(state), windows: { ...state.record.counts } },
    parallelism: { ...state.parallelism, limit, reason: why, inFlight: countInFlight(state) },
    database: { ...state.pacing.health },
    writers: writersIn(state),
    eta: etaOf(state, now),
    ...(state.record.forecasts.length > 0 && {
      forecasts: state.record.forecasts.map(({ share, eta }) => ({ share, eta: formatTime(eta) })),
    }),
    attention: attentionOf(state),
    rejected: state.record.rejected.map((rejection) => ({ ...rejection, at: formatTime(rejection.at) })),
  };
}

const MOST_WRITERS = 8;

function writersIn(state: State): Progress['writers'] {
  const found = tallyOf(state).running.flatMap((index) => {
    const customer = state.customers[index]!;
    const { foundWriters } = customer.pacing;
    const tried = foundWriters && foundWriters.why !== initialWriters.why;
    if (!tried || !findsWriters(state, customer)) return [];
    return [{ customer: customer.id, count: writersOf(state, customer), why: whyWriters(state, customer) }];
  });
  return found.sort((a, b) => b.count - a.count).slice(0, MOST_WRITERS);
}

/** `cvs 4 (+90% conversations a second, compared with 2), …`: for a person, on one line. */
export const writersInWords = (writers: Progress['writers']): string =>
  writers.map(({ customer, count, why }) => `${customer} ${count} (${why})`).join(', ');

/** How soon a customer may be left out of an answer: done ones first, then those that just wait; problems stay longest. */
export function rankOf(days: string): number {
  if (/[fh]/.test(days)) return 0;
  if (isFinished(days)) return 3;
  return /[^.]/.test(days) ? 1 : 2;
}

/** Whether any day of the customer is neither done nor skipped. */
export function hasOpenDays(customer: Customer): boolean {
  const { days, done, skipped } = dayCounts(customer);
  return done + skipped < days;
}

/** Counts the days of all customers. */
export function totalsOf({ customers }: State): DayCounts {
  const totals = countDays([]);
  for (const customer of customers) addDays(totals, dayCounts(customer));
  return totals;
}

export function attentionOf(state: State): Attention[] {
  const { breaker } = state.guard;
  const list: Attention[] = breaker ? [breakerAttention(breaker)] : [];
  for (const customer of state.customers) {
    for (const { hours, at: _, ...problem } of [...customer.record.problems, ...shortfalls(state, customer)]) {
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
  const { ledger } = customer.record;
  let found = shortfallsIn.get(ledger);
  if (!found) {
    found = ledger.flatMap((entry) => {
      const trouble = troubleOf(entry);
      return trouble ? [{ ...entry, trouble }] : [];
    });
    shortfallsIn.set(ledger, found);
  }
  return found.map(({ trouble, ...entry }) => {
    const workflowId = workflowIdOf(state, customer, windowOf(entry) ?? entry.hours);
    return { ...trouble, attempts: entry.attempts, workflowId, at: 0 };
  });
}

function nextStep(failure: TroubleClass): string {
  switch (failure) {
    case 'stopped':
      return 'ask who stopped it and why; then resume, or skipDay';
    case 'permanent':
      return 'fix what the message names, then retryFailed; or skipDay';
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
      return "fix the worker's access to the database; then resetDay, or retryFailed where it failed";
    default:
      return failure satisfies never;
  }
}

/** Null before the first window has completed, while nothing may start, and after the end. */
function etaOf(state: State, now: number): string | null {
  if (statusOf(state).status !== 'running' || whyStopped(state) !== undefined) return null;
  const { eta } = estimate(state, now);
  return eta === undefined ? null : formatTime(eta);
}
