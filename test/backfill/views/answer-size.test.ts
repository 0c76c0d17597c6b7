import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Interval } from '../../../src/backfill/hours/interval.js';
import { jsonBytes } from '../../../src/backfill/json.js';
import type { Customer } from '../../../src/backfill/state/customer.js';
import type { State } from '../../../src/backfill/state/state.js';
import { ANSWER_BYTES } from '../../../src/backfill/views/answer-size.js';
import { type CustomerView, customerView } from '../../../src/backfill/views/customer.js';
import { planOf } from '../../../src/backfill/views/plan.js';
import { progressOf } from '../../../src/backfill/views/progress.js';
import { reportOf } from '../../../src/backfill/views/report.js';
import { START } from '../../support/core.js';
import { newState } from '../../support/state.js';

/** What the server refuses. */
const PAYLOAD_BYTES = 2 * 1024 * 1024;

type Shape = 'untouched' | 'done' | 'half done' | 'failed here and there';

interface Fleet {
  customers: number;
  idLength: number;
  days: number;
  shapes: Shape[];
  problems: number;
  letter: string;
}

/** A run of many customers, each in the next of the shapes. */
function stateOf({ customers, idLength, days, shapes, problems, letter }: Fleet): State {
  const ids = Array.from({ length: customers }, (_, i) => `${'c'.repeat(idLength)}${i}`);
  const end = new Date(Date.UTC(2025, 0, 1 + days)).toISOString().slice(0, 10);
  const state = newState({ customers: ids, start: '2025-01-01', end });
  return {
    ...state,
    customers: state.customers.map((one, i) => shaped(one, shapes[i % shapes.length]!, problems, letter)),
  };
}

const worked = (customer: Customer, hours: Partial<Customer['hours']>): Customer => ({
  ...customer,
  hours: { ...customer.hours, ...hours },
  record: { ...customer.record, completed: 1 },
});

function shaped(customer: Customer, shape: Shape, problems: number, letter: string): Customer {
  const { start, end } = customer;
  switch (shape) {
    case 'untouched':
      return customer;
    case 'done':
      return worked(customer, { waiting: [] });
    case 'half done':
      return worked(customer, { waiting: [[Math.floor((start + end) / 2), end]] });
    case 'failed here and there': {
      const failed: Interval[] = [];
      for (let hour = start; hour < end; hour += 48) failed.push([hour, hour + 24]);
      const problem = { hours: failed, class: 'unknown' as const, message: letter.repeat(300), attempts: 3 };
      const problemsOfIt = Array.from({ length: problems }, () => ({ ...problem, at: 0, workflowId: customer.id }));
      return {
        ...customer,
        hours: { ...customer.hours, waiting: [], failed },
        record: { ...customer.record, problems: problemsOfIt },
      };
    }
    default:
      return shape satisfies never;
  }
}

const fleets: fc.Arbitrary<Fleet> = fc.record({
  customers: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 2_000, max: 6_000 })),
  idLength: fc.integer({ min: 1, max: 140 }),
  days: fc.integer({ min: 1, max: 366 }),
  shapes: fc.uniqueArray(fc.constantFrom<Shape>('untouched', 'done', 'half done', 'failed here and there'), {
    minLength: 1,
  }),
  problems: fc.nat(3),
  letter: fc.constantFrom('x', '…', '\u0001', '"'),
});

/** Enough that a year of letters does not fit. */
const many = { customers: 10_000, idLength: 8, days: 366, problems: 1, letter: 'x' };

type Year = Record<'running' | 'checking' | 'backingOff' | 'failed' | 'ended', number>;

/** One customer whose year of hour windows is in these states, one hour after the other, each with what it has to say. */
function yearOf({ running, checking, backingOff, failed, ended }: Year, letter: string): State {
  const state = newState({ customers: ['cvs'], start: '2025-01-01', end: '2026-01-01', window: '1h' });
  const [customer] = state.customers as [Customer];
  let hour = customer.start;
  const hours = (count: number) =>
    Array.from({ length: count }, () => {
      hour += 1;
      return [hour - 1, hour] as const;
    });
  const cause = { class: 'unknown' as const, message: letter.repeat(300) };
  const full: Customer = {
    ...customer,
    windows: {
      ...customer.windows,
      running: hours(running).map((window) => ({ hours: window, attempt: 1, startedAt: START })),
      checking: hours(checking).map((window) => {
        return { window, hours: [window], attempt: 1, startedAt: START, endedAt: START };
      }),
      retries: hours(backingOff).map((window) => ({ hours: window, attempts: 1, at: START, ...cause })),
    },
    record: {
      ...customer.record,
      problems: hours(failed).map((window) => {
        return { hours: [window], ...cause, at: 0, attempts: 3, workflowId: `reindexconversations-cvs-${window[0]}` };
      }),
    },
  };
  const recent = hours(ended).map((window) => {
    const times = { startedAt: START, endedAt: START };
    const message = letter.repeat(200);
    return { customer: 0, hours: window, attempt: 1, ...times, outcome: 'unknown' as const, message };
  });
  return { ...state, record: { ...state.record, recent }, customers: [full] };
}

