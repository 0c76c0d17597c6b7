import type { Parameters } from './parameters.js';
import { between, logBetween, type Random } from './random.js';

/**
 * How one customer bears several windows at once. With n of them each works at 1 / (1 + waits (n - 1) + crosstalk n (n - 1))
 * of its speed alone (Gunther's universal scalability law), and meets a deadlock `deadlocks` times a second for
 * each window from `from` on.
 */
export interface Bearing {
  waits: number;
  crosstalk: number;
  deadlocks: number;
  from: number;
}

const freely: Bearing = { waits: 0, crosstalk: 0, deadlocks: 0, from: 2 };

export function bearingFrom(kind: Parameters['bearing'], random: Random): Bearing {
  switch (kind) {
    case 'freely':
      return freely;
    case 'january':
      return { waits: 0.5, crosstalk: 0, deadlocks: 1 / 600, from: 2 };
    case 'never':
      return { waits: between(random, 1, 1.5), crosstalk: 0, deadlocks: 1 / logBetween(random, 200, 2_000), from: 2 };
    case 'drawn': {
      if (random() < 0.35) return freely;
      const waits = random() < 0.7 ? logBetween(random, 0.02, 1) : 0;
      const crosstalk = random() < 0.5 ? logBetween(random, 0.001, 0.2) : 0;
      const deadlocks = random() < 0.6 ? 1 / logBetween(random, 300, 20_000) : 0;
      return { waits, crosstalk, deadlocks, from: 2 + Math.floor(3 * random()) };
    }
    default:
      return kind satisfies never;
  }
}

/** The speed of each of n windows of a customer, as a share of its speed alone. */
export const speedOf = ({ waits, crosstalk }: Bearing, n: number): number =>
  1 / (1 + waits * (n - 1) + crosstalk * n * (n - 1));

/** How often each of n windows of a customer meets a deadlock, in a second. */
export const riskOf = ({ deadlocks, from }: Bearing, n: number): number => deadlocks * Math.max(0, n - from + 1);

/** More of a customer's work than this may not be repeated: what undoes more is not borne. */
const MOST_REPEATED = 0.03;
const LENGTHS = Array.from({ length: 24 }, (_, i) => 1.4 ** i);

export interface Limits {
  /** No more windows at once. */
  most: number;
  /** How long its shortest window takes, in seconds. */
  shortest: number;
}

/**
 * The best that any number of writers could do for a customer, in multiples of one window's speed: what deadlocks undo,
 * and the overhead of windows so short that they undo little, taken off.
 */
export function bestOf(
  bearing: Bearing,
  { overhead, longestWindow }: Parameters,
  { most, shortest }: Limits,
): { writers: number; speed: number } {
  let best = { writers: 1, speed: 1 };
  const lengths = [shortest, ...LENGTHS.filter((length) => length > shortest && length < longestWindow)];
  for (let writers = 2; writers <= most; writers++) {
    const risk = riskOf(bearing, writers);
    for (const length of risk === 0 ? [Number.POSITIVE_INFINITY] : lengths) {
      if (risk * length > 2 * MOST_REPEATED) continue;
      // A deadlock undoes all that its window did.
      const kept = risk === 0 ? 1 : length / (overhead + Math.expm1(risk * length) / risk);
      const speed = writers * speedOf(bearing, writers) * kept;
      if (speed > best.speed) best = { writers, speed };
    }
  }
  return best;
}
