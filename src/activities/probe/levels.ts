import type { Health } from '../../backfill/pacing/pace.js';
import type { ProbeOptions } from '../../backfill/request/options.js';
import { stepOf } from '../../backfill/utilization.js';
import type { ProbeAnswer } from '../contract.js';

/** What one look at a database found. */
export interface Look {
  values: Record<string, number>;
  /** How long (ms) some of these still show what has ended. */
  lags?: Record<string, number>;
  /** Why these metrics have no value. */
  missing: Record<string, string>;
  /** Why nothing could be measured at all there. */
  lost?: string[];
}

/** The level as announced, and the looks in a row that ask for another one. */
export interface Levels extends ProbeAnswer {
  /** The levels of these looks, when all of them are calmer than `level`, or all unknown. */
  doubts: ProbeAnswer[];
}

export type Thresholds = Pick<ProbeOptions, 'maxLoad' | 'criticalLoad'>;

/** So many looks in a row must agree before a level is left for a calmer one, or for unknown. */
export const LOOKS_TO_CALM = 3;
/** A level is left only when its metrics are under this share of their thresholds: a load at a threshold does not flap. */
export const MARGIN = 0.8;

const SEVERITY: Record<Health, number> = { off: 0, unknown: 0, ok: 0, high: 1, critical: 2 };

export const initialLevels = (level: Health, reason: string, utilization?: number): Levels => ({
  level,
  reason,
  ...(utilization !== undefined && { utilization }),
  doubts: [],
});

/**
 * The level after one more look.
 *
 * - Worse: at once.
 * - Calmer: after {@link LOOKS_TO_CALM} looks in a row, and then the worst of them; a metric counts as calm only
 *   under {@link MARGIN} of its threshold.
 * - The utilization: the same, by steps.
 * - Unknown: after so many failed looks in a row, since one is no news, and since unknown permits more than critical.
 *   Another reason for being unknown is announced in the same way.
 * - From unknown: at once.
 */
export function afterLook(levels: Levels, look: Look, thresholds: Thresholds): Levels {
  const verdict = judge(look, thresholds, levels.level);
  if (isSame(verdict, levels)) return { ...levels, doubts: [] };
  if (isWorse(verdict, levels)) return { ...verdict, doubts: [] };
  const [first] = levels.doubts;
  const agrees = first !== undefined && (first.level === 'unknown') === (verdict.level === 'unknown');
  const doubts = agrees ? [...levels.doubts, verdict] : [verdict];
  if (doubts.length < LOOKS_TO_CALM) return { ...levels, doubts };
  const worst = doubts.reduce((one, other) => (isCalmer(other, one) ? one : other));
  return { ...worst, doubts: [] };
}

const isSame = (verdict: ProbeAnswer, { level, reason, utilization }: ProbeAnswer) =>
  verdict.level === level &&
  (level !== 'unknown' || verdict.reason === reason) &&
  stepOf(verdict) === stepOf({ utilization });

function isWorse(verdict: ProbeAnswer, before: ProbeAnswer): boolean {
  if (verdict.level === 'unknown') return false;
  return before.level === 'unknown' || before.level === 'off' || isCalmer(before, verdict);
}

const isCalmer = (one: ProbeAnswer, other: ProbeAnswer): boolean =>
  SEVERITY[one.level] < SEVERITY[other.level] || (one.level === other.level && stepOf(one) < stepOf(other));

/** The largest of what was measured, each as a share of its `maxLoad`; undefined where one of them is not known. */
export function utilizationOf(values: Record<string, number>, maxLoad: Record<string, number>): number | undefined {
  const shares = Object.entries(maxLoad).map(([metric, threshold]) => {
    const value = values[metric];
    // A threshold of 0 means any at all.
    if (value !== undefined && threshold <= 0) return value > 0 ? 1 : 0;
    return value === undefined ? undefined : value / threshold;
  });
  if (shares.length === 0 || shares.includes(undefined)) return undefined;
  return Math.round(100 * Math.max(0, ...(shares as number[]))) / 100;
}

/** The level of one look alone, seen from the level before it. The metric furthest over its threshold is the reason. */
function judge(look: Look, thresholds: Thresholds, from: Health): ProbeAnswer {
  const verdict = levelIn(look, thresholds, from);
  const utilization = utilizationOf(look.values, thresholds.maxLoad);
  return utilization === undefined || verdict.level === 'unknown' ? verdict : { ...verdict, utilization };
}

function levelIn({ values, lags, missing, lost = [] }: Look, thresholds: Thresholds, from: Health): ProbeAnswer {
  const { maxLoad, criticalLoad } = thresholds;
  const steps = [
    { level: 'critical', name: 'criticalLoad', thresholds: criticalLoad },
    { level: 'high', name: 'maxLoad', thresholds: maxLoad },
  ] as const;
  for (const { level, name, thresholds } of steps) {
    const share = SEVERITY[from] >= SEVERITY[level] ? MARGIN : 1;
    const over = Object.entries(thresholds)
      .flatMap(([metric, threshold]) => {
        const value = values[metric];
        // A threshold of 0 means any at all: a load of nothing is never too high.
        if (value === undefined || value <= 0 || value < share * threshold) return [];
        return [{ metric, value, threshold }];
      })
      .sort((a, b) => b.value / b.threshold - a.value / a.threshold);
    const [worst] = over;
    if (worst) {
      const still = worst.value < worst.threshold ? `, not yet under ${MARGIN * 100}% of` : ', at or over';
      const reason = `${worst.metric} is ${amount(worst.value)}${still} ${name} ${worst.threshold}`;
      const lag = Math.min(...over.map(({ metric }) => lags?.[metric] ?? 0));
      return { level, reason, ...(lag > 0 && { lag }) };
    }
  }
  const unseen = [...lost, ...Object.values(missing)];
  if (unseen.length > 0) return { level: 'unknown', reason: unseen.join('; ') };
  const seen = Object.entries({ ...criticalLoad, ...maxLoad }).map(
    ([metric, threshold]) => `${metric} ${amount(values[metric] ?? 0)} of ${threshold}`,
  );
  return { level: 'ok', reason: seen.slice(0, 5).join(', ') || 'no thresholds are set' };
}

const amount = (value: number): string => String(Math.round(value * 100) / 100);
