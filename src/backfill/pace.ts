/**
 * The cluster's limit: how many windows may be in flight. Additive increase, multiplicative decrease.
 *
 * A small pure value; every move carries a reason that a person can read. The signals, each before all that follow:
 *
 * 1. The database is `critical`: start nothing. The limit is cut once as the level is entered, so that what starts
 *    when it has calmed down is less than what made it critical.
 * 2. A window failed for contention or overload: halve. Only if it started after the last cut: all failures of windows
 *    that were in flight together are one event, and one event is one cut. Without this a single incident with thirty
 *    windows in flight would end at a limit of 1.
 * 3. The database is `high`: one less, at most once in `DOWN_EVERY`, until it is not. Gentle, because a high level is where
 *    a full database works best; halving there would swing between half idle and high.
 * 4. The probe is `unknown`: no growth. Silence is not permission.
 * 5. Windows take much longer for the same work than they did at their best: no growth; more windows would only wait
 *    for each other.
 * 6. A window succeeded while the limit was in full use: grow. By one for each such window until the first cut (slow
 *    start: the limit doubles in each round), then by one for each full round; not within `UP_AFTER_DOWN` of a move down.
 */
export interface Pace {
  limit: number;
  /** No cut so far. */
  slowStart: boolean;
  /** Windows that succeeded at a full limit since it last moved. */
  credit: number;
  /** When the limit last went down, by a cut or a step; ms since 1970. */
  downAt?: number;
  /** When it was last cut: windows started before are part of an event that was answered. */
  cutAt?: number;
  /** How long windows take for their work, compared with the best: 1 is as fast as ever. A moving mean. */
  slowness: number;
  reason: string;
}

export interface PaceBounds {
  min: number;
  max: number;
}

/** What the probe says of the database. `off`: there is no probe. */
export type Health = 'off' | 'ok' | 'high' | 'critical' | 'unknown';

export const DOWN_EVERY = 10_000;
export const UP_AFTER_DOWN = 30_000;
/** Above this slowness the limit does not grow. */
export const TOO_SLOW = 1.6;
const SLOWNESS_WEIGHT = 0.2;

export function initialPace({ min, max }: PaceBounds): Pace {
  const limit = Math.min(min, max);
  return { limit, slowStart: true, credit: 0, slowness: 1, reason: `slow start from ${limit}` };
}

/** A window that started at `startedAt` failed for contention or overload. */
export function afterCongestion(
  pace: Pace,
  { startedAt, at, why }: { startedAt: number; at: number; why: string },
): Pace {
  if (pace.cutAt !== undefined && startedAt <= pace.cutAt) return pace;
  return cut(pace, at, why);
}

/** The probe's level changed. */
export function afterHealth(pace: Pace, health: Health, at: number, why: string): Pace {
  if (health === 'critical') return cut(pace, at, why);
  return health === 'high' ? steppedDown(pace, at, why) : pace;
}

/** A window succeeded. `ratio`: its time for its work, compared with its customer's best. */
export function afterSuccess(
  pace: Pace,
  { max }: PaceBounds,
  window: { at: number; ratio: number; full: boolean; health: Health },
): Pace {
  const slowness = pace.slowness + SLOWNESS_WEIGHT * (window.ratio - pace.slowness);
  const measured = { ...pace, slowness };
  const { at, health } = window;
  if (health === 'critical') return measured;
  if (health === 'high') return steppedDown(measured, at, 'the database is still high');
  if (health === 'unknown' || slowness > TOO_SLOW || !window.full || pace.limit >= max) return measured;
  if (pace.downAt !== undefined && at - pace.downAt < UP_AFTER_DOWN) return measured;
  const credit = pace.credit + 1;
  if (!pace.slowStart && credit < pace.limit) return { ...measured, credit };
  const limit = pace.limit + 1;
  return {
    ...measured,
    limit,
    credit: 0,
    reason: `${pace.limit} → ${limit}: ${credit} windows went well at the full limit`,
  };
}

function cut(pace: Pace, at: number, why: string): Pace {
  const limit = Math.max(1, Math.floor(pace.limit / 2));
  return {
    ...pace,
    limit,
    slowStart: false,
    credit: 0,
    downAt: at,
    cutAt: at,
    reason: `${pace.limit} → ${limit}: ${why}`,
  };
}

function steppedDown(pace: Pace, at: number, why: string): Pace {
  if (pace.limit === 1 || (pace.downAt !== undefined && at - pace.downAt < DOWN_EVERY)) return pace;
  const limit = pace.limit - 1;
  return { ...pace, limit, slowStart: false, credit: 0, downAt: at, reason: `${pace.limit} → ${limit}: ${why}` };
}
