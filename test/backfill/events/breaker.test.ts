import { describe, expect, it } from 'vitest';
import { perform } from '../../../src/backfill/commands/perform.js';
import type { Event } from '../../../src/backfill/events/event.js';
import { evolve } from '../../../src/backfill/events/evolve.js';
import type { FailureClass } from '../../../src/backfill/failures/classify.js';
import { growthOf } from '../../../src/backfill/pacing/pace.js';
import { decide } from '../../../src/backfill/schedule/decide.js';
import type { State } from '../../../src/backfill/state/state.js';
import { progressOf } from '../../../src/backfill/views/progress.js';
import { statusOf } from '../../../src/backfill/views/status.js';
import { DAY, failureOf, HOUR, MINUTE, requestOf, START } from '../../support/core.js';
import { drive, startsOf } from '../../support/simulator.js';
import { preparedState, startAll } from '../../support/state.js';

const named = (count: number) => Array.from({ length: count }, (_, i) => `c${i}`);

type Run = ReturnType<typeof startAll>;

const failed = (state: State, at: number, window: Run['windows'][number], kind: FailureClass) =>
  evolve(state, { kind: 'windowFailed', at, ...window, failure: failureOf(kind) } as Event);

/** A run of one-day customers, all started at once, of which the first ones fail for good. */
function opened({ fail = 11, kind = 'unknown' as FailureClass, breaker = {} } = {}): Run & { at: number } {
  const retry = { unknown: { attempts: 1 } };
  const run = startAll(
    preparedState({ customers: named(60), end: '2026-01-02', parallelism: 20, retry, breaker }),
    START,
  );
  let { state } = run;
  let at = START;
  for (const [i, window] of run.windows.entries()) {
    at += 1_000;
    if (i < fail) state = failed(state, at, window, kind);
    else state = evolve(state, { kind: 'windowCompleted', at, ...window });
  }
  return { state, windows: run.windows, at };
}

describe('a run in which nearly everything fails', () => {
  it('stops instead of failing the whole fleet, says why and names what a person can do', () => {
    const { state, at } = opened();
    // It opens with a failure, which the last window was not.
    expect(statusOf(state).status).toBe('running');
    const { state: next, windows } = startAll(state, at);
    const open = failed(next, at + 1, windows[0]!, 'unknown');
    expect(statusOf(open)).toEqual({
      status: 'paused',
      reason: expect.stringMatching(/^breaker: 11 of the latest 20 windows failed, lately for unknown/),
    });
    expect(decide(open, at + 1)).toEqual({ kind: 'wait', until: at + 1 + 5 * MINUTE });
    expect(progressOf(open, at + 1).attention[0]).toMatchObject({ customer: 'the run', class: 'breaker' });
    const resumed = perform(open, { name: 'resume' }, at + 2);
    expect('state' in resumed && decide(resumed.state, at + 2).kind).toBe('startWindow');
  });
});

