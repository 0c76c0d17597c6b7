import { HOURS_PER_DAY, startOfDay } from '../hours/calendar.js';
import { difference, type Hour, hoursIn, type Interval, none, overlaps, union } from '../hours/interval.js';
import { gridEnd, type WindowSize } from '../hours/window.js';
import { hoursOf, sizeOf } from '../pacing/sizing.js';
import { initialWriters } from '../pacing/writers.js';
import { longestWindow, tailHours } from '../pacing/writers-windows.js';
import type { Customer } from '../state/customer.js';
import type { State } from '../state/state.js';

export interface WindowToStart {
  hours: Interval;
  attempt: number;
}

/**
 * The customer's next window: the earliest waiting hours, up to the end of their cell in the grid of its window size, or of
 * a size of at most `most` hours. Hours that failed before go again as the window they were, and not before they are due: then
 * the time (ms) when the first of them is. Undefined when nothing waits.
 */
export function nextWindow(customer: Customer, now: number, most?: number): WindowToStart | number | undefined {
  const { size } = customer.pacing.sizing;
  const cut = sizeWithin(size, most);
  const { retries } = customer.windows;
  let due: number | undefined;
  for (const [start, end] of customer.hours.waiting) {
    let from = start;
    while (from < end) {
      const retry = retries.find((entry) => entry.hours[0] === from);
      if (!retry) {
        const later = retries.map(({ hours }): Hour => hours[0]).filter((start) => start > from);
        // The cut window stays in its cell of the larger grid, so that the next one can be whole.
        const cells = [gridEnd(size, customer.start, from), gridEnd(cut, customer.start, from)];
        return { hours: [from, Math.min(end, ...cells, ...later)], attempt: 1 };
      }
      if (retry.at <= now) return { hours: retry.hours, attempt: retry.attempts + 1 };
      due = Math.min(due ?? retry.at, retry.at);
      from = retry.hours[1];
    }
  }
  return due;
}

/**
 * The customer's next window beside those that run: once they have met contention, one that shares no UTC day with them, as long as there
 * is one. What is kept for each day (counts, partitions, aggregates) is where two windows of a customer meet.
 */
export function nextBeside(customer: Customer, now: number, most?: number): WindowToStart | number | undefined {
  const { running, retries } = customer.windows;
  const { lost } = customer.pacing.foundWriters ?? initialWriters;
  if (running.length === 0 || lost === 0) return nextWindow(customer, now, most);
  const days = running.reduce((set, { hours }) => union(set, [wholeDays(hours)]), none);
  // A window that failed goes again whole, or waits whole.
  const taken = retries.reduce((set, { hours }) => (overlaps(days, hours) ? union(set, [hours]) : set), days);
  const apart = { ...customer, hours: { ...customer.hours, waiting: difference(customer.hours.waiting, taken) } };
  return nextWindow(apart, now, most) ?? nextWindow(customer, now, most);
}

const wholeDays = ([from, to]: Interval): Interval => [startOfDay(from), startOfDay(to + HOURS_PER_DAY - 1)];

/** Sizes (in hours) that a window is cut to: their grids fit into each other. */
const STEPS = [1, 2, 3, 6, 12, 24, 48, 96, 192, 384];

function sizeWithin(size: WindowSize, most: number | undefined): WindowSize {
  if (most === undefined || most >= hoursOf(size)) return size;
  return sizeOf(STEPS.findLast((step) => step <= most) ?? 1);
}

export interface Chain {
  now: number;
  /** Work left for each of the customer's writers, and for each of the run's slots if all is shared evenly. */
  chain: number;
  even: number;
  /** Another writer is of use. */
  asked: boolean;
}

/** No window is cut to less than this (ms): its start would be a large part of it, and a trial would measure starts. */
const SHORTEST_CUT = 5_000;
/** The share of its size that a customer's first window has while it is not known how long one takes. */
const FIRST_SHARE = 1 / 24;

/**
 * The most hours of the next window of a customer whose writers are found out. Its windows are short where a deadlock must not
 * undo much, and near the end of its chain, so that all writers end together. Undefined for windows of a fixed size.
 */
export function longestHours(state: State, customer: Customer, { now, chain, even, asked }: Chain): number | undefined {
  const policy = customer.window ?? state.options.window;
  if (policy.kind === 'fixed') return undefined;
  const { density, best, sizing, foundWriters: writers = initialWriters } = customer.pacing;
  const least = hoursOf(policy.min);
  const tail = tailHours({ waiting: hoursIn(customer.hours.waiting), writers: writers.count, least });
  const share = even / 2 / density;
  let most = asked ? hoursOf(sizing.size) * FIRST_SHARE : Number.POSITIVE_INFINITY;
  if (best !== undefined) {
    const { max } = state.parallelism;
    const ms = longestWindow(writers, { now, asked, chain: chain * best, max }) ?? Number.POSITIVE_INFINITY;
    most = ms / (best * density);
  }
  const cut = Math.max(least, Math.min(most, tail, share));
  // Most windows are not cut, and need no look at all the latest ones.
  if (cut >= hoursOf(sizing.size)) return cut;
  const unit = best ?? quickestLately(state);
  return unit === undefined ? cut : Math.max(cut, SHORTEST_CUT / (unit * density));
}

/** The shortest time (ms) that a unit of work took in the run's latest windows; undefined while none of them completed. */
function quickestLately({ record: { recent }, customers }: State): number | undefined {
  const times = recent
    .filter(({ outcome }) => outcome === 'completed')
    .map(({ customer, hours, startedAt, endedAt }) => {
      return (endedAt - startedAt) / (hoursIn([hours]) * customers[customer]!.pacing.density);
    });
  return times.length === 0 ? undefined : Math.min(...times);
}
