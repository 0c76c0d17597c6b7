import { knownOf } from '../utilization.js';
import { initialWriters, nextTrial, afterSuccess as succeeded, afterStart as tried, type Writers } from './writers.js';

/**
 * The cluster's limit: how many windows may be in flight. Additive increase, multiplicative decrease.
 *
 * A small pure value; every move carries a reason that a person can read. The signals, each before all that follow:
 *
 * 1. The database is `critical`: start nothing. The limit is cut once as the level is entered, so that what starts
 *    when it has calmed down is less than what made it critical.
 * 2. A window failed for overload, or for contention that no other rule answers: halve. Only if it started after the last cut: all
 *    failures of windows that were in flight together are one event, and one event is one cut. Without this a single incident
 *    with thirty windows in flight would end at a limit of 1. So do people who stop several windows: they protect the database, and
 *    what follows their pause is less than what made them do it.
 * 3. The database is over what operators bear (utilization 1 or more): one less, at most once in `DOWN_EVERY`, until it is not.
 *    Gentle, because that is where a full database works best; halving there would swing between half idle and high. Not at once
 *    where more writers of customers were on trial: these are taken back first, that of the longest chain after the others.
 * 4. The probe is `unknown`: no growth, but back to just under where the limit was before it was last too much. Silence is not permission.
 * 5. Without a probe, windows that take much longer for the same work than they did at their best pull the limit down, each full
 *    round by as much as they are too slow. With a probe that gives no utilization, they only stop growth.
 * 6. The limit was too much lately: it grows to just under where that was, and not further for a while. That is short at first, since what made
 *    the database high may have been somebody else's, and doubles up to `BRINK_FOR` each time it becomes high again soon. What an outage
 *    cut it to says nothing: the breaker's closing forgets it.
 * 7. The database is under `NEAR` of what operators bear and every slot is taken: grow once in `GROW_EVERY`. Far under it by all of the
 *    limit (slow start) or half of it, closer by a quarter, then by one; never by so much that the load would be too high if
 *    windows were all of it. From `NEAR` on it holds. Time and not success is the measure here, because the probe has looked at the larger
 *    limit meanwhile, while a whale's first window may take minutes to succeed.
 * 8. There is no probe: the limit is found as a customer's writers are, by trials that must bring throughput (see `writers.ts`).
 * 9. There is no probe, and windows take less than `BRIEF`: their times say more of what it costs to start one. One that succeeded while
 *    every slot was taken is the only sign that more may be well. By one for each such window in slow start, which doubles the
 *    limit in each round, then by one for each full round.
 *
 * No move up comes within `UP_AFTER_DOWN` of a move down.
 */
export interface Pace {
  limit: number;
  /** The limit never went down so far. */
  slowStart: boolean;
  /** Windows that were too slow since it last moved. */
  pull?: number;
  /** Brief windows that succeeded with every slot taken since it last moved. */
  credit?: number;
  /** When the limit last moved; ms since 1970. */
  movedAt?: number;
  /** Since when every slot is taken: the probe has seen no more than that. And when they were last seen so. */
  fullAt?: number;
  fullUntil?: number;
  /** When the limit last went down, by a cut or a step. */
  downAt?: number;
  /** When it was last cut: windows started before are part of an event that was answered. */
  cutAt?: number;
  /** The limit that was too much, the last time that one was; and how long (ms) after the limit last went down it is not tried again. */
  brink?: number;
  brinkWait?: number;
  /** How long windows take for their work, compared with the best: 1 is as fast as ever. A moving mean. */
  slowness: number;
  /** How the limit is found without a probe: as the writers of a customer are. */
  climb?: Writers;
  /** The latest move with its reason, `8 → 4: 3 deadlocks in 60 s`; and the reason alone. */
  reason: string;
  why: string;
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
  /** 1 is `maxLoad`, all that operators bear; left out where it is not known. */
  utilization?: number;
  /** All that is over its threshold is a count of so long (ms): what is done about it shows no sooner. */
  lag?: number;
}

