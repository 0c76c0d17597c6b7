import { formatDuration } from '../hours/duration.js';
import { counted } from '../words.js';

/**
 * How many windows of one customer may be in flight at once, when a run finds that out by itself (`perCustomer: "auto"`).
 *
 * A small pure value; every move carries a reason that a person can read. The rules, each before all that follow:
 *
 * 1. A window met contention: one writer less, or on trial the number before. Only if it started after the number last fell: all failures
 *    of windows that were in flight together are one event. The number that was too many is the brink; it is tried again after a wait that
 *    doubles each time it proves too many again on trial or soon, and halves when it went well for long: a customer that
 *    bears a number for hours keeps it most of the time, one that bears it for seconds hardly ever tries it.
 * 2. A trial is over once each writer on it has completed some windows. The customer got faster by less than a share
 *    (`WORTH`) of what as many independent writers would have added: back to the number before. They only wait for each other. The
 *    number that was not worth it is a brink as well.
 * 3. It got faster: the number stays.
 *    Without a probe the number itself is put to the same test, after one that was not worth it, since what it was compared with may have been
 *    measured on a busier database: three quarters of it are tried, and kept if the rest was not worth it; else again after a wait that doubles.
 * 4. The database is over what operators bear while a number is on trial: back to the number before, which may be all that it takes; the
 *    run's limit waits to see that (see `pace.ts`). Where several are on trial, that of the longest chain goes last.
 * 5. A number has gone well for a streak of windows, and another writer is asked for: twice as many are tried, as far as there
 *    are slots, and fewer than the brink until that is due. The caller asks while this
 *    customer's chain may decide when the run ends.
 *
 * How long their windows are is in `writers-windows.ts`.
 */
export interface Writers {
  count: number;
  /** Windows in a row since the count last moved, all writers at work: how many, their work, and their time in ms. */
  windows: number;
  work: number;
  ms: number;
  /** The shortest time (ms) that a unit of work took since then. */
  best?: number;
  /** When the count last moved, in ms since 1970. */
  movedAt: number;
  /** When one was last taken away: windows started before may have had more beside them. */
  cutAt?: number;
  /** Ms of windows with siblings that completed, and that contention undid; both halved with each contention. */
  clean: number;
  lost: number;
  /** The count before the one that is being tried, more or fewer, and the customer's throughput with it, in work per ms. */
  trial?: { from: number; rate: number };
  /** A number that was too many or not worth it, when it may be tried again, and the wait until then, in ms. */
  brink?: Brink;
  /** When fewer are tried again. */
  fewer?: { until: number; wait: number };
  why: string;
}

export interface Brink {
  count: number;
  until: number;
  wait: number;
  worthless?: true;
}

/** Windows without contention, for each writer, before another one is tried. */
export const STREAK = 2;
/** Windows for each writer before a trial is judged. */
const ROUNDS = 2;
/** The share of what independent writers would add to a customer's throughput that new writers must bring. */
const WORTH = 0.2;
/** Contention that undid no more than this share of what the writers did lately is borne. */
const BORNE = 0.06;
/** A brink is tried again after so long, at first and at most; one that was not worth it later. */
export const FIRST_WAIT = 30_000;
export const LONGEST_WAIT = 60 * 60_000;
const NOT_WORTH_IT_WAIT = 3 * 60_000;
/** Or, where less is left to do, after this share of what a lone writer would take for it: a wrong verdict must not last to the end. */
const WAIT_SHARE = 1 / 20;
/** The share of a number that is tried to see whether the rest is worth it, for how long at least, and when again if it is. */
const FEWER = 3 / 4;
const FEWER_FOR = 30_000;
const FEWER_WAIT = 10 * 60_000;
/** Windows that take less (ms) are brief: the best of them says more of a lone writer than their mean. */
const BRIEF = 10_000;
/** A trial whose writers never are all at work, for want of slots, ends after so long. */
const LONGEST_TRIAL = 10 * 60_000;
/** The throughput of a number that stays is of about so many latest windows for each writer. */
const REMEMBERED = 8;

export const initialWriters: Writers = {
  count: 1,
  windows: 0,
  work: 0,
  ms: 0,
  movedAt: 0,
  clean: 0,
  lost: 0,
  why: 'one until more are known to go well',
};

