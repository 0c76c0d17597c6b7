import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatWindowSize, gridEnd, parseWindowSize } from '../../../src/backfill/hours/window.js';
import {
  afterSuccess,
  halved,
  hoursOf,
  initialSizing,
  type Sizing,
  shrunk,
  sizeOf,
  type WindowPolicy,
} from '../../../src/backfill/pacing/sizing.js';

const size = (text: string) => parseWindowSize(text)!;
const target = { conversations: 150_000, ms: 600_000 };
const policy = { kind: 'resizing', initial: 'auto', min: size('1h'), max: size('1mo'), target } satisfies WindowPolicy;
const started = (text: string): Sizing => ({ size: size(text), why: 'a test', streak: 0 });
const JANUARY = { start: 490_896, end: 490_896 + 31 * 24 };

const policies = fc
  .tuple(fc.constantFrom('1h', '2h', '6h', '1d', '3d'), fc.constantFrom('3d', '10d', '1mo', '3mo'))
  .map(([min, max]): WindowPolicy => ({ ...policy, min: size(min), max: size(max) }));

/** Lets windows of the full size succeed, each holding this share of the target; the sizes they had. */
function succeeding(from: Sizing, share: number, windows: number, rule: WindowPolicy = policy): Sizing {
  let sizing = from;
  for (let i = 0; i < windows; i++) {
    sizing = afterSuccess(rule, sizing, {
      hours: Math.ceil(hoursOf(sizing.size)),
      conversations: share * target.conversations,
      ms: 1,
    });
  }
  return sizing;
}

describe('the first size', () => {
  it.each([
    [30_000, '1mo'],
    [1_300_000, '3d'],
    [4_200_000, '1d'],
    [40_000_000, '2h'],
    [4e9, '1h'],
  ])('of a customer with %d conversations in January is %s', (conversations, expected) => {
    expect(formatWindowSize(initialSizing(policy, { ...JANUARY, conversations }).size)).toBe(expected);
  });

  it('is a day when the volume is not known', () => {
    expect(formatWindowSize(initialSizing(policy, JANUARY).size)).toBe('1d');
  });

  it('holds at most the target, unless the smallest window holds more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), policies, (conversations, rule) => {
        const { size } = initialSizing(rule, { ...JANUARY, conversations });
        const held = (Math.min(hoursOf(size), 744) * conversations) / 744;
        const smallest = rule.kind === 'resizing' ? rule.min : size;
        if (hoursOf(size) > hoursOf(smallest)) expect(held).toBeLessThanOrEqual(1.12 * target.conversations);
      }),
    );
  });
});

const sized = (size: Sizing['size']): Sizing => ({ size, why: 'a test', streak: 0 });

describe('a window that was too large', () => {
  it('halves from a month over days to hours, and ends at the smallest', () => {
    const sizes: string[] = [];
    for (let now = size('1mo'); ; ) {
      sizes.push(formatWindowSize(now));
      const next = shrunk(policy, sized(now), hoursOf(now), 'heartbeat timeout');
      if (!next) break;
      now = next.size;
    }
    expect(sizes).toEqual(['1mo', '16d', '8d', '4d', '2d', '1d', '12h', '6h', '3h', '2h', '1h']);
  });

  it('always ends, never under min, whatever the policy', () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 9_000 }), (rule, hours) => {
        let now = hours;
        for (let steps = 0; ; steps++) {
          expect(steps).toBeLessThan(20);
          const next = shrunk(rule, sized(sizeOf(now)), now, 'a test');
          if (!next) return;
          expect(hoursOf(next.size)).toBeLessThan(now);
          if (rule.kind === 'resizing') expect(hoursOf(next.size)).toBeGreaterThanOrEqual(hoursOf(rule.min));
          now = hoursOf(next.size);
        }
      }),
    );
  });

  it('leaves a size alone that is smaller by then, since an old month that times out says nothing of days', () => {
    const days = sized(size('2d'));
    expect(shrunk(policy, days, hoursOf(size('1mo')), 'heartbeat timeout')).toBe(days);
  });

  it('of a fixed size cannot be halved', () => {
    expect(shrunk({ kind: 'fixed', size: size('1mo') }, sized(size('1mo')), 730, 'a test')).toBeUndefined();
  });

  it('keeps the boundaries of days for a day or more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 24, max: 9_000 }), fc.integer({ min: 0, max: 700 }), (hours, offset) => {
        const end = gridEnd(halved(sizeOf(hours)), JANUARY.start, JANUARY.start + offset);
        if (hours >= 48) expect(end % 24).toBe(0);
        else expect(Math.ceil(end / 24) - Math.floor((JANUARY.start + offset) / 24)).toBe(1);
      }),
    );
  });
});

describe('windows well under the target', () => {
  it('grow after three in a row, and not after two', () => {
    expect(formatWindowSize(succeeding(started('1d'), 0.3, 2).size)).toBe('1d');
    expect(formatWindowSize(succeeding(started('1d'), 0.3, 3).size)).toBe('2d');
  });

  it('grow three times as slowly to a size that timed out', () => {
    const halvedOnce: Sizing = { ...started('1d'), ceiling: 48 };
    expect(formatWindowSize(succeeding(halvedOnce, 0.3, 8).size)).toBe('1d');
    expect(formatWindowSize(succeeding(halvedOnce, 0.3, 9).size)).toBe('2d');
  });

  it('do not grow when one of them was over half of the target', () => {
    const twice = succeeding(started('1d'), 0.3, 2);
    const once = succeeding(twice, 0.6, 1);
    expect(formatWindowSize(succeeding(once, 0.3, 2).size)).toBe('1d');
  });

  it('never grow over max', () => {
    fc.assert(
      fc.property(policies, fc.nat(100), (rule, windows) => {
        const grown = succeeding(started('1d'), 0.01, windows, rule);
        if (rule.kind === 'resizing') expect(hoursOf(grown.size)).toBeLessThanOrEqual(Math.max(24, hoursOf(rule.max)));
      }),
    );
  });

  it('count by duration where their conversations are not known', () => {
    const sizeAfter = (ms: number) =>
      [1, 2, 3].reduce((sizing) => afterSuccess(policy, sizing, { hours: 24, ms }), started('1d'));
    expect(formatWindowSize(sizeAfter(60_000).size)).toBe('2d');
    expect(formatWindowSize(sizeAfter(400_000).size)).toBe('1d');
  });
});
