import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterCongestion,
  afterHealth,
  afterStart,
  afterSuccess,
  afterTrialsEnded,
  growthOf,
  type Health,
  initialPace,
  type Pace,
} from '../../../src/backfill/pacing/pace.js';
import { initialWriters } from '../../../src/backfill/pacing/writers.js';

const SECOND = 1_000;

/** Anything that can happen to the limit. */
const happening = fc.oneof(
  fc.record({
    kind: fc.constant('health' as const),
    health: fc.constantFrom<Health>('ok', 'high', 'critical', 'unknown'),
  }),
  fc.record({
    kind: fc.constant('success' as const),
    ratio: fc.double({ min: 0.1, max: 4, noNaN: true }),
    full: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('congestion' as const), ago: fc.nat(600 * SECOND) }),
  fc.record({ kind: fc.constant('start' as const) }),
);

type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

interface Scene {
  pace: Pace;
  health: Health;
}

/** A window of a minute that succeeded. */
const succeeded = ({ health, ...window }: { at: number; ratio: number; full: boolean; health: Health }) => ({
  ...window,
  startedAt: window.at - 60 * SECOND,
  work: 1_000,
  load: { level: health },
});

function next({ pace, health }: Scene, event: Happening, bounds: { min: number; max: number }, at: number): Scene {
  switch (event.kind) {
    case 'health':
      return {
        health: event.health,
        pace: afterHealth(pace, { level: event.health }, { from: health, at, why: 'a test' }),
      };
    case 'success':
      return {
        health,
        pace: afterSuccess(pace, bounds, succeeded({ at, ratio: event.ratio, full: event.full, health })),
      };
    case 'congestion':
      return { health, pace: afterCongestion(pace, { startedAt: at - event.ago, at, why: 'a test' }) };
    case 'start':
      return { health, pace: afterStart(pace, bounds, { at, inFlight: pace.limit + 1, load: { level: health } }) };
    default:
      return event satisfies never;
  }
}

const stories = fc.record({
  max: fc.integer({ min: 1, max: 64 }),
  min: fc.integer({ min: 1, max: 64 }),
  health: fc.constantFrom<Health>('off', 'ok', 'unknown'),
  events: fc.array(fc.tuple(fc.nat(120 * SECOND), happening), { maxLength: 200 }),
});

function each(check: (before: Scene, event: Happening, after: Scene, at: number) => void) {
  fc.assert(
    fc.property(stories, ({ min, max, health, events }) => {
      const bounds = { min, max };
      let scene: Scene = { pace: initialPace(bounds), health };
      let at = 1_000_000;
      expect(scene.pace.limit).toBe(Math.min(min, max));
      for (const [passed, event] of events) {
        at += passed;
        const after = next(scene, event, bounds, at);
        expect(after.pace.limit).toBeGreaterThanOrEqual(1);
        expect(after.pace.limit).toBeLessThanOrEqual(max);
        check(scene, event, after, at);
        scene = after;
      }
    }),
  );
}

