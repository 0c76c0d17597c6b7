import { formatTime } from '../hours/calendar.js';
import { growthOf } from '../pacing/pace.js';
import { initialWriters, nextTrial, reasonOf } from '../pacing/writers.js';
import type { Customer } from '../state/customer.js';
import { countInFlight, perCustomerOf } from '../state/in-flight.js';
import type { State } from '../state/state.js';

/** How many windows may be in flight now, and why. */
export interface LimitNow {
  limit: number;
  why: string;
  /** When the hours change next, if they hold the run back. */
  until?: number;
  /** From when one more window than the limit may start, if it is the adaptive limit that decides and it may grow. */
  growsAt?: number;
}

/**
 * The limit now. The strongest reason to hold back decides:
 *
 * 1. The database is critical, or out of sight where that is to stop the run: none.
 * 2. Outside the working hours: none; in hours with a limit of their own: that.
 * 3. The adaptive limit.
 * 4. The run's most.
 */
export function limitNow(state: State, now: number): LimitNow {
  const stopped = whyStopped(state);
  if (stopped !== undefined) return { limit: 0, why: stopped };
  const own = ownLimit(state);
  const hours = hoursNow(state, now);
  if (!hours || hours.max > own.limit) return own;
  const until = hours.until === undefined ? {} : { until: hours.until };
  if (hours.max === own.limit) return { limit: own.limit, why: own.why, ...until };
  if (hours.max > 0) return { limit: hours.max, why: 'the limit of these working hours', ...until };
  const reopening = hours.until === undefined ? '' : ` until ${formatTime(hours.until)}`;
  return { limit: 0, why: `outside the working hours${reopening}`, ...until };
}

/** Why nothing may start for the database's sake; undefined while it may. */
export function whyStopped({ options, pacing: { health } }: State): string | undefined {
  const { level, reason } = health;
  if (level === 'critical') return `the database is critical: ${reason}`;
  if (level !== 'unknown' || options.probe?.whenUnknown !== 'stop') return undefined;
  return `the database is out of sight, and whenUnknown is "stop": ${reason}`;
}

/** The adaptive limit, or the run's most. */
function ownLimit({ pacing: { pace, health }, parallelism }: State): LimitNow {
  const { max, adaptive } = parallelism;
  if (!adaptive || pace.limit > max) return { limit: max, why: "the run's most" };
  const growth = growthOf(pace, parallelism, health);
  return { limit: pace.limit, why: pace.reason, ...(growth && { growsAt: growth.at }) };
}

function hoursNow({ options, pacing }: State, now: number): { max: number; until?: number } | undefined {
  if (!options.hours) return undefined;
  const { openHours = [] } = pacing;
  const next = openHours.find((step) => step.at > now);
  const current = openHours.findLast((step) => step.at <= now);
  // Before the hours are known, and after all that is known of them, the run may not work.
  return { max: current?.max ?? 0, ...(next && { until: next.at }) };
}

/**
 * The most windows of one customer in flight at once: what the run has found out; or the number asked for, and fewer after
 * contention, until its windows succeed again.
 */
export function writersOf(state: State, customer: Customer): number {
  const asked = perCustomerOf(state, customer);
  const { writers = Number.POSITIVE_INFINITY, foundWriters = initialWriters } = customer.pacing;
  return asked === 'auto' ? Math.min(foundWriters.count, state.parallelism.max) : Math.min(writers, asked);
}

/** Why the run lets the customer have as many writers as {@link writersOf} says, where it finds that out. */
export function whyWriters({ parallelism }: State, { pacing: { foundWriters = initialWriters } }: Customer): string {
  return foundWriters.count > parallelism.max ? "the run's most" : reasonOf(foundWriters);
}

/** The next trial of more writers for a customer, at such a limit of the run; see `nextTrial`. */
export function nextTrialOf(
  state: State,
  { pacing }: Customer,
  limit: number,
): { count: number; at: number } | undefined {
  return nextTrial(pacing.foundWriters ?? initialWriters, {
    max: state.parallelism.max,
    free: limit - countInFlight(state),
  });
}
