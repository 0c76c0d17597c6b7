import { describe, expect, it } from 'vitest';
import { sessionsFor } from '../../../scripts/lab/simulate/bearing.js';
import { boundWithin, lowerBound } from '../../../scripts/lab/simulate/bounds.js';
import { fleetFrom } from '../../../scripts/lab/simulate/fleet.js';
import { models, type Parameters } from '../../../scripts/lab/simulate/parameters.js';

describe('what the simulator measures by', () => {
  it('takes the fewest sessions for a speed: a mixture of two numbers of writers, and none beyond the fastest', () => {
    const speeds = [0, 1, 1.2, 2, 1.5];
    expect(sessionsFor(speeds, 0.5)).toBeCloseTo(0.5);
    // One half of the time, three the other half: two writers are slower than that.
    expect(sessionsFor(speeds, 1.5)).toBeCloseTo(2);
    expect(sessionsFor(speeds, 2)).toBeCloseTo(3);
    expect(sessionsFor(speeds, 2.1)).toBe(Number.POSITIVE_INFINITY);
  });

  const ratioOf = (model: Parameters, change: object = {}) => {
    const [, cluster] = fleetFrom(13, model);
    const changed = { ...cluster!, ...change };
    return boundWithin(changed, model) / lowerBound(changed, model);
  };

  it('is longer under maxLoad only where writers wait for each other or fewer sessions are shown than use up the capacity', () => {
    expect(ratioOf(models['customers bear writers']!)).toBe(1);
    // Two sessions less than use up the capacity of nine; one of nine is no session under a maxLoad.
    expect(ratioOf(models['customers bear writers']!, { maxLoad: 8 })).toBeCloseTo(9 / 7, 2);
    expect(ratioOf(models['each customer draws']!)).toBeGreaterThan(1.15);
    expect(ratioOf(models['no probe']!)).toBe(1);
  });
});