describe('an open breaker', () => {
  const open = () => {
    const run = opened({ breaker: { retryAfter: '1m' } });
    const { state, windows } = startAll(run.state, run.at);
    const at = run.at + 1;
    return windows.reduce((run, window) => ({ at: run.at, state: failed(run.state, run.at, window, 'unknown') }), {
      at,
      state,
    });
  };

  it('tries one window by itself, so that a night without an operator is not lost', () => {
    const { state, at } = open();
    expect(decide(state, at + MINUTE - 1).kind).toBe('wait');
    const { state: tried, windows } = startAll(state, at + MINUTE);
    expect(windows).toHaveLength(1);
    // The last claim of all: no part of the run waits longer for the answer than for its smallest window.
    expect(state.customers[windows[0]!.customer]!.id).toBe('c59');
    expect(statusOf(tried)).toMatchObject({ status: 'paused', reason: expect.stringContaining('being tried') });
    const closed = evolve(tried, { kind: 'windowCompleted', at: at + 2 * MINUTE, ...windows[0]! });
    expect(closed.guard.breaker).toBeUndefined();
    expect(startAll(closed, at + 2 * MINUTE).windows.length).toBeGreaterThan(1);
  });

  it('leaves no limit that was too much when it closes, since windows failed however few there were', () => {
    const { state, at } = open();
    const pace = { ...state.pacing.pace, limit: 1, downAt: at, brink: 2, brinkWait: 5 * MINUTE };
    const adaptive = {
      ...state,
      parallelism: { ...state.parallelism, adaptive: true },
      pacing: { ...state.pacing, pace },
    };
    const resumed = perform(adaptive, { name: 'resume' }, at + MINUTE);
    if (!('state' in resumed)) throw new Error(resumed.refused);
    const growth = growthOf(resumed.state.pacing.pace, { min: 1, max: 8 }, { level: 'ok', utilization: 0 });
    expect(growth!.at).toBe(at + MINUTE / 2);
  });

  it('gives the days that failed meanwhile another try when it closes, but only one', () => {
    const { state, at } = open();
    const failedBefore = state.customers.filter(({ hours }) => hours.failed.length > 0).length;
    expect(failedBefore).toBeGreaterThan(20);
    const { state: tried, windows } = startAll(state, at + MINUTE);
    const closed = evolve(tried, { kind: 'windowCompleted', at: at + 2 * MINUTE, ...windows[0]! });
    expect(closed.customers.filter(({ hours }) => hours.failed.length > 0)).toEqual([]);
    expect(closed.customers.filter(({ hours }) => hours.retriedAfterBreaker)).toHaveLength(failedBefore);
  });

  it('waits twice as long after each trial that fails, an hour at most', () => {
    let { state, at } = open();
    const waits: number[] = [];
    for (let i = 0; i < 9; i++) {
      const decision = decide(state, at);
      if (decision.kind !== 'wait' || decision.until === undefined) throw new Error(`it decides ${decision.kind}`);
      waits.push((decision.until - at) / MINUTE);
      at = decision.until;
      const { state: tried, windows } = startAll(state, at);
      state = failed(tried, at, windows[0]!, 'unknown');
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('leaves permanent failures to a person when it closes', () => {
    const { state, at } = open();
    const { state: tried, windows } = startAll(state, at + MINUTE);
    const [broken, ...rest] = tried.customers;
    const problems = broken!.record.problems.map((problem) => ({ ...problem, class: 'permanent' as const }));
    const record = { ...broken!.record, problems };
    const permanent = { ...tried, customers: [{ ...broken!, record }, ...rest] };
    const closed = evolve(permanent, { kind: 'windowCompleted', at: at + 2 * MINUTE, ...windows[0]! });
    expect(closed.customers.flatMap(({ record }) => record.problems.map((problem) => problem.class))).toEqual([
      'permanent',
    ]);
  });
});

describe('a run that learns', () => {
  it('is not stopped while a person sleeps: windows that time out are split, days that deadlock once succeed', () => {
    const request = requestOf({
      customers: ['cvs', 'oportun', 'marriott'],
      end: '2026-02-01',
      window: { initial: '4d', max: '4d' },
      parallelism: 3,
      breaker: { retryAfter: '1h' },
    });
    const deadlocked = new Set<string>();
    const run = drive(request, {
      outcomes: ({ customer, hours: [from, to] }) => {
        if (to - from > 24) return { after: MINUTE, end: 'timeout' };
        const day = `${customer} ${from}`;
        if (deadlocked.has(day)) return { after: MINUTE, end: 'completed' };
        deadlocked.add(day);
        return { after: MINUTE, end: 'contention' };
      },
      watch: (state) => expect(state.guard.breaker).toBeUndefined(),
    });
    expect(run.ending).toBe('completed');
  });

  it('does not count windows that a person stopped', () => {
    const run = drive(requestOf({ customers: named(30), end: '2026-01-02', parallelism: 30 }), {
      outcomes: () => ({ after: MINUTE, end: 'stopped' }),
      watch: (state) => expect(state.guard.breaker).toBeUndefined(),
    });
    expect(run.ending).toBe('incomplete');
  });
});

describe('a database that is away for some hours at night', () => {
  it('costs no day: nobody is there, and in the morning the run is done', () => {
    const away = { from: START + HOUR, to: START + 4 * HOUR };
    let now = START;
    const request = requestOf({
      customers: named(10),
      end: '2026-02-01',
      parallelism: 4,
      breaker: { retryAfter: '5m' },
      operatorTimeout: '7d',
    });
    const run = drive(request, {
      watch: (_, at) => (now = at),
      outcomes: () =>
        now >= away.from && now < away.to ? { after: 1_000, end: 'overload' } : { after: 4 * MINUTE, end: 'completed' },
    });
    expect(run.ending).toBe('completed');
    expect(run.endedAt).toBeLessThan(START + DAY);
    const during = startsOf(run).filter(({ at }) => at > away.from + 30 * MINUTE && at < away.to);
    expect(during.length).toBeLessThan(12);
  });
});
