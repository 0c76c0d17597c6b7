import type { State } from '../state/state.js';
import { tallyOf, workLeft } from '../state/tally.js';
import { writersOf } from './limit.js';

/** How much of the work is done, 0 to 1. */
export function shareDone(state: State): number {
  const { all, left } = tallyOf(state);
  return all === 0 ? 1 : 1 - left / all;
}

/**
 * How much of the work is done (0 to 1), and when the run should end (ms since 1970; undefined before the first window
 * has completed).
 *
 * The end is the larger of all work left shared by the slots in use, and the longest customer's chain, at the mean time
 * that a unit of work took in the latest windows, failures and retries included.
 */
export function estimate(state: State, now: number): { share: number; eta?: number } {
  let work = 0;
  let busy = 0;
  for (const { customer, hours, startedAt, endedAt, outcome } of state.record.recent) {
    if (outcome === 'completed') work += (hours[1] - hours[0]) * state.customers[customer]!.pacing.density;
    busy += endedAt - startedAt;
  }
  const share = shareDone(state);
  if (work === 0) return { share };
  const { open, left } = tallyOf(state);
  let longest = 0;
  let lanes = 0;
  for (const index of open) {
    const customer = state.customers[index]!;
    const limit = writersOf(state, customer);
    lanes += limit;
    longest = Math.max(longest, workLeft(customer) / limit);
  }
  const { adaptive, max } = state.parallelism;
  const slots = Math.max(1, Math.min(adaptive ? state.pacing.pace.limit : max, lanes));
  const eta = afterOpenTime(state, now, Math.max(left / slots, longest) * (busy / work), slots);
  return eta === undefined ? { share } : { share, eta };
}

const WEEK = 7 * 86_400_000;

/**
 * When so much working time (ms, with so many slots) has passed, from what is known of the working hours; beyond that,
 * weeks are taken to be like the last one known. Undefined if the run never works.
 */
function afterOpenTime({ options, pacing }: State, now: number, needed: number, slots: number): number | undefined {
  if (!options.hours) return now + needed;
  const { openHours: hours = [] } = pacing;
  const speed = (max: number) => Math.min(1, max / slots);
  const horizon = hours.at(-1)?.at ?? now;
  let left = needed;
  let lastWeek = 0;
  for (const [i, { at, max }] of hours.entries()) {
    const until = hours[i + 1]?.at ?? at;
    lastWeek += Math.max(0, until - Math.max(at, horizon - WEEK)) * speed(max);
    const from = Math.max(at, now);
    const open = Math.max(0, until - from) * speed(max);
    if (open > 0 && left <= open) return from + left / speed(max);
    left -= open;
  }
  const share = lastWeek / Math.min(WEEK, horizon - (hours[0]?.at ?? now));
  return share > 0 ? Math.max(now, horizon) + left / share : undefined;
}

/** What a window usually takes, in ms: the median of the latest ones, completed or not; undefined before the first has ended. */
export function usualDuration({ record: { recent } }: State): number | undefined {
  const durations = recent.map(({ startedAt, endedAt }) => endedAt - startedAt).sort((a, b) => a - b);
  return durations[Math.floor(durations.length / 2)];
}
