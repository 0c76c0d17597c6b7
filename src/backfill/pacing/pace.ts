import { afterStart as tried, afterSuccess as succeeded, initialWriters, nextTrial, type Writers } from './writers.js';

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
  /** Windows that were too slow since it last moved. */
  pull: number;
  /** When the limit last moved; ms since 1970. */
  movedAt?: number;
  /** Since when every slot is taken: the probe has seen no more than that. */
  fullAt?: number;
  /** When the limit last went down, by a cut or a step. */
  downAt?: number;
  /** When it was last cut: windows started before are part of an event that was answered. */
  cutAt?: number;
  /** The limit that was too much, the last time that one was. */
  brink?: number;
  /** How long windows take for their work, compared with the best: 1 is as fast as ever. A moving mean. */
  slowness: number;
  /** How the limit is found without a probe: as the writers of a customer are. */
  climb?: Writers;
  reason: string;
}

export interface PaceBounds {
  min: number;
  max: number;
}

/** What the probe says of the database, in a word. `off`: there is no probe. */
export type Health = 'off' | 'ok' | 'high' | 'critical' | 'unknown';

/** What the probe says of the database: the word, and its load as a share of what operators bear, where that is known. */
export interface Load {
  level: Health;
  /** 1 is `maxLoad`. */
  utilization?: number;
}

/** Twice the probe's usual interval, so that the database shows the effect of one step before the next. */
export const DOWN_EVERY = 10_000;
/** For the same reason. */
export const GROW_EVERY = 10_000;
/** A window ended and another one takes its slot: that is still a full limit. */
const STILL_FULL = 3 / 4;
/** Longer than a cancelled or rolled-back transaction weighs on a database. */
export const UP_AFTER_DOWN = 30_000;
/** Between trying the brink again too often, each time a moment at `high`, and missing that there is room again. */
export const BRINK_FOR = 5 * 60_000;
/** Above this slowness the limit does not grow. Windows alike differ by half among themselves. */
export const TOO_SLOW = 1.5;
/** Above this one it does not grow without a probe. */
export const GETTING_SLOW = 1.25;
/** Under this share of what operators bear the limit may double; under this one it grows by a quarter; from this one on it holds. */
export const FAR_UNDER = 0.5;
export const UNDER = 0.7;
export const CLEARLY_UNDER = 0.8;
export const NEAR = 0.9;
/** The last ten windows or so decide. */
const SLOWNESS_WEIGHT = 0.2;

