import { describe, expect, it } from 'vitest';
import { evolve } from '../../../src/backfill/events/evolve.js';
import type { FailureClass } from '../../../src/backfill/failures/classify.js';
import { parseDay } from '../../../src/backfill/hours/calendar.js';
import type { WindowKey } from '../../../src/backfill/hours/window.js';
import { formatWindowSize } from '../../../src/backfill/hours/window.js';
import { decide } from '../../../src/backfill/schedule/decide.js';
import { writersOf } from '../../../src/backfill/schedule/limit.js';
import type { State } from '../../../src/backfill/state/state.js';
import { planOf } from '../../../src/backfill/views/plan.js';
import { preparedState, startAll } from '../../support/state.js';

const NOW = Date.UTC(2026, 1, 7);
const MINUTE = 60_000;
const hour = (day: string) => parseDay(day)!;
const failure = (kind: FailureClass) => ({ class: kind, message: `a ${kind} failure`, evidence: 'a test' });

const stateOf = (input: object) => preparedState({ end: '2026-02-01', ...input }, NOW);

const resizing = { window: { initial: '1mo' }, customers: ['cvs'] };
const sizeOf = (state: State, customer = 0) => formatWindowSize(state.customers[customer]!.pacing.sizing.size);

describe('a time-out', () => {
  it('halves the window; the halves run one after the other, at once, as first attempts', () => {
    const { state, windows } = startAll(stateOf(resizing), NOW);
    const failed = evolve(state, { kind: 'windowFailed', at: NOW + 1, ...windows[0]!, failure: failure('timeout') });
    expect(sizeOf(failed)).toBe('16d');
    const halves = startAll(failed, NOW + 1);
    expect(halves.windows).toEqual([{ customer: 0, hours: [hour('2026-01-01'), hour('2026-01-17')], attempt: 1 }]);
  });

  it('of the smallest window is tried again, then fails', () => {
    let state = stateOf({ window: { initial: '1h' }, end: '2026-01-02', customers: ['cvs'] });
    let now = NOW;
    for (const attempt of [1, 2, 3]) {
      const { state: running, windows } = startAll(state, now);
      const window = windows.find(({ hours }) => hours[0] === hour('2026-01-01'))!;
      expect(window.attempt).toBe(attempt);
      state = evolve(running, { kind: 'windowFailed', at: now, ...window, failure: failure('timeout') });
      now += 10 * MINUTE;
    }
    expect(state.customers[0]!.hours.failed).toEqual([[hour('2026-01-01'), hour('2026-01-01') + 1]]);
  });
});

describe('a window of another size that the run had adopted', () => {
  const month = { customer: 0, hours: [hour('2026-01-01'), hour('2026-02-01')] } satisfies WindowKey;
  const adopted = (input: object) =>
    evolve(stateOf({ customers: ['cvs'], ...input }), { kind: 'windowFound', at: NOW, ...month, runId: 'x' });

  it('is not started again as it was: its hours wait for windows of the size that the run was asked for', () => {
    const failed = evolve(adopted({ window: '1d' }), {
      kind: 'windowFailed',
      at: NOW + 1,
      ...month,
      failure: failure('timeout'),
    });
    const { windows } = startAll(failed, NOW + 1);
    expect(windows).toEqual([{ customer: 0, hours: [hour('2026-01-01'), hour('2026-01-02')], attempt: 1 }]);
  });

  it("does not make its customer's windows larger by timing out", () => {
    const failed = evolve(adopted({ window: { initial: '2d' } }), {
      kind: 'windowFailed',
      at: NOW + 1,
      ...month,
      failure: failure('timeout'),
    });
    expect(sizeOf(failed)).toBe('2d');
  });

  it('is held when a person stopped it, as any other', () => {
    const held = evolve(adopted({}), { kind: 'windowFailed', at: NOW + 1, ...month, failure: failure('stopped') });
    expect(held.customers[0]!.hours.held).toEqual([month.hours]);
  });

  it('leaves no retry behind for hours that run', () => {
    const { state, windows } = startAll(stateOf({ customers: ['cvs'] }), NOW);
    let next = evolve(state, { kind: 'windowFailed', at: NOW + 1, ...windows[0]!, failure: failure('unknown') });
    expect(next.customers[0]!.windows.retries).toHaveLength(1);
    next = evolve(next, { kind: 'windowFound', at: NOW + 2, ...month, runId: 'x' });
    expect(next.customers[0]!.windows.retries).toEqual([]);
  });
});

