import { describe, expect, it } from 'vitest';
import { evolve } from '../../../src/backfill/events/evolve.js';
import { initialWriters } from '../../../src/backfill/pacing/writers.js';
import { heldFor } from '../../../src/backfill/schedule/chain.js';
import { decide } from '../../../src/backfill/schedule/decide.js';
import { initialState } from '../../../src/backfill/state/initial-state.js';
import type { State } from '../../../src/backfill/state/state.js';
import { whyNotRunning } from '../../../src/backfill/views/why.js';
import { hour, requestOf, START } from '../../support/core.js';

/** A month of a large customer, one window at a time, and of small ones of which one runs; the database at such a share of what it may bear. */
function runWith({ utilization = 0.7, small = 5, perCustomer = 1 as number | 'auto', known = true }): State {
  const { options, customers } = requestOf({
    customers: [
      { id: 'large', ...(known && { conversations: 31_000 }) },
      ...Array.from({ length: small }, (_, i) => ({
        id: `small-${i}`,
        end: '2026-01-04',
        ...(known && { conversations: 3_100 }),
      })),
    ],
    end: '2026-02-01',
    parallelism: { max: 8, min: 8, adaptive: true, perCustomer },
    probe: { maxLoad: { activeSessions: 10 }, criticalLoad: { activeSessions: 20 }, every: '5s' },
  });
  const prepared = evolve(initialState(options, customers, START), { kind: 'prepared', at: START });
  const seen = evolve(prepared, { kind: 'healthChanged', at: START, level: 'ok', reason: '', utilization });
  const hours: [number, number] = [hour('2026-01-01'), hour('2026-01-02')];
  return [0, 1].reduce<State>(
    (state, customer) => evolve(state, { kind: 'windowStarted', at: START, customer, hours, attempt: 1 }),
    seen,
  );
}

const held = (state: State) => heldFor(state, { chain: 1 })?.id;

describe('a customer that decides when the run ends', () => {
  it('is not slowed by windows without which all else is done in time', () => {
    const state = runWith({});
    expect(held(state)).toBe('large');
    expect(decide(state, START)).toEqual({ kind: 'wait' });
    expect(whyNotRunning(state, 3, [hour('2026-01-01'), hour('2026-01-02')], START)).toBe(
      'large decides when the run ends, and one window more would only slow it',
    );
  });

  it('waits for others where they would not be done in time, or the database has room', () => {
    expect(held(runWith({ small: 20 }))).toBeUndefined();
    expect(held(runWith({ utilization: 0.5 }))).toBeUndefined();
    expect(decide(runWith({ utilization: 0.5 }), START)).toMatchObject({ kind: 'startWindow', customer: 2 });
  });

  it('is not known where its volume or its number of writers is not', () => {
    expect(held(runWith({ known: false }))).toBeUndefined();
    expect(held(runWith({ perCustomer: 'auto' }))).toBeUndefined();
  });

  it('is known once one more writer than it has was not worth it', () => {
    const brink = { count: 2, until: START, wait: 1, worthless: true } as const;
    const withBrink = (more: object): State => {
      const [large, ...others] = runWith({ perCustomer: 'auto' }).customers;
      const foundWriters = { ...initialWriters, brink: { ...brink, ...more } };
      const customers = [{ ...large!, pacing: { ...large!.pacing, foundWriters } }, ...others];
      return { ...runWith({ perCustomer: 'auto' }), customers };
    };
    expect(held(withBrink({}))).toBe('large');
    expect(held(withBrink({ count: 3 }))).toBeUndefined();
    expect(held(withBrink({ worthless: undefined }))).toBeUndefined();
  });

  it('holds back no chain that may turn out to be the longer one', () => {
    expect(heldFor(runWith({}), { chain: 15_000 })?.id).toBe('large');
    expect(heldFor(runWith({}), { chain: 25_000 })).toBeUndefined();
  });
});
