import type { Parameters } from './parameters.js';
import { between, logBetween, type Random } from './random.js';

/** What happens to a cluster's database, regardless of who works on it: its live load, and when it is away. */
export interface Conditions {
  knee: number;
  /** Sessions of the live load, for each five minutes from the start of the run; the last one stays. */
  live: readonly number[];
  outage?: { kind: 'failover' | 'badDeploy'; from: number; to: number };
  /** What the probe shows of each active session. */
  shown: number;
  /** From when to when the probe is silent. */
  silent?: { from: number; to: number };
}

export const LIVE_STEP = 300;
const DAY = 86_400;
/** The live load is drawn for so long; later hours are like the last. */
const DRAWN = 3 * DAY;

export function conditionsFrom(knee: number, parameters: Parameters, random: Random): Conditions {
  const { live, outage, probe } = parameters;
  return {
    knee,
    live: live === undefined ? [0] : liveLoad(live * knee, random),
    ...(outage && { outage: outageFrom(outage, random) }),
    shown: probe === 'lies' ? (random() < 0.5 ? 0.8 : 1.2) : 1,
    ...(probe === 'goesSilent' && { silent: silentFrom(random) }),
  };
}

/** A sine over the day from any hour on, a tenth at night, with a fifth of noise. */
function liveLoad(most: number, random: Random): number[] {
  const phase = random() * DAY;
  return Array.from({ length: DRAWN / LIVE_STEP }, (_, i) => {
    const hour = (2 * Math.PI * (i * LIVE_STEP + phase)) / DAY;
    return most * (0.55 + 0.45 * Math.sin(hour)) * between(random, 0.8, 1.2);
  });
}

function outageFrom({ kind, from, to }: NonNullable<Parameters['outage']>, random: Random) {
  const begins = between(random, 10 * 60, 60 * 60);
  return { kind, from: begins, to: begins + logBetween(random, from, to) };
}

function silentFrom(random: Random) {
  const from = between(random, 60, 30 * 60);
  return { from, to: random() < 0.5 ? from + 3_600 : Number.POSITIVE_INFINITY };
}

export const liveAt = ({ live }: Conditions, at: number): number =>
  live[Math.min(live.length - 1, Math.floor(at / LIVE_STEP))]!;

const isOut = ({ outage }: Conditions, at: number): boolean =>
  outage !== undefined && outage.from <= at && at < outage.to;

export const isAway = (conditions: Conditions, at: number): boolean =>
  conditions.outage?.kind === 'failover' && isOut(conditions, at);

export const deployIsBad = (conditions: Conditions, at: number): boolean =>
  conditions.outage?.kind === 'badDeploy' && isOut(conditions, at);

/** What the live load leaves of the capacity, in windows at full speed. It comes first: it is what the database is for. */
export const capacityAt = (conditions: Conditions, at: number): number =>
  isAway(conditions, at) ? 0 : Math.max(0, conditions.knee - liveAt(conditions, at));

/** When capacity changes next. */
export function changesAfter({ live, outage }: Conditions, at: number): number {
  const step = Math.floor(at / LIVE_STEP) + 1;
  const next = step < live.length ? step * LIVE_STEP : Number.POSITIVE_INFINITY;
  return Math.min(next, ...(outage ? [outage.from, outage.to].filter((edge) => edge > at) : []));
}

/** The shortest time (s) in which so much work (windows at full speed, times seconds) can be done at no more than `most` at once. */
export function timeFor(conditions: Conditions, work: number, most: number): number {
  let left = work;
  for (let at = 0; ; ) {
    const works = deployIsBad(conditions, at) ? 0 : Math.min(most, capacityAt(conditions, at));
    const until = changesAfter(conditions, at);
    if (works > 0 && left <= works * (until - at)) return at + left / works;
    if (until === Number.POSITIVE_INFINITY) return until;
    left -= works * (until - at);
    at = until;
  }
}

/** For how long (s) windows could work until then, and how many session-seconds that was: as many sessions as keep what the probe shows under `maxLoad`. */
export function sessionTime(
  conditions: Conditions,
  until: number,
  maxLoad: number,
): { time: number; sessions: number } {
  const total = { time: 0, sessions: 0 };
  for (let at = 0; at < until; ) {
    const passed = Math.min(until, changesAfter(conditions, at)) - at;
    if (!isOut(conditions, at)) {
      // The probe shows whole sessions.
      const most = Math.ceil((maxLoad - 0.5) / conditions.shown - liveAt(conditions, at)) - 1;
      total.time += passed;
      total.sessions += passed * Math.max(0, most);
    }
    at += passed;
  }
  return total;
}
