import { formatTime } from '../hours/calendar.js';
import { growthOf } from '../pacing/pace.js';
import { type Customer, isAuto, perCustomerLimit, type State } from '../state/state.js';

/** From `at` (ms since 1970) on, at most `max` windows may be in flight; 0 while the run may not work. */
export interface HoursStep {
  at: number;
  max: number;
}

/**
 * How many windows may be in flight now, and why. The strongest reason to hold back decides:
 *
 * 1. The database is critical: none.
 * 2. Outside the working hours: none; in hours with a limit of their own: that.
 * 3. The adaptive limit.
 * 4. The run's most.
 *
 * `until`: when the hours change next, if they hold the run back. `growsAt`: from when one more window than the limit may
 * start, if it is the adaptive limit that decides and it may grow.
 */
export function limitNow(state: State, now: number): { limit: number; why: string; until?: number; growsAt?: number } {
  if (state.health.level === 'critical') return { limit: 0, why: `the database is critical: ${state.health.reason}` };
  const own = ownLimit(state);
  const hours = hoursNow(state, now);
  if (!hours || hours.max > own.limit) return own;
  const until = hours.until === undefined ? {} : { until: hours.until };
  if (hours.max === own.limit) return { limit: own.limit, why: own.why, ...until };
  if (hours.max > 0) return { limit: hours.max, why: 'the limit of these working hours', ...until };
  const reopening = hours.until === undefined ? '' : ` until ${formatTime(hours.until)}`;
  return { limit: 0, why: `outside the working hours${reopening}`, ...until };
}

/** The adaptive limit, or the run's most. */
function ownLimit({ pace, parallelism, health }: State): { limit: number; why: string; growsAt?: number } {
  const { max, adaptive } = parallelism;
  if (!adaptive || pace.limit > max) return { limit: max, why: "the run's most" };
  const growth = growthOf(pace, parallelism, health);
  return { limit: pace.limit, why: pace.reason, ...(growth ? { growsAt: growth.at } : {}) };
}

function hoursNow(state: State, now: number): { max: number; until?: number } | undefined {
  if (!state.options.hours) return undefined;
  const steps = state.hours ?? [];
  const next = steps.find((step) => step.at > now);
  const current = steps.findLast((step) => step.at <= now);
  // Before the hours are known, and after all that is known of them, the run may not work.
  return { max: current?.max ?? 0, ...(next ? { until: next.at } : {}) };
}

/** The most windows of one customer in flight at once: fewer after contention, until its windows succeed again. */
export function writersOf(state: State, customer: Customer): number {
  if (isAuto(state, customer)) return Math.min(customer.auto?.count ?? 1, state.parallelism.max);
  return Math.min(customer.writers ?? Number.POSITIVE_INFINITY, perCustomerLimit(state, customer));
}
