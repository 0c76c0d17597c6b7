import { dayFrom, formatDay, formatInstant, formatTime, parseDay } from '../hours/calendar.js';
import { type Interval, meet } from '../hours/interval.js';
import { formatWindowSize } from '../hours/window.js';
import { initialWriters } from '../pacing/writers.js';
import { show } from '../request/issue.js';
import { whyWriters, writersOf } from '../schedule/limit.js';
import { type Customer, rangeOf } from '../state/customer.js';
import { findsWriters, workflowIdOf } from '../state/in-flight.js';
import type { State } from '../state/state.js';
import { itemsThatFit } from './answer-size.js';
import { type DayCounts, dayCounts, dayLetters } from './day-letters.js';
import { whyNotRunning } from './why.js';

/** The answer of the `customer` query. Times are RFC 3339, durations in ms. */
export interface CustomerView {
  id: string;
  range: { start: string; end: string };
  days: string;
  totals: DayCounts;
  conversations: number | null;
  paused: { at: string; by?: string; reason?: string } | null;
  removed: boolean;
  /** Its window size now, and why it is that. */
  window: { size: string; why: string };
  /** How many of its windows may be in flight now. */
  perCustomer: number;
  /** Why it is so many, where the run finds that out (`perCustomer: "auto"`), and when a number that was too many may be tried again. */
  writers?: { count: number; why: string; triedAgainAt?: string };
  /** Windows that completed, windows that did not, and the time both took. */
  counts: { completed: number; unsuccessful: number; busyMs: number };
  /**
   * In flight, then completed and waiting for their check, then waiting for their back-off, then failed or held, then
   * ended (the latest that the run remembers).
   */
  windows: WindowView[];
  /** Only when the query names a day: what it is, or why it is not running now, in one sentence. */
  why?: { day: string; reason: string };
  /** How many windows one answer has no room for, if any. Those in flight stay longest, then those that need attention. */
  windowsLeftOut?: number;
}

export interface WindowView {
  workflowId: string;
  start: string;
  end: string;
  state: 'running' | 'checking' | 'backingOff' | 'failed' | 'held' | 'completed' | 'unsuccessful';
  attempt: number;
  adopted?: true;
  cancelRequested?: true;
  startedAt?: string;
  durationMs?: number;
  /** Not before. */
  dueAt?: string;
  class?: string;
  error?: string;
}

/**
 * The index of the customer that a query's argument names, as `{customer}` or by its id alone.
 *
 * @throws a sentence when the run has no such customer
 */
export function indexAsked(state: State, argument: unknown): number {
  const id =
    typeof argument === 'object' && argument !== null ? (argument as { customer?: unknown }).customer : argument;
  const index = state.customers.findIndex((customer) => customer.id === id);
  if (index < 0) throw new Error(`customer ${show(id)} is not in this run; ask with {"customer": "<id>"}`);
  return index;
}

/** @param day a UTC day of the customer's range (`2026-01-15`): the answer says why it is not running now */
export function customerView(state: State, index: number, now: number, day?: unknown): CustomerView {
  const customer = state.customers[index]!;
  const rest = {
    id: customer.id,
    range: { start: formatDay(customer.start), end: formatDay(customer.end) },
    days: dayLetters(customer),
    totals: { ...dayCounts(customer) },
    conversations: customer.conversations ?? null,
    paused: customer.paused ? { ...customer.paused, at: formatTime(customer.paused.at) } : null,
    removed: customer.removed ?? false,
    window: {
      size: formatWindowSize(customer.pacing.sizing.size),
      why: customer.pacing.sizing.why,
    },
    perCustomer: writersOf(state, customer),
    ...(findsWriters(state, customer) && { writers: writersView(state, customer, now) }),
    counts: {
      completed: customer.record.completed,
      unsuccessful: customer.record.unsuccessful,
      busyMs: customer.record.busy,
    },
  };
  const why = day === undefined ? {} : { why: whyOn(state, index, day, now) };
  const windows = windowsOf(state, customer, index, now);
  const { kept, leftOut } = itemsThatFit({ ...rest, ...why }, windows, (window, at) =>
    rankOf(window, at / windows.length),
  );
  return { ...rest, ...why, windows: kept, ...(leftOut > 0 ? { windowsLeftOut: leftOut } : {}) };
}

