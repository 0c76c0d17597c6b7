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
 * 6. The limit was too much lately: it grows to just under where that was, and not further for `BRINK_FOR`.
 * 7. The database is `ok` and every slot is taken: grow once in `GROW_EVERY`. By an eighth, at least one, until the limit
 *    first went down (slow start), then by one. Time and not success is the measure here, because the probe has looked at the larger
 *    limit meanwhile, while a whale's first window may take minutes to succeed.
 * 8. There is no probe: a window that succeeded while every slot was taken is the only sign that more may be well. By one
 *    for each such window in slow start, which doubles the limit in each round, then by one for each full round.
 *
 * No move up comes within `UP_AFTER_DOWN` of a move down.
 */
export interface Pace {
  limit: number;
  /** The limit never went down so far. */
  slowStart: boolean;
  /** Windows that succeeded at a full limit since it last moved. */
  credit: number;
  /** When the limit last moved, or was first used; ms since 1970. */
  movedAt?: number;
  /** When the limit last went down, by a cut or a step. */
  downAt?: number;
  /** When it was last cut: windows started before are part of an event that was answered. */
  cutAt?: number;
  /** The limit that was too much, the last time that one was. */
  brink?: number;
  /** How long windows take for their work, compared with the best: 1 is as fast as ever. A moving mean. */
  slowness: number;
  /** The latest move with its reason, `8 → 4: 3 deadlocks in 60 s`; and the reason alone. */
  reason: string;
  why: string;
}

export interface PaceBounds {
  min: number;
  max: number;
}

/** What the probe says of the database. `off`: there is no probe. */
export type Health = 'off' | 'ok' | 'high' | 'critical' | 'unknown';

/** Twice the probe's usual interval, so that the database shows the effect of one step before the next. */
export const DOWN_EVERY = 10_000;
/** For the same reason. */
export const GROW_EVERY = 10_000;
/** Longer than a cancelled or rolled-back transaction weighs on a database. */
export const UP_AFTER_DOWN = 30_000;
/** Between trying the brink again too often, each time a moment at `high`, and missing that there is room again. */
export const BRINK_FOR = 5 * 60_000;
/** Above this slowness the limit does not grow. Windows alike differ by half among themselves. */
export const TOO_SLOW = 1.6;
/** The last ten windows or so decide. */
const SLOWNESS_WEIGHT = 0.2;

export function initialPace({ min, max }: PaceBounds): Pace {
  const limit = Math.min(min, max);
  return { limit, slowStart: true, credit: 0, slowness: 1, reason: `slow start from ${limit}`, why: 'slow start' };
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
  return health === 'high' ? { ...steppedDown(pace, at, why), brink: pace.limit } : pace;
}

/** When the limit may grow by time alone, all slots taken, and to what; undefined while it may not. */
export function growthOf(pace: Pace, { max }: PaceBounds, health: Health): { at: number; limit: number } | undefined {
  if (health !== 'ok' || pace.slowness > TOO_SLOW || pace.limit >= max) return undefined;
  const step = pace.slowStart ? Math.max(1, Math.floor(pace.limit / 8)) : 1;
  const atBrink = pace.brink !== undefined && pace.limit + step >= pace.brink;
  const sinceDown = pace.downAt === undefined ? 0 : pace.downAt + (atBrink ? BRINK_FOR : UP_AFTER_DOWN);
  return { at: Math.max((pace.movedAt ?? 0) + GROW_EVERY, sinceDown), limit: Math.min(max, pace.limit + step) };
}

/** A window started, and so many are in flight now: one more than the limit when it was time to grow. */
export function afterStart(
  pace: Pace,
  bounds: PaceBounds,
  { at, inFlight, health }: { at: number; inFlight: number; health: Health },
): Pace {
  const growth = inFlight > pace.limit ? growthOf(pace, bounds, health) : undefined;
  if (growth && growth.at <= at) return grown(pace, at, growth.limit, 'the database is ok with every slot taken');
  return pace.movedAt === undefined ? { ...pace, movedAt: at } : pace;
}

/** A window succeeded. `ratio`: its time for its work, compared with its customer's best. `full`: every slot was taken. */
export function afterSuccess(
  pace: Pace,
  { max }: PaceBounds,
  window: { at: number; ratio: number; full: boolean; health: Health },
): Pace {
  const slowness = pace.slowness + SLOWNESS_WEIGHT * (window.ratio - pace.slowness);
  const measured = { ...pace, slowness };
  const { at, health } = window;
  if (health === 'high') return steppedDown(measured, at, 'the database is still high');
  if (health !== 'off' || slowness > TOO_SLOW || !window.full || pace.limit >= max) return measured;
  if (pace.downAt !== undefined && at - pace.downAt < UP_AFTER_DOWN) return measured;
  const credit = pace.credit + 1;
  if (!pace.slowStart && credit < pace.limit) return { ...measured, credit };
  const windows = `${credit} ${credit === 1 ? 'window' : 'windows'} went well with every slot taken`;
  return grown(measured, at, pace.limit + 1, windows);
}

function grown(pace: Pace, at: number, limit: number, why: string): Pace {
  return { ...pace, limit, credit: 0, movedAt: at, reason: `${pace.limit} → ${limit}: ${why}`, why };
}

const cut = (pace: Pace, at: number, why: string): Pace => ({
  ...lowered(pace, Math.max(1, Math.floor(pace.limit / 2)), at, why),
  cutAt: at,
  brink: pace.limit,
});

function steppedDown(pace: Pace, at: number, why: string): Pace {
  if (pace.limit === 1 || (pace.downAt !== undefined && at - pace.downAt < DOWN_EVERY)) return pace;
  return lowered(pace, pace.limit - 1, at, why);
}

function lowered(pace: Pace, limit: number, at: number, why: string): Pace {
  const reason = `${pace.limit} → ${limit}: ${why}`;
  return { ...pace, limit, slowStart: false, credit: 0, movedAt: at, downAt: at, reason, why };
}
