import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evolve } from '../../../src/backfill/events/evolve.js';
import type { Interval } from '../../../src/backfill/hours/interval.js';
import { initialWriters } from '../../../src/backfill/pacing/writers.js';
import { decide } from '../../../src/backfill/schedule/decide.js';
import type { State } from '../../../src/backfill/state/state.js';
import { updateCustomer } from '../../../src/backfill/state/update.js';
import { requests } from '../../support/arbitrary.js';
import { hour, MINUTE, nameOf, requestOf, START } from '../../support/core.js';
import { drive, startsOf } from '../../support/simulator.js';
import { preparedState } from '../../support/state.js';

const orderOf = (input: object) => startsOf(drive(requestOf(input))).map((window) => nameOf(window.customer, window));
const customersOf = (input: object) => startsOf(drive(requestOf(input))).map(({ customer }) => customer);

/** Whose window starts next, or what else is decided. */
function nextOf(state: State): string {
  const decision = decide(state, START);
  return decision.kind === 'startWindow' ? state.customers[decision.customer]!.id : decision.kind;
}

describe('one window at a time', () => {
  it('goes through customers with equal claims in the order given, one after the other', () => {
    expect(orderOf({ customers: ['oportun', 'cvs'], end: '2026-01-03' })).toEqual([
      'oportun-2026-01-01',
      'oportun-2026-01-02',
      'cvs-2026-01-01',
      'cvs-2026-01-02',
    ]);
  });

  it('takes the customer with the most work first', () => {
    const volumes = { small: 10, large: 4_000, middle: 500 };
    const customers = Object.entries(volumes).map(([id, conversations]) => ({ id, conversations }));
    expect([...new Set(customersOf({ customers }))]).toEqual(['large', 'middle', 'small']);
  });

  it('takes the longest range first where volumes are not known', () => {
    const customers = ['cvs', { id: 'oportun', end: '2026-01-06' }, 'marriott'];
    expect([...new Set(customersOf({ customers }))]).toEqual(['oportun', 'cvs', 'marriott']);
  });

  it('puts a customer of unknown volume among those of known volume as if it were one of the middle', () => {
    const customers = [
      { id: 'small', conversations: 10 },
      'unknown',
      { id: 'middle', conversations: 500 },
      { id: 'large', conversations: 9_000 },
    ];
    expect([...new Set(customersOf({ customers }))]).toEqual(['large', 'unknown', 'middle', 'small']);
  });

  it('never has two windows in flight, and finishes each customer before the next', () => {
    fc.assert(
      fc.property(requests(), (request) => {
        const sequential = {
          ...request,
          options: { ...request.options, parallelism: { ...request.options.parallelism, max: 1, perCustomer: 1 } },
        };
        const starts = startsOf(drive(sequential));
        starts.forEach(({ at }, i) => {
          expect(at).toBe(START + i * MINUTE);
        });
        const customers = starts.map(({ customer }) => customer).filter((id, i, all) => id !== all[i - 1]);
        expect(customers).toEqual([...new Set(customers)]);
      }),
      { numRuns: 50 },
    );
  });
});