describe('the limit', () => {
  it('never leaves 1 to max, and every move says from where to where', () => {
    each(({ pace: before }, _, { pace: after }) => {
      if (after.limit !== before.limit) expect(after.reason).toContain(`${before.limit} → ${after.limit}: `);
    });
  });

  it('is halved at once by a congestion event, and not again by windows that were in flight then', () => {
    each(({ pace: before }, event, { pace: after }, at) => {
      if (event.kind !== 'congestion') return;
      const answered = before.cutAt !== undefined && at - event.ago <= before.cutAt;
      expect(after.limit).toBe(answered ? before.limit : Math.max(1, Math.floor(before.limit / 2)));
      expect(afterCongestion(after, { startedAt: at - event.ago, at: at + 1, why: 'the same' })).toBe(after);
    });
  });

  it('never grows while the database is high or critical, and out of sight not to what was too much', () => {
    each((before, event, { pace: after, health }) => {
      if (event.kind === 'health' || after.limit <= before.pace.limit) return;
      expect(['off', 'ok', 'unknown']).toContain(health);
      if (health === 'unknown') expect(after.limit).toBeLessThan(before.pace.brink ?? 0);
    });
  });

  it('says that it stays where it can fall no further', () => {
    const { reason } = afterCongestion(initialPace({ min: 1, max: 8 }), { startedAt: 1e6, at: 1e6, why: 'a test' });
    expect(reason).toBe('stays 1: a test');
  });

  it('does not grow within half a minute of going down', () => {
    each(({ pace: before }, _, { pace: after }, at) => {
      if (before.downAt !== undefined && at - before.downAt < 30 * SECOND) {
        expect(after.limit).toBeLessThanOrEqual(before.limit);
      }
    });
  });

  it('does not grow while windows are much slower than they were, where the probe gives no utilization', () => {
    const slow = { ...initialPace({ min: 4, max: 64 }), slowness: 3 };
    expect(growthOf(slow, { min: 1, max: 64 }, { level: 'ok' })).toBeUndefined();
    expect(growthOf(slow, { min: 1, max: 64 }, { level: 'ok', utilization: 0.2 })?.limit).toBe(8);
  });

  it('without a probe comes down by as much as windows are too slow, and not for a single slow window', () => {
    const bounds = { min: 8, max: 64 };
    let pace = initialPace(bounds);
    const slow = (i: number) => succeeded({ at: 1e6 + i * SECOND, ratio: 3, full: true, health: 'off' });
    pace = afterSuccess(pace, bounds, slow(0));
    expect(pace.limit).toBe(8);
    for (let i = 1; pace.limit === 8 && i < 100; i++) pace = afterSuccess(pace, bounds, slow(i));
    expect(pace.limit).toBeLessThanOrEqual(6);
    expect(pace.limit).toBeGreaterThanOrEqual(4);
    expect(pace.reason).toMatch(/^8 → \d: windows take [\d.]+ times as long for the same work as they did$/);
  });

  /** A limit that is found without a probe, after so many windows of a minute each, or so many seconds. */
  const climbedOn = (pace: Pace, windows: number, seconds = 60, at = 1e6) =>
    Array.from({ length: windows }).reduce<Pace>(
      (next) =>
        afterSuccess(
          next,
          { min: 1, max: 64 },
          {
            startedAt: at - seconds * SECOND,
            at,
            work: 1_000,
            ratio: 1,
            full: true,
            load: { level: 'off' },
          },
        ),
      pace,
    );

  it('without a probe goes back where more brought less than a third of what independent windows would', () => {
    const trial = { from: 3, rate: 3_000 / (60 * SECOND) };
    const onTrial = { ...initialPace({ min: 4, max: 64 }), climb: { ...initialWriters, count: 4, trial } };
    // A fourth independent window would bring a third more; a third of that is 11%.
    expect(climbedOn(onTrial, 8, 70)).toMatchObject({ limit: 4 });
    expect(climbedOn(onTrial, 8, 74)).toMatchObject({
      limit: 3,
      reason: '4 → 3: +8% conversations a second with 4, which is not worth it',
    });
  });

  it('without a probe remembers for how long a number was enough when the limit moves', () => {
    const brink = { count: 10, until: 1e9, wait: 1, worthless: true } as const;
    const climb = { ...initialWriters, count: 9, brink, fewer: { until: 2e6, wait: 1e6 } };
    const pulled = { ...initialPace({ min: 8, max: 64 }), climb };
    expect(climbedOn(pulled, 40)).toMatchObject({ limit: 8 });
    expect(climbedOn(pulled, 40, 60, 3e6).limit).toBeLessThan(8);
  });

  it('without a probe grows by one for each brief window that succeeds with every slot taken, whatever its throughput', () => {
    const bounds = { min: 1, max: 4 };
    let pace = initialPace(bounds);
    const brief = (work: number, full = true) => ({
      startedAt: 1e6 - 200,
      at: 1e6,
      work,
      ratio: 1,
      full,
      load: { level: 'off' as const },
    });
    pace = afterSuccess(pace, bounds, brief(1_000, false));
    expect(pace.limit).toBe(1);
    for (const work of [1_000, 10, 500, 1, 1]) pace = afterSuccess(pace, bounds, brief(work));
    expect(pace).toMatchObject({ limit: 4, reason: '3 → 4: windows went well with every slot taken' });
  });

  it('doubles far under what operators bear, steps closer to it, holds near it, and sheds one at a time over it', () => {
    const bounds = { min: 1, max: 64 };
    const at = (utilization: number, pace: Pace) => growthOf(pace, bounds, { level: 'ok', utilization })?.limit;
    const start = initialPace({ min: 16, max: 64 });
    expect(at(0.1, start)).toBe(32);
    expect(at(0.65, start)).toBe(20);
    expect(at(0.75, start)).toBe(17);
    expect(at(0.9, start)).toBeUndefined();
    const over = afterHealth(start, { level: 'high', utilization: 1.1 }, { from: 'ok', at: 1e6, why: 'a test' });
    expect(over.limit).toBe(15);
    const answered = afterHealth(
      afterTrialsEnded(start, 1e6),
      { level: 'high', utilization: 1.1 },
      { from: 'ok', at: 1e6, why: 'a test' },
    );
    expect(answered.limit).toBe(start.limit);
    const near = afterHealth(start, { level: 'high', utilization: 0.9 }, { from: 'high', at: 1e6, why: 'a test' });
    expect(near.limit).toBe(16);
    expect(at(0.1, { ...over, downAt: 0, movedAt: 0, brink: 64 })).toBe(22);
  });
});

it('waits half a minute before it tries a limit again that was too much, then twice as long each time that proves so', () => {
  const bounds = { min: 16, max: 64 };
  const load = { level: 'ok' as const, utilization: 0.75 };
  const waits: number[] = [];
  let pace = initialPace(bounds);
  for (let at = 1e6; waits.length < 6; ) {
    const health = { from: 'ok' as const, at, why: 'a test' };
    pace = afterHealth(pace, { level: 'high', utilization: 1 }, health);
    const again = growthOf(pace, bounds, load)!;
    waits.push((again.at - at) / SECOND);
    pace = afterStart(pace, bounds, { at: again.at, inFlight: again.limit, load });
    at = again.at + 10 * SECOND;
  }
  expect(waits).toEqual([30, 60, 120, 240, 300, 300]);
});