/** Work per ms of all writers together; undefined before a window has completed since the count moved. */
export const throughputOf = ({ count, work, ms }: Writers): number | undefined =>
  ms > 0 ? (count * work) / ms : undefined;

/** Whether more than before are on trial. */
export const triesMore = (writers: Writers): writers is Writers & Required<Pick<Writers, 'trial'>> =>
  writers.trial !== undefined && writers.trial.from < writers.count;

/** Why there are as many as now. */
export const reasonOf = ({ trial, why }: Writers): string => (trial ? `on trial: ${why}` : why);

/**
 * How many writers may be tried next, and when (ms since 1970); undefined while none may: a trial is on, the streak is short, or there
 * are as many as there may be. `free`: slots that others leave.
 */
export function nextTrial(
  writers: Writers,
  { max, free }: { max: number; free: number },
): { count: number; at: number } | undefined {
  const { count, trial, windows, brink } = writers;
  if (trial || windows < STREAK * count || count >= max) return undefined;
  const wanted = Math.min(max, 2 * count, count + Math.max(1, Math.floor(count / 2), free));
  if (!brink || wanted < brink.count) return { count: wanted, at: 0 };
  if (brink.count - 1 > count) return { count: Math.floor((count + brink.count) / 2), at: 0 };
  return { count: Math.max(brink.count, count + 1), at: brink.until };
}

/** A window started, and so many of its customer's are in flight now: one more than the count begins a trial. */
export function afterStart(
  writers: Writers,
  { at, inFlight, max, free }: { at: number; inFlight: number; max: number; free: number },
): Writers {
  if (inFlight <= writers.count) return writers;
  const next = nextTrial(writers, { max, free });
  if (!next || next.at > at) return writers;
  const { count, windows, ms, best } = writers;
  const why = `${counted(windows, 'window')} went well with ${count}`;
  // What starting takes is a large part of a lone writer's first brief windows, and would make any second one look worth it.
  const alone = count === 1 && best !== undefined && ms < BRIEF * windows ? 1 / best : 0;
  const trial = { from: count, rate: Math.max(throughputOf(writers) ?? 0, alone) };
  return { ...moved(writers, next.count, at, why), trial };
}

/**
 * A window completed. `work`: its conversations; `full`: all writers were at work when it ended; `seen`: a probe looks at the database;
 * `left`: how long (ms) a lone writer takes for what is left, where that is known; `worth`: the share of what independent windows would add that more of them must bring.
 */
export function afterSuccess(
  writers: Writers,
  window: { startedAt: number; at: number; work: number; full: boolean; seen: boolean; left?: number; worth?: number },
): Writers {
  const ms = window.at - window.startedAt;
  const clean = writers.count > 1 ? writers.clean + ms : writers.clean;
  if (window.startedAt < writers.movedAt || !window.full) return expired({ ...writers, clean }, window.at);
  const fade = writers.windows >= REMEMBERED * writers.count ? 1 - 1 / (REMEMBERED * writers.count) : 1;
  const measured: Writers = {
    ...writers,
    clean,
    windows: writers.windows + 1,
    work: writers.work * fade + window.work,
    ms: writers.ms * fade + ms,
    best: Math.min(writers.best ?? Number.POSITIVE_INFINITY, ms / Math.max(window.work, 1)),
  };
  const { count, windows, trial } = measured;
  if (!trial) return window.seen ? measured : fewerTried(measured, window.at);
  const early = windows < ROUNDS * count || (count < trial.from && window.at - writers.movedAt < FEWER_FOR);
  return early ? measured : judged(measured, trial, window);
}

/** Begins a trial of fewer writers, where more were not worth it and it is time to see whether as many are. */
function fewerTried(writers: Writers, at: number): Writers {
  const { count, windows, brink, fewer } = writers;
  const doubted = brink?.worthless && brink.count <= 2 * count;
  if (count === 1 || !doubted || windows < STREAK * count || at < (fewer?.until ?? 0)) return writers;
  const trial = { from: count, rate: throughputOf(writers)! };
  return {
    ...moved(writers, Math.max(1, Math.floor(FEWER * count)), at, `to see whether ${count} are worth it`),
    trial,
  };
}