function writersView(state: State, customer: Customer, now: number): NonNullable<CustomerView['writers']> {
  const found = customer.pacing.foundWriters ?? initialWriters;
  const { brink } = found;
  return {
    count: writersOf(state, customer),
    why: whyWriters(state, customer),
    ...(brink && brink.count > found.count && brink.until > now && { triedAgainAt: formatTime(brink.until) }),
  };
}

/** @throws a sentence when the argument is no day of the customer's range */
function whyOn(state: State, index: number, day: unknown, now: number): NonNullable<CustomerView['why']> {
  const customer = state.customers[index]!;
  const start = typeof day === 'string' ? parseDay(day) : undefined;
  if (start === undefined || !meet(dayFrom(start), rangeOf(customer))) {
    const range = `${formatDay(customer.start)} to ${formatDay(customer.end - 1)}`;
    throw new Error(`day: expected a UTC day of ${customer.id}'s range, ${range}, got ${show(day)}`);
  }
  return { day: formatDay(start), reason: whyNotRunning(state, index, dayFrom(start), now) };
}

/** How soon a window may be left out of an answer, the smallest last of all. */
const RANKS: Record<WindowView['state'], number> = {
  running: 0,
  failed: 1,
  held: 1,
  backingOff: 2,
  checking: 3,
  completed: 4,
  unsuccessful: 4,
};

/** @param place in the answer, from 0 to 1. Ended windows have the latest first, all others have it last */
const rankOf = ({ state }: WindowView, place: number): number =>
  state === 'completed' || state === 'unsuccessful' ? RANKS[state] + place : RANKS[state] - place;

function windowsOf(state: State, customer: Customer, index: number, now: number): WindowView[] {
  const { windows, record } = customer;
  const named = (hours: Interval) => ({
    workflowId: workflowIdOf(state, customer, hours),
    start: formatInstant(hours[0]),
    end: formatInstant(hours[1]),
  });
  return [
    ...windows.running.map(
      ({ hours, attempt, adopted, cancelRequested, startedAt }): WindowView => ({
        ...named(hours),
        state: 'running',
        attempt,
        ...(adopted && { adopted }),
        ...(cancelRequested && { cancelRequested }),
        startedAt: formatTime(startedAt),
        durationMs: now - startedAt,
      }),
    ),
    ...windows.checking.map(
      ({ window, attempt, startedAt, endedAt }): WindowView => ({
        ...named(window),
        state: 'checking',
        attempt,
        startedAt: formatTime(startedAt),
        durationMs: endedAt - startedAt,
      }),
    ),
    ...windows.retries.map(
      ({ hours, attempts, at, class: kind, message }): WindowView => ({
        ...named(hours),
        state: 'backingOff',
        attempt: attempts,
        dueAt: formatTime(at),
        class: kind,
        error: message,
      }),
    ),
    ...record.problems.flatMap(({ hours, class: kind, message, attempts }) =>
      hours.map(
        (part): WindowView => ({
          ...named(part),
          state: kind === 'stopped' ? 'held' : 'failed',
          attempt: attempts,
          class: kind,
          error: message,
        }),
      ),
    ),
    ...state.record.recent
      .filter((window) => window.customer === index)
      .reverse()
      .map(
        ({ hours, attempt, startedAt, endedAt, outcome, message = '' }): WindowView => ({
          ...named(hours),
          state: outcome === 'completed' ? 'completed' : 'unsuccessful',
          attempt,
          startedAt: formatTime(startedAt),
          durationMs: endedAt - startedAt,
          ...(outcome !== 'completed' && { class: outcome, error: message }),
        }),
      ),
  ];
}
