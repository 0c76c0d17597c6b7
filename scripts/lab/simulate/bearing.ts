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

interface Limits {
  /** No more windows at once. */
  most: number;
  /** How long its shortest window takes, in seconds. */
  shortest: number;
}

/**
 * The speed of each number of writers of a customer, from none to `most`, in multiples of one window's: what deadlocks undo, and the
 * overhead of windows so short that they undo little, taken off. 0 for a number that would repeat too much.
 */
export function speedsOf(
  bearing: Bearing,
  { overhead, longestWindow }: Parameters,
  { most, shortest }: Limits,
): number[] {
  const lengths = [shortest, ...LENGTHS.filter((length) => length > shortest && length < longestWindow)];
  return Array.from({ length: Math.max(1, most) + 1 }, (_, writers) => {
    if (writers <= 1) return writers;
    const risk = riskOf(bearing, writers);
    const free = writers * speedOf(bearing, writers);
    if (risk === 0) return free;
    const borne = lengths.filter((length) => risk * length <= 2 * MOST_REPEATED);
    // A deadlock undoes all that its window did.
    return Math.max(0, ...borne.map((length) => (free * length) / (overhead + Math.expm1(risk * length) / risk)));
  });
}

/** How many sessions, on average over time, a customer of such speeds takes to get on with such a speed, with the numbers of writers that take the fewest. */
export function sessionsFor(speeds: readonly number[], speed: number): number {
  let fewest = Number.POSITIVE_INFINITY;
  for (const [less, slower] of speeds.entries()) {
    if (slower > speed) continue;
    for (const [more, faster] of speeds.entries()) {
      if (faster < speed) continue;
      const share = faster === slower ? 0 : (speed - slower) / (faster - slower);
      fewest = Math.min(fewest, less + share * (more - less));
    }
  }
  return fewest;
}