describe('several windows at once', () => {
  it('start with a customer whose own chain of windows is longer than all work shared by all slots', () => {
    // The wide one has the larger claim, but could use all three slots at any time.
    const customers = [
      { id: 'wide', end: '2026-01-13', perCustomer: 3 },
      { id: 'long', end: '2026-01-11' },
    ];
    const starts = startsOf(drive(requestOf({ customers, parallelism: 3 })));
    const long = starts.filter(({ customer }) => customer === 'long');
    // Its ten windows follow each other without a gap, from the first moment on.
    expect(long.map(({ at }) => at)).toEqual(Array.from({ length: 10 }, (_, i) => START + i * MINUTE));
  });

  it('end no later than the larger of the average load and the longest chain, and one window more', () => {
    fc.assert(
      fc.property(requests({ uniform: true, mostDays: 20 }), fc.integer({ min: 1, max: 3 }), (request, perCustomer) => {
        const { max } = request.options.parallelism;
        const options = { ...request.options, parallelism: { ...request.options.parallelism, max, perCustomer } };
        const { endedAt } = drive({ ...request, options });
        const days = request.customers.map(({ start, end }) => (end - start) / 24);
        const load = Math.ceil(days.reduce((sum, each) => sum + each, 0) / max);
        const chain = Math.max(...days.map((each) => Math.ceil(each / Math.min(perCustomer, max))));
        expect((endedAt - START) / MINUTE).toBeLessThanOrEqual(Math.max(load, chain) + 1);
      }),
      { numRuns: 150 },
    );
  });

  it('never leave a slot idle while a window that may start waits', () => {
    fc.assert(
      fc.property(requests({ uniform: true }), (request) => {
        const driven = drive(request);
        const { max } = request.options.parallelism;
        const starts = startsOf(driven);
        for (let at = START; at < driven.endedAt; at += MINUTE) {
          const now = starts.filter((window) => window.at === at);
          const later = new Set(starts.filter((window) => window.at > at).map(({ customer }) => customer));
          for (const { customer } of now) later.delete(customer);
          if (later.size > 0) expect(now.length).toBe(max);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('a slot, while the writers of a customer wait for each other', () => {
  /** Four writers that do the work of two, two of them at work, and so many days of small customers. */
  function nextBeside(smallDays: number): string {
    const initial = preparedState({
      customers: [{ id: 'whale', end: '2026-01-31' }, ...Array.from({ length: smallDays }, (_, i) => `small-${i}`)],
      end: '2026-01-02',
      window: { initial: '1d' },
      parallelism: { max: 8, perCustomer: 'auto' },
    });
    const { density } = initial.customers[0]!.pacing;
    const work = 24 * density;
    const foundWriters = { ...initialWriters, count: 4, windows: 8, work: 8 * work, ms: 16 * MINUTE };
    const known = updateCustomer(initial, 0, (customer) => ({
      ...customer,
      pacing: { ...customer.pacing, foundWriters, best: MINUTE / work },
    }));
    const state = [0, 24].reduce<State>((before, from) => {
      const hours: Interval = [hour('2026-01-01') + from, hour('2026-01-02') + from];
      return evolve(before, { kind: 'windowStarted', at: START, customer: 0, hours, attempt: 1 });
    }, known);
    return nextOf(state);
  }

  it('is not theirs as long as others need it and fewer of them are done in time', () => {
    expect(nextBeside(300)).toBe('small-0');
  });

  it('is theirs once their chain decides when the run ends, or nothing else waits', () => {
    expect(nextBeside(20)).toBe('whale');
    expect(nextBeside(0)).toBe('whale');
  });
});

describe('a free slot, while a customer could try another writer', () => {
  /** A whale that may try none now, and a customer of so many days, each with a window in flight. */
  function nextWith(days: number): string {
    const end = new Date(Date.UTC(2026, 0, 1 + days)).toISOString().slice(0, 10);
    let state = preparedState({
      customers: ['whale', { id: 'other', end }],
      end: '2026-01-31',
      parallelism: { max: 8, perCustomer: 'auto' },
    });
    const brinks = [{ count: 2, until: Number.MAX_SAFE_INTEGER, wait: MINUTE }, undefined];
    for (const [customer, brink] of brinks.entries()) {
      const foundWriters = { ...initialWriters, windows: 4, work: 4, ms: 4 * MINUTE, ...(brink && { brink }) };
      state = updateCustomer(state, customer, (one) => ({ ...one, pacing: { ...one.pacing, foundWriters } }));
      const hours: Interval = [hour('2026-01-01'), hour('2026-01-02')];
      state = evolve(state, { kind: 'windowStarted', at: START, customer, hours, attempt: 1 });
    }
    return nextOf(state);
  }

  it('is for that trial where its chain may yet decide when the run ends', () => {
    expect(nextWith(15)).toBe('other');
  });

  it('stays free where it is done long before', () => {
    expect(nextWith(3)).toBe('wait');
  });
});
