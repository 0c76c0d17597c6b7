import { formatDay, formatInstant, formatTime } from '../hours/calendar.js';
import { formatWindowSize } from '../hours/window.js';
import { show } from '../request/issue.js';
import { writersOf } from '../schedule/limit.js';
import { type Customer, idOf, type State } from '../state/state.js';
import { itemsThatFit } from './answer-size.js';
import { type DayCounts, dayCounts, dayLetters } from './day-letters.js';

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
  perCustomer: number;
  /** Windows that completed, windows that ended otherwise, and the time both took. */
  counts: { completed: number; unsuccessful: number; busyMs: number };
  /**
   * In flight, then completed and waiting for their check, then waiting for their back-off, then failed or held, then
   * ended (the latest that the run remembers).
   */
  windows: WindowView[];
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

export function customerView(state: State, index: number, now: number): CustomerView {
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
      size: formatWindowSize(customer.sizing.size),
      why: customer.sizing.why,
    },
    perCustomer: writersOf(state, customer),
    counts: { completed: customer.completed, unsuccessful: customer.unsuccessful, busyMs: customer.busy },
  };
  const windows = windowsOf(state, customer, index, now);
  const { kept, leftOut } = itemsThatFit(rest, windows, (window, at) => rankOf(window, at / windows.length));
  return { ...rest, windows: kept, ...(leftOut > 0 ? { windowsLeftOut: leftOut } : {}) };
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
  const named = (window: { from: number; to: number }) => ({
    workflowId: idOf(state, customer, window),
    start: formatInstant(window.from),
    end: formatInstant(window.to),
  });
  return [
    ...customer.running.map(
      (window): WindowView => ({
        ...named(window),
        state: 'running',
        attempt: window.attempt,
        ...(window.adopted ? { adopted: true } : {}),
        ...(window.cancelRequested ? { cancelRequested: true } : {}),
        startedAt: formatTime(window.startedAt),
        durationMs: now - window.startedAt,
      }),
    ),
    ...customer.checking.map(
      (check): WindowView => ({
        ...named(check),
        ...{ state: 'checking', attempt: check.attempt },
        ...{ startedAt: formatTime(check.startedAt), durationMs: check.endedAt - check.startedAt },
      }),
    ),
    ...customer.retries.map(
      (retry): WindowView => ({
        ...named(retry),
        ...{ state: 'backingOff', attempt: retry.attempts, dueAt: formatTime(retry.at) },
        ...{ class: retry.class, error: retry.message },
      }),
    ),
    ...customer.problems.flatMap((problem) =>
      problem.hours.map(
        ([from, to]): WindowView => ({
          ...named({ from, to }),
          state: problem.class === 'stopped' ? 'held' : 'failed',
          attempt: problem.attempts,
          class: problem.class,
          error: problem.message,
        }),
      ),
    ),
    ...state.recent
      .filter((window) => window.customer === index)
      .reverse()
      .map(
        (window): WindowView => ({
          ...named(window),
          state: window.outcome === 'completed' ? 'completed' : 'unsuccessful',
          attempt: window.attempt,
          ...{ startedAt: formatTime(window.startedAt), durationMs: window.endedAt - window.startedAt },
          ...(window.outcome === 'completed' ? {} : { class: window.outcome, error: window.message ?? '' }),
        }),
      ),
  ];
}
