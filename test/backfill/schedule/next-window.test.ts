import { describe, expect, it } from 'vitest';
import { difference, type Interval } from '../../../src/backfill/hours/interval.js';
import { initialWriters } from '../../../src/backfill/pacing/writers.js';
import { nextBeside, type WindowToStart } from '../../../src/backfill/schedule/next-window.js';
import { initialState } from '../../../src/backfill/state/initial-state.js';
import { hour, MINUTE, nameOf, requestOf, START } from '../../support/core.js';

/** A customer of three days in windows of six hours, and which of them run. */
function customerWith({ running = [] as string[], done = [] as string[], lost = MINUTE }) {
  const request = requestOf({ customers: ['cvs'], window: '6h', parallelism: { max: 4, perCustomer: 'auto' } });
  const customer = initialState(request.options, request.customers, START).customers[0]!;
  const cells = (names: string[]) => names.map((name): Interval => [at(name), at(name) + 6]);
  const taken = [...cells(running), ...cells(done)].sort(([a], [b]) => a - b);
  return {
    ...customer,
    hours: { ...customer.hours, waiting: difference(customer.hours.waiting, taken) },
    pacing: { ...customer.pacing, foundWriters: { ...initialWriters, count: 4, lost } },
    windows: { ...customer.windows, running: cells(running).map((hours) => ({ hours, attempt: 1, startedAt: START })) },
  };
}

const at = (name: string): number => hour(name.slice(0, 10)) + Number(name.slice(11));
const next = (customer: ReturnType<typeof customerWith>) => nameOf('cvs', nextBeside(customer, START) as WindowToStart);

describe('the next window of a customer with several writers', () => {
  it('is the earliest, also within a day where another runs, as long as they never met', () => {
    expect(next(customerWith({ running: ['2026-01-01T00'], lost: 0 }))).toBe('cvs-2026-01-01T06--2026-01-01T12');
  });

  it('shares no day with one that runs once they have met contention, since they would meet in what is kept for the day', () => {
    expect(next(customerWith({ running: ['2026-01-01T00'] }))).toBe('cvs-2026-01-02T00--2026-01-02T06');
  });

  it('fills the days behind it first, once nothing of them runs', () => {
    const customer = customerWith({ running: ['2026-01-02T00'], done: ['2026-01-01T00'] });
    expect(next(customer)).toBe('cvs-2026-01-01T06--2026-01-01T12');
  });

  it('shares a day where no other is left, so that no writer is idle', () => {
    const running = ['2026-01-01T00', '2026-01-02T00', '2026-01-03T00'];
    expect(next(customerWith({ running }))).toBe('cvs-2026-01-01T06--2026-01-01T12');
  });

  it('waits for a whole window that failed rather than for the part of it in another day', () => {
    const customer = customerWith({ running: ['2026-01-01T00'] });
    const retry = {
      hours: [at('2026-01-01T18'), at('2026-01-02T12')],
      attempts: 1,
      at: START,
      class: 'unknown',
      message: '',
    };
    const waiting = { ...customer, windows: { ...customer.windows, retries: [retry] } };
    expect(next(waiting as never)).toBe('cvs-2026-01-02T12--2026-01-02T18');
  });
});