/** Twice the probe's usual interval, so that the database shows the effect of one step before the next; longer where it shows later. */
const DOWN_EVERY = 10_000;
/** For the same reason. */
const GROW_EVERY = 10_000;
/** A window ended and another one takes its slot, or brief ones did and their slots are taken again so soon (ms): that is still a full limit. */
const STILL_FULL = 3 / 4;
const FULL_AGAIN_IN = 1_000;
/** Longer than a cancelled or rolled-back transaction weighs on a database. */
const UP_AFTER_DOWN = 30_000;
/** Between trying the brink again too often, each time a moment at `high`, and missing that there is room again. */
const BRINK_FOR = 5 * 60_000;
/** Above this slowness the limit does not grow. Windows alike differ by half among themselves. */
export const TOO_SLOW = 1.5;
/** A window that takes less (ms) is brief. */
const BRIEF = 5_000;
/** Under this share of what operators bear the limit may double; under this one it grows by a quarter; from `NEAR` on it holds. */
const FAR_UNDER = 0.5;
const UNDER = 0.7;
const CLEARLY_UNDER = 0.8;
export const NEAR = 0.9;
/** The share of what independent windows would add that a larger limit must bring without a probe: more than a customer's writers, since all the database pays for it. */
const WORTH = 1 / 3;
/** The last ten windows or so decide. */
const SLOWNESS_WEIGHT = 0.2;

export function initialPace({ min, max }: PaceBounds): Pace {
  const limit = Math.min(min, max);
  return { limit, slowStart: true, slowness: 1, reason: `slow start from ${limit}`, why: 'slow start' };
}

/** A window that started at `startedAt` failed for contention or overload, or is one of several that people stopped. */
export function afterCongestion(
  pace: Pace,
  { startedAt, at, why }: { startedAt: number; at: number; why: string },
): Pace {
  if (pace.cutAt !== undefined && startedAt <= pace.cutAt) return pace;
  return cut(pace, at, why);
}

/** Trials of more writers were taken back for a high database: the limit waits until that can show. */
export const afterTrialsEnded = (pace: Pace, at: number): Pace => ({ ...pace, downAt: at });

/** The breaker closes: what failed in an outage says nothing of how many windows are too many. */
export const afterOutage = ({ brink: _, brinkWait: __, ...pace }: Pace): Pace => pace;

/** An operator lets the run have at most so many windows in flight, which is no sign that more are too many. */
export const afterMaxSet = (pace: Pace, max: number): Pace =>
  pace.limit > max ? limitedTo(pace, max, 'setParallelism') : pace;

/** The probe sees another load. */
export function afterHealth(
  pace: Pace,
  load: Load,
  { from, at, why }: { from: Health; at: number; why: string },
): Pace {
  if (load.level === 'critical') return from === 'critical' ? pace : cut(pace, at, why);
  if (!isOver(load)) return pace;
  return { ...steppedDown(pace, at, why, load), brink: pace.limit, brinkWait: brinkWaitAt(pace, at) };
}

/** How long a limit that is too much now is not tried again. */
function brinkWaitAt({ limit, brink = 0, brinkWait = 0, downAt }: Pace, at: number): number {
  const again = limit >= brink && downAt !== undefined && at - downAt < 2 * BRINK_FOR;
  return Math.min(BRINK_FOR, Math.max(UP_AFTER_DOWN, again ? 2 * brinkWait : 0));
}

/** Over what operators bear. */
export const isOver = ({ level, utilization = 1 }: Load): boolean => level === 'high' && utilization >= 1;

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
  const sinceDown =
    pace.downAt === undefined ? 0 : pace.downAt + (atBrink ? (pace.brinkWait ?? BRINK_FOR) : UP_AFTER_DOWN);
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
  if (growth && growth.at <= at) {
    if (load.level !== 'off') return grown(pace, at, growth.limit, whyGrown(load));
    const climb = tried(climbOf(pace), { at, inFlight, max: bounds.max, free: 0 });
    return { ...grown(pace, at, climb.count, climb.why), climb };
  }
  if (inFlight >= pace.limit) return { ...pace, fullAt: pace.fullAt ?? at, fullUntil: at };
  const { fullAt: _, fullUntil, ...rest } = pace;
  if (fullUntil === undefined || inFlight >= pace.limit * STILL_FULL || at - fullUntil <= FULL_AGAIN_IN) return pace;
  return rest;
}

function whyGrown({ level, utilization }: Load): string {
  if (level === 'unknown') return 'that was not too much before the database went out of sight';
  const share = utilization === undefined ? 'ok' : `${knownOf(utilization)} of what it may bear`;
  return `the database is ${share} with every slot taken`;
}

/**
 * A window succeeded. `ratio`: its time for its work, compared with its customer's best, where that is known. `full`: every slot
 * was taken.
 */
