import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  add,
  difference,
  type Hour,
  hoursIn,
  type Interval,
  type Intervals,
  none,
  overlaps,
  subtract,
  union,
  within,
} from '../../../src/backfill/hours/interval.js';
import { deepFreeze, hoursOf } from '../../support/core.js';

// The model: a set of intervals is the set of its hours.
const model = (set: Intervals): Set<Hour> => new Set(hoursOf(set));
const sorted = (hours: Iterable<Hour>) => [...hours].sort((a, b) => a - b);

const interval: fc.Arbitrary<Interval> = fc
  .tuple(fc.nat(30), fc.integer({ min: -2, max: 10 }))
  .map(([from, length]) => [from, from + length]);
const set: fc.Arbitrary<Intervals> = fc
  .array(interval, { maxLength: 6 })
  .map((members) => deepFreeze(members.reduce<Intervals>(add, none)));

/** The same hours, and the one way to write them. */
function expectSame(actual: Intervals, expected: Iterable<Hour>): void {
  expect([...hoursOf(actual)]).toEqual(sorted(expected));
  actual.forEach(([from, to], i) => {
    expect(from).toBeLessThan(to);
    if (i > 0) expect(from).toBeGreaterThan(actual[i - 1]![1]);
  });
}

const check = (property: (a: Intervals, b: Intervals, one: Interval) => void) =>
  fc.assert(fc.property(set, set, interval, property), { numRuns: 250 });

describe('sets of intervals agree with sets of hours', () => {
  it('when an interval is added', () => {
    check((a, _, one) => expectSame(add(a, one), [...new Set([...model(a), ...hoursOf([one])])]));
  });

  it('when an interval is taken away', () => {
    check((a, _, one) =>
      expectSame(
        subtract(a, one),
        [...model(a)].filter((hour) => !model([one]).has(hour)),
      ),
    );
  });

  it('when only what lies within an interval counts', () => {
    check((a, _, one) =>
      expectSame(
        within(a, one),
        [...model(a)].filter((hour) => model([one]).has(hour)),
      ),
    );
  });

  it('when two are united', () => {
    check((a, b) => expectSame(union(a, b), new Set([...model(a), ...model(b)])));
  });

  it('when one is taken from the other', () => {
    check((a, b) =>
      expectSame(
        difference(a, b),
        [...model(a)].filter((hour) => !model(b).has(hour)),
      ),
    );
  });

  it('when asked whether an interval touches them, and how many hours they hold', () => {
    check((a, _, one) => {
      expect(overlaps(a, one)).toBe([...hoursOf([one])].some((hour) => model(a).has(hour)));
      expect(hoursIn(a)).toBe(model(a).size);
    });
  });
});

describe('sets of intervals', () => {
  it('are the same JSON when they hold the same hours, in whatever order these came', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 5, 6, 8, 11, 12], { minLength: 9 }), (hours) => {
        expect(hours.reduce<Intervals>((a, hour) => add(a, [hour, hour + 1]), none)).toEqual([
          [0, 4],
          [5, 7],
          [8, 9],
          [11, 13],
        ]);
      }),
    );
  });

  it('obey the laws of sets', () => {
    check((a, b) => {
      expect(union(a, b)).toEqual(union(b, a));
      expect(union(a, a)).toEqual(a);
      expect(difference(a, a)).toEqual(none);
      expect(union(difference(a, b), b)).toEqual(union(a, b));
      expect(difference(union(a, b), b)).toEqual(difference(a, b));
    });
  });
});
