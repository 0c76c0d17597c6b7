/** A seeded generator of numbers in [0, 1), so that every run of the simulator can be repeated. */
export type Random = () => number;

/** Mulberry32: 32 bits of state, good enough to draw fleets and failures. */
export function randomFrom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const between = (random: Random, from: number, to: number): number => from + (to - from) * random();

/** Each order of magnitude is as likely as any other. */
export const logBetween = (random: Random, from: number, to: number): number =>
  Math.exp(between(random, Math.log(from), Math.log(to)));

/** The time until something happens that happens once in a unit of time on average. */
export const exponential = (random: Random): number => -Math.log(1 - random());
