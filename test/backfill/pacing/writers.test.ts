import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterContention,
  afterOverload,
  afterStart,
  afterSuccess,
  FIRST_WAIT,
  initialWriters,
  LONGEST_WAIT,
  nextTrial,
  type Writers,
} from '../../../src/backfill/pacing/writers.js';
import { longestWindow, TRIAL_WINDOW, tailHours } from '../../../src/backfill/pacing/writers-windows.js';

const SECOND = 1_000;

/** A customer whose windows each take `seconds(n)` for 1,000 conversations when n are in flight; `fails`: which of them deadlock. */
interface Whale {
  seconds: (writers: number) => number;
  fails?: (writers: number, window: number) => boolean;
}

/** A customer with slots to spare for so long. Every number of writers that it had, and each move with its time. */
function played({ seconds, fails }: Whale, forSeconds: number, max = 16) {
  let writers = initialWriters;
  let windows = 0;
  const running: { startedAt: number; endsAt: number; fails: boolean }[] = [];
  const moves: { at: number; from: number; to: number; why: string }[] = [];
  const moved = (next: Writers, at: number) => {
    if (next.count !== writers.count) moves.push({ at, from: writers.count, to: next.count, why: next.why });
    writers = next;
  };
  for (let at = 1_000_000; at < 1_000_000 + forSeconds * SECOND; at += SECOND) {
    for (const window of running.filter(({ endsAt }) => endsAt <= at)) {
      const full = running.length >= writers.count;
      running.splice(running.indexOf(window), 1);
      const { startedAt } = window;
      if (window.fails) moved(afterContention(writers, { startedAt, at }), at);
      else moved(afterSuccess(writers, { startedAt, at, work: 1_000, full, seen: true }), at);
    }
    const start = () => {
      const takes = seconds(running.length + 1) * SECOND;
      running.push({ startedAt: at, endsAt: at + takes, fails: fails?.(running.length + 1, windows++) ?? false });
    };
    while (running.length < writers.count) start();
    const next = nextTrial(writers, { max, free: max - running.length });
    if (next && next.at <= at && running.length < next.count) {
      moved(afterStart(writers, { at, inFlight: running.length + 1, max, free: max - running.length }), at);
      start();
    }
  }
  return { writers, moves };
}

