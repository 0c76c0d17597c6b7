import { expect, it } from 'vitest';
import { evolve } from '../../../src/backfill/events/evolve.js';
import { initialWriters } from '../../../src/backfill/pacing/writers.js';
import type { State } from '../../../src/backfill/state/state.js';
import { HOUR, MINUTE, START } from '../../support/core.js';
import { newState } from '../../support/state.js';

/** The first of two customers, or both, have a second writer on trial, and eight windows may be in flight. */
function onTrial(both = false): State {
  const parallelism = { max: 8, min: 8, perCustomer: 'auto', adaptive: true };
  const state = newState({ customers: ['cvs', 'oportun'], parallelism, probe: { maxLoad: { a: 1 } } });
  const foundWriters = { ...initialWriters, count: 2, trial: { from: 1, rate: 1 } };
  const running = [24, 48].map((from) => ({ hours: [from, from + 24] as const, attempt: 1, startedAt: START }));
  const customers = state.customers.map((customer, i) => {
    if (i > 0 && !both) return customer;
    // The first has less left to do.
    const waiting = i > 0 ? customer.hours.waiting : [[72, 96] as const];
    return {
      ...customer,
      hours: { ...customer.hours, waiting },
      pacing: { ...customer.pacing, foundWriters },
      windows: { ...customer.windows, running },
    };
  });
  return { ...state, customers };
}

const high = (after: number, lag = 0) =>
  ({ kind: 'healthChanged', at: START + HOUR + after, level: 'high', reason: 'a is 1', utilization: 1, lag }) as const;

it('a high database takes the writers on trial back, and leaves the limit to everybody else', () => {
  const state = evolve(onTrial(), high(0));
  expect(state.customers[0]!.pacing.foundWriters!.count).toBe(1);
  expect(state.pacing.pace.limit).toBe(8);
});

it('a customer whose number is fixed by now has no trial that could answer for it', () => {
  const state = onTrial();
  const fixed = { ...state, parallelism: { ...state.parallelism, perCustomer: 1 } };
  expect(evolve(fixed, high(0)).pacing.pace.limit).toBe(7);
});

it('a database that stays high then costs the limit one, no sooner than it can show what was done', () => {
  const answered = evolve(onTrial(), high(0, MINUTE));
  const tooSoon = evolve(answered, high(MINUTE / 2, MINUTE));
  expect(tooSoon.pacing.pace.limit).toBe(8);
  expect(evolve(tooSoon, high(MINUTE + 1, MINUTE)).pacing.pace.limit).toBe(7);
});

const writers = (state: State) => state.customers.map(({ pacing }) => pacing.foundWriters!.count);

it('of several trials, that of the longest chain is taken back last, once the database has shown what the others did', () => {
  const answered = evolve(onTrial(true), high(0));
  expect(writers(answered)).toEqual([1, 2]);
  const completed = (after: number) => {
    const at = START + HOUR + after;
    return evolve(answered, { kind: 'windowCompleted', customer: 1, hours: [24, 48], at });
  };
  expect(writers(completed(MINUTE / 12))).toEqual([1, 2]);
  const last = completed(MINUTE / 6);
  expect(writers(last)).toEqual([1, 1]);
  expect(last.pacing.pace.limit).toBe(8);
});

it('an adopted window is no measure of a customer: it was found a moment before it ended', () => {
  const state = newState({ customers: ['cvs'], parallelism: { max: 8, perCustomer: 'auto' } });
  const from = state.customers[0]!.start;
  const window = { customer: 0, hours: [from, from + 24] } as const;
  const found = evolve(state, { kind: 'windowFound', at: START, runId: 'other', ...window });
  const { pacing } = evolve(found, { kind: 'windowCompleted', at: START + 10, ...window }).customers[0]!;
  expect(pacing.best).toBeUndefined();
  expect((pacing.foundWriters ?? initialWriters).windows).toBe(0);
});

it("a trial waits while the run's most is lower than its number: fewer windows at once say nothing of it", () => {
  const state = onTrial();
  const [first, ...others] = state.customers;
  const { foundWriters } = first!.pacing;
  const lowered = {
    ...first!,
    pacing: { ...first!.pacing, foundWriters: { ...foundWriters!, movedAt: START } },
    windows: { ...first!.windows, running: first!.windows.running.slice(1) },
  };
  const one = { ...state, parallelism: { ...state.parallelism, max: 1 }, customers: [lowered, ...others] };
  const after = evolve(one, { kind: 'windowCompleted', customer: 0, hours: [48, 72], at: START + MINUTE });
  expect(after.customers[0]!.pacing.foundWriters).toMatchObject({ count: 2, windows: 0 });
});