describe('the answer for one customer', () => {
  const HOURS = 8_760;
  const states = (view: CustomerView) => {
    const counts: Record<string, number> = {};
    for (const { state } of view.windows) counts[state] = (counts[state] ?? 0) + 1;
    return counts;
  };

  it('of a year of hour windows that all failed can be read, and says how many it leaves out', () => {
    for (const letter of ['x', '…', '\u0001']) {
      const year = { running: 0, checking: 0, backingOff: 0, failed: HOURS, ended: 600 };
      const view = customerView(yearOf(year, letter), 0, START);
      expect(jsonBytes(view)).toBeLessThanOrEqual(ANSWER_BYTES);
      expect(jsonBytes(view)).toBeGreaterThan(0.99 * ANSWER_BYTES);
      expect(view.windows.length + view.windowsLeftOut!).toBe(HOURS + 600);
      expect(states(view)).toEqual({ failed: view.windows.length });
      // The latest to fail stay, in their order.
      const workflowIds = view.windows.map(({ workflowId }) => workflowId);
      expect(workflowIds).toEqual([...workflowIds].sort());
      expect(view.windows.at(-1)).toMatchObject({ end: '2026-01-01T00:00:00Z' });
    }
  });

  it('leaves out what has ended first, then what waits for its check; what runs, failed or backs off stays longest', () => {
    const year = { running: 500, checking: 7_000, backingOff: 100, failed: 400, ended: 600 };
    const view = customerView(yearOf(year, 'x'), 0, START);
    const { checking, ...others } = states(view);
    expect(others).toEqual({ running: 500, backingOff: 100, failed: 400 });
    expect(checking! + view.windowsLeftOut!).toBe(7_600);
  });

  it('leaves out nothing while there is room', () => {
    const year = { running: 100, checking: 1_000, backingOff: 100, failed: 400, ended: 600 };
    const view = customerView(yearOf(year, 'x'), 0, START);
    expect(view.windows).toHaveLength(2_200);
    expect(view).not.toHaveProperty('windowsLeftOut');
  });
});

describe('an answer for any number of customers', () => {
  it('is smaller than what the server takes, and counts everybody', () => {
    fc.assert(
      fc.property(fleets, (fleet) => {
        const state = stateOf(fleet);
        for (const answer of [progressOf(state, START), reportOf(state, 'incomplete', START), planOf(state)]) {
          expect(jsonBytes(answer)).toBeLessThanOrEqual(ANSWER_BYTES);
          expect(answer.customers.length + (answer.customersLeftOut?.count ?? 0)).toBe(fleet.customers);
        }
        expect(progressOf(state, START).totals.days).toBe(fleet.customers * fleet.days);
      }),
      { numRuns: 8 },
    );
    expect(ANSWER_BYTES).toBeLessThan(PAYLOAD_BYTES);
  });

  it('leaves nobody out while there is room', () => {
    const { customers, customersLeftOut } = progressOf(stateOf({ ...many, customers: 3_000, shapes: ['done'] }), START);
    expect(customers).toHaveLength(3_000);
    expect(customersLeftOut).toBeUndefined();
  });

  it('leaves out who is done, then who just waits, and says how many', () => {
    const state = stateOf({ ...many, shapes: ['untouched', 'done', 'half done', 'failed here and there'] });
    const { customers, customersLeftOut } = progressOf(state, START);
    const letters = new Set(customers.map(({ days }) => [...new Set(days)].join('')));
    // Half of ten thousand would be too many already, so of those who wait or are done nobody is left.
    expect(letters).toEqual(new Set(['d.', 'fd']));
    expect(customers.filter(({ days }) => days.startsWith('f'))).toHaveLength(2_500);
    expect(customersLeftOut).toMatchObject({ count: 10_000 - customers.length, done: 2_500, hint: expect.any(String) });
  });

  it('names those whose days it has no room for, so that they can be asked for', () => {
    const state = stateOf({ ...many, shapes: ['untouched', 'done'] });
    const { customers, customersLeftOut } = progressOf(state, START);
    const named = [...customers.map(({ id }) => id), ...customersLeftOut!.ids!];
    expect(customersLeftOut!.count).toBeGreaterThan(5_000);
    expect(named.sort()).toEqual(state.customers.map(({ id }) => id).sort());
  });

  it('names none of them where the names alone would fill it', () => {
    const { customers, customersLeftOut } = progressOf(
      stateOf({ ...many, customers: 5_000, idLength: 180, shapes: ['done'] }),
      START,
    );
    expect(customersLeftOut).toEqual({
      count: 5_000 - customers.length,
      done: 5_000 - customers.length,
      hint: expect.any(String),
    });
    expect(customers.length).toBeGreaterThan(2_000);
  });

  it('keeps the order in which the customers were given', () => {
    const state = stateOf({ ...many, shapes: ['half done', 'done', 'failed here and there'] });
    const order = new Map(state.customers.map(({ id }, i) => [id, i]));
    const kept = progressOf(state, START).customers.map(({ id }) => order.get(id)!);
    expect(kept).toEqual([...kept].sort((a, b) => a - b));
  });

  it('in a report leaves out those who are done', () => {
    const { customers, customersLeftOut } = reportOf(
      stateOf({ ...many, shapes: ['untouched', 'done', 'done', 'done'] }),
      'incomplete',
      START,
    );
    expect(customers.filter(({ waiting }) => waiting)).toHaveLength(
      2_500 - (customersLeftOut!.count - customersLeftOut!.done),
    );
    expect(customersLeftOut!.done).toBeGreaterThan(7_000);
  });
});