describe('the writers of one customer', () => {
  it('become as many as there are slots where none of them slows another down', () => {
    const { writers, moves } = played({ seconds: () => 20 }, 600);
    expect(writers.count).toBe(16);
    expect(moves.map(({ to }) => to)).toEqual([2, 4, 8, 16]);
  });

  it('go back to one, with the reason in words, where they only wait for each other', () => {
    const { writers, moves } = played({ seconds: (n) => 20 * n }, 3_600);
    expect(writers.count).toBe(1);
    expect(moves[1]!.why).toMatch(/conversations a second with \d+, which is not worth it$/);
    // What was not worth it is tried again seldom: no oscillation.
    expect(moves.length).toBeLessThanOrEqual(12);
  });

  it.each([20, 2])(
    'stay under a number at which windows of %is always deadlock, and hardly ever try it again',
    (takes) => {
      const { moves } = played({ seconds: () => takes, fails: (n) => n >= 3 }, 4 * 3_600);
      const trials = moves.filter(({ to }) => to > 2);
      // After half a minute, a minute, two and so on: as many as hours have been doubled.
      expect(trials.length).toBeLessThanOrEqual(12);
      expect(moves.filter(({ from, to }) => from > 2 && to !== 2)).toEqual([]);
    },
  );

  const anything = fc.array(
    fc.record({
      kind: fc.constantFrom('start', 'success', 'contention'),
      passed: fc.nat(200 * SECOND),
      took: fc.integer({ min: 1, max: 300 * SECOND }),
      work: fc.nat(10_000),
      full: fc.boolean(),
      free: fc.nat(20),
      seen: fc.boolean(),
      left: fc.double({ min: 0, max: 4e6, noNaN: true }),
    }),
    { maxLength: 150 },
  );

  it('are never fewer than one nor more than the most; one event takes one away or ends a trial, and the same event does no more', () => {
    fc.assert(
      fc.property(anything, fc.integer({ min: 1, max: 40 }), (events, max) => {
        let writers = initialWriters;
        let at = 1_000_000;
        for (const { kind, passed, took, work, full, free, seen } of events) {
          at += passed;
          const startedAt = at - took;
          const before = writers;
          if (kind === 'start') writers = afterStart(writers, { at, inFlight: writers.count + 1, max, free });
          else if (kind === 'success') writers = afterSuccess(writers, { startedAt, at, work, full, seen });
          else {
            writers = afterContention(writers, { startedAt, at });
            expect(writers.count).toBeGreaterThanOrEqual(
              Math.min(before.count - 1, before.trial?.from ?? before.count),
            );
            const { cutAt } = writers;
            if (cutAt === at) expect(afterContention(writers, { startedAt, at: at + 1 })).toBe(writers);
          }
          expect(writers.count).toBeGreaterThanOrEqual(1);
          expect(writers.count).toBeLessThanOrEqual(max);
          expect(JSON.parse(JSON.stringify(writers))).toEqual(writers);
        }
      }),
    );
  });

  it('try the brink again no sooner than its wait, which never leaves its band', () => {
    fc.assert(
      fc.property(anything, (events) => {
        let writers = initialWriters;
        let at = 1_000_000;
        for (const { kind, passed, took, work, free, seen, left } of events) {
          at += passed;
          const { brink } = writers;
          if (kind === 'start') writers = afterStart(writers, { at, inFlight: writers.count + 1, max: 64, free });
          else if (kind === 'success')
            writers = afterSuccess(writers, { startedAt: at - took, at, work, full: true, seen, left });
          else writers = afterContention(writers, { startedAt: at - took, at });
          if (kind === 'start' && brink && at < brink.until) expect(writers.count).toBeLessThan(brink.count);
          if (writers.brink) {
            expect(writers.brink.until).toSatisfy(Number.isInteger);
            expect(writers.brink.wait).toBeGreaterThanOrEqual(FIRST_WAIT);
            expect(writers.brink.wait).toBeLessThanOrEqual(LONGEST_WAIT);
          }
        }
      }),
    );
  });
});

describe('a number of writers of which more were not worth it', () => {
  const brink = { count: 7, until: 0, wait: 180 * SECOND, worthless: true } as const;
  const stuck: Writers = { ...initialWriters, count: 6, movedAt: 1_000, brink };

  /** Windows of so many seconds for 1,000 conversations, by the number in flight, until the number has moved so often. */
  function goesOn(seconds: (writers: number) => number, moves: number, seen = false): { writers: Writers; at: number } {
    let writers = stuck;
    let at = 2_000;
    for (let windows = 0; moves > 0 && windows < 1_000; windows++) {
      const ms = seconds(writers.count) * SECOND;
      at += ms / writers.count;
      const startedAt = Math.max(writers.movedAt, at - ms);
      const before = writers.count;
      writers = afterSuccess(writers, { startedAt, at: startedAt + ms, work: 1_000, full: true, seen });
      if (writers.count !== before) moves--;
    }
    return { writers, at };
  }

  it('falls by a quarter at a time, without a probe, where these only wait for the others', () => {
    const { writers } = goesOn((n) => 20 * n, 3);
    expect(writers).toMatchObject({ count: 2, brink: { count: 4, worthless: true } });
  });

  it('is not asked about far under what was not worth it', () => {
    const far: Writers = { ...stuck, count: 3 };
    const after = Array.from({ length: 20 }).reduce<Writers>(
      (writers) => afterSuccess(writers, { startedAt: 2_000, at: 22_000, work: 1_000, full: true, seen: false }),
      far,
    );
    expect(after).toMatchObject({ count: 3, windows: 20 });
  });

  it('stays where they are worth it, and is tried again after a wait that doubles', () => {
    const { writers } = goesOn(() => 20, 2);
    expect(writers).toMatchObject({ count: 6, why: '+50% conversations a second, compared with 4' });
    const twice = goesOn(() => 20, 4).writers;
    expect(twice.count).toBe(6);
    expect(twice.fewer!.wait).toBe(2 * writers.fewer!.wait);
  });

  it('is left alone by the database becoming high meanwhile, and while a probe looks at it', () => {
    const fewer = goesOn(() => 20, 1).writers;
    expect(fewer).toMatchObject({ count: 4, trial: { from: 6 } });
    expect(afterOverload(fewer, 9e9)).toBe(fewer);
    expect(goesOn((n) => 20 * n, 1, true).writers.count).toBe(6);
  });
});