it.each([
  [0, 'under 25% of what it may bear'],
  [0.25, 'under 50% of what it may bear'],
  [0.65, 'under 70% of what it may bear'],
  [undefined, 'ok'],
])(
  'grows at a utilization of %s for no more than what is known: an announced one holds until the next step',
  (utilization, known) => {
    const load = { level: 'ok' as const, ...(utilization !== undefined && { utilization }) };
    const { why } = afterStart(initialPace({ min: 8, max: 64 }), { min: 8, max: 64 }, { at: 1e6, inFlight: 9, load });
    expect(why).toBe(`the database is ${known} with every slot taken`);
  },
);

describe('brief windows, all of which end and start again at once', () => {
  const bounds = { min: 4, max: 64 };
  const load = { level: 'ok' as const, utilization: 0.1 };
  const startAll = (pace: Pace, at: number) =>
    [1, 2, 3, 4].reduce((before, inFlight) => afterStart(before, bounds, { at, inFlight, load }), pace);
  const atTimes = (ms: number[]) => ms.reduce(startAll, initialPace(bounds));
  const everyTenth = Array.from({ length: 101 }, (_, i) => 1e6 + 100 * i);

  it('leave the limit full, so that it grows', () => {
    expect(growthOf(atTimes(everyTenth), bounds, load)).toEqual({ at: 1e6 + 10 * SECOND, limit: 8 });
  });

  it('do not, where slots were free meanwhile', () => {
    const later = 1e6 + 60 * SECOND;
    expect(growthOf(atTimes([...everyTenth, later]), bounds, load)?.at).toBe(later + 10 * SECOND);
  });
});

/** A database that is high from `capacity` windows on, always fully used by windows of a minute; looked at every 5 s. */
function underConstantLoad(capacity: number, seconds: number, from: Pace, disturb?: (pace: Pace, at: number) => Pace) {
  const bounds = { min: 1, max: 64 };
  const limits: number[] = [];
  let pace = from;
  let running = 0;
  let health: Health = 'ok';
  for (let s = 0; s < seconds; s++) {
    const at = 1e6 + s * SECOND;
    // One window in sixty ends in each second.
    const ending = Math.floor(((s + 1) * running) / 60) - Math.floor((s * running) / 60);
    for (let i = 0; i < ending; i++) {
      pace = afterSuccess(pace, bounds, succeeded({ at, ratio: 1, full: running >= pace.limit, health }));
      running--;
    }
    if (disturb) pace = disturb(pace, at);
    const growth = growthOf(pace, bounds, { level: health });
    if (running >= pace.limit && growth && growth.at <= at) {
      pace = afterStart(pace, bounds, { at, inFlight: pace.limit + 1, load: { level: health } });
    }
    while (running < pace.limit) {
      running++;
      pace = afterStart(pace, bounds, { at, inFlight: running, load: { level: health } });
    }
    if (s % 5 === 0) {
      const level: Health = running >= capacity || (health === 'high' && running >= 0.8 * capacity) ? 'high' : 'ok';
      if (level !== health) pace = afterHealth(pace, { level }, { from: health, at, why: 'a test' });
      health = level;
    }
    limits.push(pace.limit);
  }
  return { pace, limits };
}

describe('under a constant load', () => {
  it('settles between 70% of the capacity and one window over it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 60 }), (capacity) => {
        const { limits } = underConstantLoad(capacity, 3_600, initialPace({ min: 1, max: 64 }));
        const settled = limits.slice(1_200);
        expect(Math.min(...settled)).toBeGreaterThanOrEqual(Math.floor(0.7 * capacity) - 1);
        expect(Math.max(...settled)).toBeLessThanOrEqual(capacity + 1);
        // Trying the brink again is rare: the limit moves less than four times a minute in the mean.
        const moves = settled.filter((limit, i) => i > 0 && limit !== settled[i - 1]).length;
        expect(moves).toBeLessThan((settled.length / 60) * 4);
      }),
      { numRuns: 30 },
    );
  });

  it('recovers from a cut within five minutes once what caused it is over', () => {
    const settled = underConstantLoad(24, 1_200, initialPace({ min: 1, max: 64 })).pace;
    const cut = afterCongestion(settled, { startedAt: 1e9, at: 1e9, why: 'a test' });
    expect(cut.limit).toBeLessThanOrEqual(settled.limit / 2);
    const later = { ...cut, downAt: 1e6, movedAt: 1e6, fullUntil: 0 };
    const { limits } = underConstantLoad(24, 300, later);
    expect(Math.max(...limits)).toBeGreaterThanOrEqual(settled.limit - 2);
  });
});