export function initialPace({ min, max }: PaceBounds): Pace {
  const limit = Math.min(min, max);
  return { limit, slowStart: true, credit: 0, pull: 0, slowness: 1, reason: `slow start from ${limit}` };
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
export function afterHealth(pace: Pace, load: Load, at: number, why: string): Pace {
  if (load.level === 'critical') return cut(pace, at, why);
  return isOver(load) ? { ...steppedDown(pace, at, why), brink: pace.limit } : pace;
}

const isOver = ({ level, utilization = 1 }: Load): boolean => level === 'high' && utilization >= 1;

/** When the limit may grow by time alone, all slots taken, and to what; undefined while it may not. */
export function growthOf(pace: Pace, { max }: PaceBounds, load: Load): { at: number; limit: number } | undefined {
  const { level, utilization } = load;
  if (level === 'off') return climbing(pace, max);
  if (level === 'unknown') return recovering(pace, max);
  if (level !== 'ok' || pace.limit >= max) return undefined;
  if (utilization === undefined ? pace.slowness > TOO_SLOW : utilization >= NEAR) return undefined;
  const step = stepOf(pace, utilization);
  if (step === 0) return undefined;
  const atBrink = pace.brink !== undefined && pace.limit + step >= pace.brink;
  const sinceDown = pace.downAt === undefined ? 0 : pace.downAt + (atBrink ? BRINK_FOR : UP_AFTER_DOWN);
  const seen = Math.max(pace.movedAt ?? 0, pace.fullAt ?? 0) + GROW_EVERY;
  return { at: Math.max(seen, sinceDown), limit: Math.min(max, pace.limit + step) };
}

/** A window started, and so many are in flight now: one more than the limit when it was time to grow. */
export function afterStart(
  pace: Pace,
  bounds: PaceBounds,
  { at, inFlight, load }: { at: number; inFlight: number; load: Load },
): Pace {
  const growth = inFlight > pace.limit ? growthOf(pace, bounds, load) : undefined;
  if (growth && growth.at <= at && load.level === 'off') {
    const climb = tried(climbOf(pace), { at, inFlight, max: bounds.max, free: 0 });
    return { ...grown(pace, at, climb.count, climb.why.replace(/^.*?: /, '')), climb };
  }
  if (growth && growth.at <= at) {
    const { utilization } = load;
    const share = utilization === undefined ? 'ok' : `at ${Math.round(100 * utilization)}% of what it may bear`;
    return grown(pace, at, growth.limit, `the database is ${share} with every slot taken`);
  }
  if (inFlight >= pace.limit) return pace.fullAt === undefined ? { ...pace, fullAt: at } : pace;
  if (pace.fullAt === undefined || inFlight >= pace.limit * STILL_FULL) return pace;
  const { fullAt: _, ...rest } = pace;
  return rest;
}

/** A window succeeded. `ratio`: its time for its work, compared with its customer's best. `full`: every slot was taken. */
export function afterSuccess(
  pace: Pace,
  { max }: PaceBounds,
  window: { startedAt: number; at: number; work: number; ratio: number | undefined; full: boolean; load: Load },
): Pace {
  const { at, load, ratio, full } = window;
  // A mean of speeds and not of times: one window with ten times the usual work is no sign of a slow database.
  const slowness =
    ratio === undefined ? pace.slowness : 1 / ((1 - SLOWNESS_WEIGHT) / pace.slowness + SLOWNESS_WEIGHT / ratio);
  const measured = { ...pace, slowness };
  if (isOver(load)) return steppedDown(measured, at, 'the database is still high');
  if (load.level !== 'off') return measured;
  if (slowness > TOO_SLOW && pace.limit > 1) return pulledDown(measured, at);
  const climb = succeeded(climbOf(measured), { ...window, full });
  if (climb.count < pace.limit) return { ...lowered(measured, climb.count, at, climb.why.replace(/^.*?: /, '')), climb };
  return { ...measured, climb };
}

const climbOf = ({ climb, limit }: Pace): Writers => climb?.count === limit ? climb : { ...initialWriters, ...(climb?.brink && { brink: climb.brink }), count: limit };

/** Unseen, the limit comes back to under where it was, since that was seen to be well; never further. */
function recovering({ limit, brink, downAt = 0, movedAt = 0 }: Pace, max: number): { at: number; limit: number } | undefined {
  if (brink === undefined || limit + 1 >= brink || limit >= max) return undefined;
  return { at: Math.max(downAt + UP_AFTER_DOWN, movedAt + GROW_EVERY), limit: limit + 1 };
}

function climbing(pace: Pace, max: number): { at: number; limit: number } | undefined {
  const next = nextTrial(climbOf(pace), { max, free: 0 });
  if (!next) return undefined;
  const at = pace.downAt === undefined ? next.at : Math.max(next.at, pace.downAt + UP_AFTER_DOWN);
  return { at, limit: next.count };
}

/** How far the limit may grow at once, as long as that would not take the load over what may be. */
function stepOf({ slowStart, limit }: Pace, utilization: number | undefined): number {
  if (utilization === undefined) return slowStart ? Math.max(1, Math.floor(limit / 8)) : 1;
  const shares = slowStart ? { far: 1, under: 1 / 4 } : { far: 1 / 2, under: 0 };
  const share = utilization < FAR_UNDER ? shares.far : utilization < UNDER ? shares.under : 0;
  const step = Math.max(1, Math.floor(limit * share));
  // As if these windows were all of the load: where they are not, it grows by less.
  if (utilization * (limit + step) < limit) return step;
  return utilization < CLEARLY_UNDER ? 1 : 0;
}

/** Slowness as a force: each full round of windows takes off a fifth of what the limit is over what their speed speaks for. */
function pulledDown(pace: Pace, at: number): Pace {
  const pull = pace.pull + 1;
  if (pull < pace.limit) return { ...pace, pull };
  const gradient = Math.max(1 / 2, TOO_SLOW / pace.slowness);
  const limit = Math.max(1, Math.min(pace.limit - 1, Math.round(pace.limit * gradient)));
  if (limit >= pace.limit) return { ...pace, pull: 0 };
  const times = Math.round(10 * pace.slowness) / 10;
  // What comes next is measured at the new limit.
  return lowered({ ...pace, slowness: 1 }, limit, at, `windows take ${times} times as long for the same work as they did`);
}

function grown({ fullAt: _, ...pace }: Pace, at: number, limit: number, why: string): Pace {
  return { ...pace, limit, credit: 0, pull: 0, movedAt: at, reason: `${pace.limit} → ${limit}: ${why}` };
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
  return { ...pace, limit, slowStart: false, credit: 0, pull: 0, movedAt: at, downAt: at, reason };
}