export function afterSuccess(
  pace: Pace,
  bounds: PaceBounds,
  window: { startedAt: number; at: number; work: number; ratio: number | undefined; full: boolean; load: Load },
): Pace {
  const { at, load, ratio, full } = window;
  // A mean of speeds and not of times: one window with ten times the usual work is no sign of a slow database.
  const slowness =
    ratio === undefined ? pace.slowness : 1 / ((1 - SLOWNESS_WEIGHT) / pace.slowness + SLOWNESS_WEIGHT / ratio);
  const measured = { ...pace, slowness };
  if (isOver(load)) return steppedDown(measured, at, 'the database is still high', load);
  if (load.level !== 'off') return measured;
  const brief = at - window.startedAt < BRIEF;
  if (brief && !pace.climb?.trial) return full && slowness <= TOO_SLOW ? credited(measured, bounds, at) : measured;
  if (slowness > TOO_SLOW && pace.limit > 1) return pulledDown(measured, at);
  // Of other customers, other windows: the best of them says nothing of the next.
  const { best: _, ...climb } = succeeded(climbOf(measured), { ...window, seen: false, worth: WORTH });
  if (climb.count === pace.limit) return { ...measured, climb };
  const { count, why } = climb;
  const next = count < pace.limit ? lowered(measured, count, at, why) : grown(measured, at, count, why);
  return { ...next, climb };
}

function climbOf({ climb, limit }: Pace): Writers {
  if (climb?.count === limit) return climb;
  // What was too much and whether less is enough is known of the numbers before, too.
  const { brink, fewer } = climb ?? {};
  return { ...initialWriters, count: limit, ...(brink && { brink }), ...(fewer && { fewer }) };
}

/** One more brief window succeeded with every slot taken. */
function credited(pace: Pace, { max }: PaceBounds, at: number): Pace {
  const { limit, slowStart, downAt } = pace;
  if (limit >= max || (downAt !== undefined && at - downAt < UP_AFTER_DOWN)) return pace;
  const credit = (pace.credit ?? 0) + 1;
  if (!slowStart && credit < limit) return { ...pace, credit };
  return grown(pace, at, limit + 1, 'windows went well with every slot taken');
}

/** Unseen, the limit comes back to under where it was, since that was seen to be well; never further. */
function recovering(
  { limit, brink, downAt = 0, movedAt = 0 }: Pace,
  max: number,
): { at: number; limit: number } | undefined {
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

/** Slowness as a force: each full round of windows takes off what the limit is over what their speed speaks for, half of it at most. */
function pulledDown(pace: Pace, at: number): Pace {
  const pull = (pace.pull ?? 0) + 1;
  if (pull < pace.limit) return { ...pace, pull };
  const gradient = Math.max(1 / 2, TOO_SLOW / pace.slowness);
  const limit = Math.max(1, Math.min(pace.limit - 1, Math.round(pace.limit * gradient)));
  const times = Math.round(10 * pace.slowness) / 10;
  const why = `windows take ${times} times as long for the same work as they did`;
  // What comes next is measured at the new limit.
  return lowered({ ...pace, slowness: 1 }, limit, at, why);
}

function grown({ fullAt: _, pull: __, credit: ___, ...pace }: Pace, at: number, limit: number, why: string): Pace {
  return { ...limitedTo(pace, limit, why), movedAt: at };
}

const cut = (pace: Pace, at: number, why: string): Pace => ({
  ...lowered(pace, Math.max(1, Math.floor(pace.limit / 2)), at, why),
  cutAt: at,
  brink: pace.limit,
  brinkWait: BRINK_FOR,
});

/** Whether what was done about a high database must have shown by now. */
export function isDownDue({ downAt }: Pace, at: number, load: Load): boolean {
  return isOver(load) && (downAt === undefined || at - downAt >= Math.max(DOWN_EVERY, load.lag ?? 0));
}

function steppedDown(pace: Pace, at: number, why: string, load: Load): Pace {
  if (pace.limit === 1 || !isDownDue(pace, at, load)) return pace;
  return lowered(pace, pace.limit - 1, at, why);
}

function lowered({ pull: _, credit: __, ...pace }: Pace, limit: number, at: number, why: string): Pace {
  return { ...limitedTo(pace, limit, why), slowStart: false, movedAt: at, downAt: at };
}

function limitedTo(pace: Pace, limit: number, why: string): Pace {
  const move = pace.limit === limit ? `stays ${limit}` : `${pace.limit} → ${limit}`;
  return { ...pace, limit, reason: `${move}: ${why}`, why };
}
