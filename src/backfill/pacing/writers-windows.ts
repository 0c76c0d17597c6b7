import { nextTrial, STREAK, type Writers } from './writers.js';

/**
 * How long the windows of a customer with several writers are.
 *
 * A trial's windows are short, so that a deadlock undoes little, and after that a window is never longer than a share
 * (`EXPOSURE`) of the time that the writers have worked together without contention: what contention undoes is
 * a small share of what was done, whatever the customer.
 */

/** How long a window takes while a number of writers is on trial, in ms. Long enough that its start costs little. */
export const TRIAL_WINDOW = 30_000;
/** No window is made shorter than this to lose less: its start would cost more than that. */
const SHORTEST_WINDOW = 10_000;
/** While the chain that is left is short, a window is this share of it: finding out must not take as long as the work. */
const TRIAL_SHARE = 1 / 24;
/** No window is longer than this share of the time that its customer's writers have worked together without contention. */
const EXPOSURE = 1 / 20;

/**
 * The longest that a window of the customer should take now, in ms; undefined where nothing speaks against any length. `asked`: another
 * writer is asked for, or will be soon; none can join a window that would lose much.
 */
export function longestWindow(
  writers: Writers,
  { now, asked, chain, max }: { now: number; asked: boolean; chain: number; max: number },
): number | undefined {
  const { count, trial, clean, lost } = writers;
  const exposed = lost > 0 ? Math.max(SHORTEST_WINDOW, clean * EXPOSURE) : TRIAL_WINDOW;
  const short = Math.min(TRIAL_WINDOW, exposed, chain * TRIAL_SHARE);
  if (trial) return short;
  const safe = count > 1 ? Math.max(short, clean * EXPOSURE) : undefined;
  if (!asked || count >= max) return safe;
  const next = writers.windows < STREAK * count ? now : (nextTrial(writers, { max, free: max })?.at ?? now);
  return Math.min(safe ?? Number.POSITIVE_INFINITY, Math.max(short, next - now));
}

/**
 * The most hours that the next window of a chain may have, so that all its writers end together: a quarter of an even share
 * of what waits, and not less than `least`.
 */
export function tailHours({ waiting, writers, least }: { waiting: number; writers: number; least: number }): number {
  if (writers <= 1) return Math.max(least, waiting);
  return Math.max(least, Math.ceil(waiting / (4 * writers)));
}