describe('contention', () => {
  const together = {
    window: { initial: '10d' },
    customers: ['cvs'],
    parallelism: { max: 4, perCustomer: 4, adaptive: true, min: 4 },
  };

  it('takes a writer away, cuts the limit once for windows in flight together, and tries the same window again later', () => {
    const { state, windows } = startAll(stateOf(together), NOW);
    expect(windows).toHaveLength(4);
    let failed = evolve(state, { kind: 'windowFailed', at: NOW + 1, ...windows[0]!, failure: failure('contention') });
    expect(failed.pacing.pace.limit).toBe(2);
    failed = evolve(failed, { kind: 'windowFailed', at: NOW + 2, ...windows[1]!, failure: failure('contention') });
    expect(failed.pacing.pace.limit).toBe(2);
    expect(writersOf(failed, failed.customers[0]!)).toBe(2);
    expect(sizeOf(failed)).toBe('10d');
    expect(failed.customers[0]!.windows.retries).toHaveLength(2);
  });

  it('met again as the only writer halves the window', () => {
    let state = stateOf({ ...together, parallelism: 1 });
    let now = NOW;
    for (const size of ['10d', '5d']) {
      const { state: running, windows } = startAll(state, now);
      state = evolve(running, { kind: 'windowFailed', at: now, ...windows[0]!, failure: failure('contention') });
      expect(sizeOf(state)).toBe(size);
      now += 10 * MINUTE;
    }
  });
});

describe('overload', () => {
  it("cuts the cluster's limit and tries the same window again", () => {
    const input = { customers: ['a', 'b', 'c', 'd'], parallelism: { max: 8, min: 8, adaptive: true } };
    const { state, windows } = startAll(stateOf(input), NOW);
    const failed = evolve(state, { kind: 'windowFailed', at: NOW + 1, ...windows[0]!, failure: failure('overload') });
    expect(failed.pacing.pace).toMatchObject({ limit: 4, reason: '8 → 4: 1 overload in 60s' });
    expect(failed.customers[0]!.windows.retries).toMatchObject([{ attempts: 1, class: 'overload' }]);
    expect(decide(failed, NOW + 1)).toMatchObject({ kind: 'startWindow' });
  });
});

describe('windows that succeed without a probe', () => {
  it('let the limit grow once every slot has seen two of them; with a slot free they say nothing', () => {
    const customers = ['a', 'b', 'c', 'd'];
    const parallelism = { max: 8, min: 2, adaptive: true };
    let { state } = startAll(stateOf({ customers, parallelism, end: '2026-01-06' }), NOW);
    const complete = (at: number) => {
      const index = state.customers.findIndex(({ windows }) => windows.running.length > 0);
      const { hours } = state.customers[index]!.windows.running[0]!;
      state = evolve(state, { kind: 'windowCompleted', at, customer: index, hours });
    };
    for (let i = 1; i <= 4; i++) {
      complete(NOW + i * MINUTE);
      expect(state.pacing.pace.limit).toBe(2);
      state = startAll(state, NOW + i * MINUTE).state;
    }
    expect(state.pacing.pace).toMatchObject({ limit: 3, reason: '2 → 3: 4 windows went well with 2' });
    // The first of these frees a slot, so that the second says nothing.
    for (let i = 5; i <= 6; i++) complete(NOW + i * MINUTE);
    expect(state.pacing.pace.climb).toMatchObject({ windows: 1 });
  });
});

describe('the canary', () => {
  it('starts the smallest customers until enough windows succeeded, then the largest', () => {
    const customers = [5_000, 100, 400_000, 2_000].map((conversations, i) => ({ id: `c${i}`, conversations }));
    let state = stateOf({ customers, canary: 2, end: '2026-01-03' });
    const order: number[] = [];
    for (let now = NOW; order.length < 5; now += MINUTE) {
      const { state: running, windows } = startAll(state, now);
      order.push(windows[0]!.customer);
      state = evolve(running, { kind: 'windowCompleted', at: now, ...windows[0]! });
    }
    expect(order).toEqual([1, 1, 2, 2, 0]);
  });
});

describe('the dry run', () => {
  it('warns of windows that would hold too much, and says what is the critical path', () => {
    const customers = [
      { id: 'cvs', conversations: 4_200_000 },
      { id: 'small', conversations: 1_000 },
    ];
    const plan = planOf(stateOf({ customers, window: '1mo', parallelism: 4 }));
    expect(plan.warnings).toEqual(['cvs: one window of 1mo would hold 4.2M conversations; it may time out']);
    expect(plan.criticalPath).toMatchObject({ customer: 'cvs', windows: 1, durationMs: 16_800_000 });
    expect(plan.expectedDurationMs).toBe(16_800_000);
  });

  it('has nothing to warn of where windows size themselves', () => {
    const customers = [{ id: 'cvs', conversations: 4_200_000 }];
    const plan = planOf(stateOf({ customers, window: { initial: 'auto' } }));
    expect(plan.warnings).toEqual([]);
    expect(plan.customers[0]).toMatchObject({ window: '1d', windows: 31 });
  });
});
