import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterLook,
  initialLevels,
  type Levels,
  LOOKS_TO_CALM,
  type Look,
  MARGIN,
  type Thresholds,
} from '../../src/activities/probe/levels.js';
import type { Health } from '../../src/backfill/pacing/pace.js';

const thresholds: Thresholds = { maxLoad: { active: 10, blocked: 5 }, criticalLoad: { active: 20 } };
const load = (active: number, blocked = 0): Look => ({ values: { active, blocked }, missing: {} });
const lost = (why: string): Look => ({ values: {}, missing: {}, lost: [why] });
const failed = lost('it refuses connections');

function levelAfter(from: Health, ...looks: Look[]): Levels {
  return looks.reduce((levels, look) => afterLook(levels, look, thresholds), initialLevels(from, ''));
}
const levels = (from: Health, ...looks: Look[]): Health[] =>
  looks.map((_, i) => levelAfter(from, ...looks.slice(0, i + 1)).level);

describe('the level of a database', () => {
  it('gets worse at once, and says which metric is over which threshold', () => {
    expect(levelAfter('ok', load(10))).toMatchObject({ level: 'high', reason: 'active is 10, at or over maxLoad 10' });
    expect(levelAfter('ok', load(25))).toMatchObject({
      level: 'critical',
      reason: 'active is 25, at or over criticalLoad 20',
    });
    expect(levelAfter('ok', load(11, 50)).reason).toBe('blocked is 50, at or over maxLoad 5');
  });

  it('gets better after a few calm looks in a row, to the worst of them', () => {
    expect(levels('high', load(0), load(0), load(0))).toEqual(['high', 'high', 'ok']);
    expect(levels('high', load(0), load(0), load(12), load(0), load(0))).toEqual(Array(5).fill('high'));
    expect(levels('critical', load(0), load(12), load(0))).toEqual(['critical', 'critical', 'high']);
  });

  it('is left at a margin only', () => {
    expect(levelAfter('high', ...Array(9).fill(load(8.5)))).toMatchObject({ level: 'high' });
    expect(levelAfter('high', ...Array(9).fill(load(7.9)))).toMatchObject({ level: 'ok' });
    expect(levelAfter('ok', ...Array(9).fill(load(8.5)))).toMatchObject({ level: 'ok' });
    const [still] = [...Array(LOOKS_TO_CALM)].map(() => levelAfter('critical', load(9), load(9), load(9)));
    expect(still).toMatchObject({ level: 'high', reason: 'active is 9, not yet under 80% of maxLoad 10' });
  });

  it('is unknown after a few failed looks, and known again after one', () => {
    expect(levels('ok', failed, failed, failed, load(1))).toEqual(['ok', 'ok', 'unknown', 'ok']);
    expect(levels('critical', failed, load(30), failed, failed, load(0))).toEqual(Array(5).fill('critical'));
  });

  it('says of an unknown level when its reason has become another one', () => {
    const other = lost('its host name is not known');
    expect(levelAfter('unknown', failed, failed, failed)).toMatchObject({
      level: 'unknown',
      reason: 'it refuses connections',
    });
    expect(levelAfter('unknown', failed, failed, failed, other, other).reason).toBe('it refuses connections');
    expect(levelAfter('unknown', failed, failed, failed, other, other, other).reason).toBe(
      'its host name is not known',
    );
  });

  it('is unknown when a named metric has no value, unless another one is over its threshold', () => {
    const look = (active: number): Look => ({ values: { active }, missing: { blocked: 'blocked: no value' } });
    expect(levelAfter('unknown', look(1), look(1), look(1))).toMatchObject({
      level: 'unknown',
      reason: 'blocked: no value',
    });
    expect(levelAfter('unknown', look(11))).toMatchObject({ level: 'high' });
  });

  it('takes a threshold of 0 for any load at all', () => {
    const any: Thresholds = { maxLoad: { deadlocks: 0 }, criticalLoad: {} };
    const from = initialLevels('unknown', '');
    expect(afterLook(from, { values: { deadlocks: 0 }, missing: {} }, any).level).toBe('ok');
    expect(afterLook(from, { values: { deadlocks: 1 }, missing: {} }, any).level).toBe('high');
  });
});

const looks = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 30 }).map((active) => load(active)),
    fc.constant(failed),
  ),
  {
    maxLength: 60,
  },
);
const start = fc.constantFrom<Health>('unknown', 'ok', 'high', 'critical');

describe('whatever a probe sees of a database', () => {
  it('a load at a threshold is announced in the look that sees it', () => {
    fc.assert(
      fc.property(start, looks, fc.integer({ min: 20, max: 99 }), (from, before, active) => {
        expect(levelAfter(from, ...before, load(active)).level).toBe('critical');
      }),
    );
  });

  it('a constant load settles after a few looks, and never moves again', () => {
    fc.assert(
      fc.property(
        start,
        looks,
        fc.oneof(
          fc.nat(30).map((n) => load(n)),
          fc.constant(failed),
        ),
        (from, before, look) => {
          const constant = Array<Look>(12).fill(look);
          const seen = constant.map((_, i) => levelAfter(from, ...before, ...constant.slice(0, i + 1)).level);
          // At most two moves: critical to high, and high to ok.
          expect(new Set(seen.slice(2 * LOOKS_TO_CALM)).size).toBe(1);
        },
      ),
    );
  });

  it('a load that swings within the margin changes the level at most once', () => {
    const within = fc.double({ min: 10 * MARGIN, max: 12, noNaN: true }).map((active) => load(active));
    fc.assert(
      fc.property(fc.array(within, { maxLength: 50 }), (swinging) => {
        const seen = ['ok', ...levels('ok', ...swinging)];
        expect(seen.filter((level, i) => i > 0 && level !== seen[i - 1]).length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('two calmer levels are never less than a few looks apart', () => {
    fc.assert(
      fc.property(start, looks, (from, seen) => {
        const rank = { off: 0, unknown: 0, ok: 0, high: 1, critical: 2 };
        const all = [from, ...levels(from, ...seen)];
        const falls = all.flatMap((level, i) => (i > 0 && rank[level] < rank[all[i - 1]!] ? [i] : []));
        for (const [i, at] of falls.entries())
          if (i > 0) expect(at - falls[i - 1]!).toBeGreaterThanOrEqual(LOOKS_TO_CALM);
      }),
    );
  });
});
