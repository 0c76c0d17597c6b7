/** A source of numbers in [0, 1), with the same sequence for the same seed on every machine. */
export type Random = () => number;

/**
 * Seeds a generator from words, so that each customer has a sequence of its own and does not change when others are
 * added or left out. FNV-1a for the hash, mulberry32 for the sequence; good enough for sample data, not for secrets.
 */
export function seededRandom(...words: (string | number)[]): Random {
  let state = 0x811c9dc5;
  for (const character of words.join('\u0000')) {
    state = Math.imul(state ^ character.charCodeAt(0), 0x01000193);
  }
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** An integer from `from` to `to`, both included. */
export function between(random: Random, from: number, to: number): number {
  return from + Math.floor(random() * (to - from + 1));
}

/** One of the given values, all equally likely. Throws a RangeError when there are none. */
export function pick<T>(random: Random, values: readonly T[]): T {
  if (values.length === 0) throw new RangeError('pick: expected at least one value, got none');
  return values[between(random, 0, values.length - 1)] as T;
}

/** An index into `weights`, as likely as its weight; weights are not negative and at least one is positive. */
export function pickWeighted(random: Random, weights: readonly number[]): number {
  let rest = random() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) {
    rest -= weight;
    if (rest < 0) return index;
  }
  return weights.findLastIndex((weight) => weight > 0);
}