/** A window that started at `startedAt` met contention. */
export function afterContention(writers: Writers, { startedAt, at }: { startedAt: number; at: number }): Writers {
  if (writers.cutAt !== undefined && startedAt <= writers.cutAt) return writers;
  const { count } = writers;
  // Alone, it met somebody else.
  if (count === 1) return writers;
  const lost = writers.lost + at - startedAt;
  const known = writers.brink?.count === count ? writers.brink : undefined;
  const before = known?.wait ?? 0;
  const onTrial = triesMore(writers);
  const borne = !onTrial && lost <= BORNE * (writers.clean + lost) && !known?.worthless;
  const brink = {
    ...brinkAt(count, at, Math.max(FIRST_WAIT, borne ? before / 2 : before * 2)),
    ...(known?.worthless && { worthless: known.worthless }),
  };
  const wait = formatDuration(brink.wait);
  const cut = moved(
    writers,
    onTrial ? writers.trial.from : count - 1,
    at,
    `contention with ${count}, tried again in ${wait}`,
  );
  return { ...cut, clean: writers.clean / 2, lost: lost / 2, brink };
}

/** The database is over what operators bear. `left`: as for {@link afterSuccess}. */
export function afterOverload(writers: Writers, at: number, left?: number): Writers {
  if (!triesMore(writers)) return writers;
  const { count, trial } = writers;
  const back = moved(writers, trial.from, at, `the database was high with ${count} on trial`);
  return { ...back, brink: brinkAgain(writers, count, at, left) };
}

function judged(
  writers: Writers,
  { from, rate }: NonNullable<Writers['trial']>,
  { at, left, worth = WORTH }: { at: number; left?: number; worth?: number },
): Writers {
  const { trial: _, ...rest } = writers;
  const { count, fewer } = rest;
  const [less, more] = count > from ? [from, count] : [count, from];
  const measured = throughputOf(writers)!;
  const gain = (count > from ? measured / rate : rate / measured) - 1;
  const percent = `${gain < 0 ? '' : '+'}${Math.round(100 * gain)}% conversations a second`;
  if (gain >= worth * (more / less - 1)) {
    const why = `${percent}, compared with ${less}`;
    if (count === more) return { ...rest, why };
    const wait = Math.min(LONGEST_WAIT, Math.max(FEWER_WAIT, 2 * (fewer?.wait ?? 0)));
    return { ...moved(rest, more, at, why), fewer: { until: at + wait, wait } };
  }
  const why = `${percent} with ${more}, which is not worth it`;
  const brink: Brink = { ...brinkAgain(writers, more, at, left), worthless: true };
  return { ...(count === more ? moved(rest, less, at, why) : { ...rest, why }), brink };
}

/** A number that was tried and taken back: again after twice the wait, if it is the same one. */
function brinkAgain({ brink }: Writers, count: number, at: number, left = Number.POSITIVE_INFINITY): Brink {
  const again = brink?.count === count ? 2 * brink.wait : 0;
  const first = Math.min(NOT_WORTH_IT_WAIT, Math.max(FIRST_WAIT, left * WAIT_SHARE));
  return brinkAt(count, at, Math.max(first, again));
}

/** A trial that can't be judged leaves everything as it was. */
function expired(writers: Writers, at: number): Writers {
  const { trial, ...rest } = writers;
  if (!trial || at - writers.movedAt < LONGEST_TRIAL) return writers;
  return moved(rest, trial.from, at, `no slots to try ${writers.count}`);
}

function brinkAt(count: number, at: number, asked: number): Brink {
  // Whole milliseconds: a clock that has no others would never reach the time between two.
  const wait = Math.ceil(Math.min(LONGEST_WAIT, asked));
  return { count, wait, until: at + wait };
}

function moved(writers: Writers, count: number, at: number, why: string): Writers {
  const { trial: _, best: __, ...rest } = writers;
  const fewer = count < writers.count;
  return { ...rest, count, windows: 0, work: 0, ms: 0, movedAt: at, ...(fewer && { cutAt: at }), why };
}