describe('a trial of more', () => {
  it('is compared with the best window of a lone writer where its first ones are brief, since they are slow to start', () => {
    const rateAfter = (ms: number, best: number) => {
      const lone: Writers = { ...initialWriters, windows: 2, work: 2_000, ms, best };
      return afterStart(lone, { at: 1, inFlight: 2, max: 4, free: 2 }).trial!.rate;
    };
    // Half of these two windows is what starting them takes.
    expect(rateAfter(8 * SECOND, 2)).toBe(1 / 2);
    expect(rateAfter(80 * SECOND, 20)).toBe(1 / 40);
  });

  it('is of a number in the middle where one was too many', () => {
    const brink = { count: 16, until: 9e9, wait: FIRST_WAIT };
    expect(nextTrial({ ...initialWriters, count: 8, windows: 20, brink }, { max: 32, free: 20 })).toEqual({
      count: 12,
      at: 0,
    });
  });

  it('that was not worth it comes again sooner where little is left to do', () => {
    const trial: Writers = {
      ...initialWriters,
      count: 2,
      movedAt: 1,
      windows: 3,
      work: 1,
      ms: 9e6,
      trial: { from: 1, rate: 1 },
    };
    const window = { startedAt: 2, at: 9e6, work: 1, full: true, seen: true };
    const waitWith = (left: number) => afterSuccess(trial, { ...window, left }).brink!.wait;
    expect(waitWith(20 * 60 * SECOND)).toBe(60 * SECOND);
    expect(waitWith(1_234_567)).toBe(61_729);
    expect(waitWith(1)).toBe(FIRST_WAIT);
    expect(waitWith(9e9)).toBe(180 * SECOND);
  });
});

describe('more writers on trial while the database becomes high', () => {
  const trial: Writers = { ...initialWriters, count: 4, movedAt: 1_000, trial: { from: 2, rate: 1 } };

  it('are taken back, and tried again after some minutes', () => {
    const back = afterOverload(trial, 2_000);
    expect(back).toMatchObject({ count: 2, why: 'the database was high with 4 on trial' });
    expect(nextTrial({ ...back, windows: 10 }, { max: 4, free: 2 })).toEqual({ count: 3, at: 0 });
    expect(back.brink!.wait).toBeGreaterThanOrEqual(60 * SECOND);
  });

  it('are tried again sooner where little is left to do, since a run of a minute has no minutes to wait', () => {
    expect(afterOverload(trial, 2_000, 50 * SECOND).brink!.wait).toBe(FIRST_WAIT);
  });

  it('are not blamed again for what their last windows meet', () => {
    const back = afterOverload(trial, 2_000);
    expect(afterContention(back, { startedAt: 1_500, at: 3_000 })).toBe(back);
  });

  it('stay where they are known to go well', () => {
    const { trial: _, ...known } = trial;
    expect(afterOverload(known, 2_000)).toBe(known);
  });
});

describe('windows of several writers', () => {
  it('are short while a number is on trial, so that a deadlock undoes little', () => {
    const trial: Writers = { ...initialWriters, count: 2, trial: { from: 1, rate: 1 } };
    const ms = longestWindow(trial, { now: 0, asked: true, chain: 10 * 3_600 * SECOND, max: 64 })!;
    expect(ms).toBeLessThanOrEqual(TRIAL_WINDOW);
  });

  it('get shorter towards the end of the chain, so that all end together, and not under the smallest', () => {
    expect(tailHours({ waiting: 240, writers: 4, least: 1 })).toBe(15);
    expect(tailHours({ waiting: 4, writers: 4, least: 1 })).toBe(1);
    expect(tailHours({ waiting: 4, writers: 4, least: 6 })).toBe(6);
    expect(tailHours({ waiting: 240, writers: 1, least: 1 })).toBe(240);
  });
});
