import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { perform } from '../../../src/backfill/commands/perform.js';
import { evolve } from '../../../src/backfill/events/evolve.js';
import type { Intervals } from '../../../src/backfill/hours/interval.js';
import { jsonBytes } from '../../../src/backfill/json.js';
import { FULL_WEIGHT, MAX_WEIGHT } from '../../../src/backfill/request/weight.js';
import type { Customer } from '../../../src/backfill/state/customer.js';
import { rangeOf } from '../../../src/backfill/state/customer.js';
import { logged, rejected, remembered } from '../../../src/backfill/state/journal.js';
import { noNotifications, queued, withReceivers } from '../../../src/backfill/state/notifications.js';
import { pack } from '../../../src/backfill/state/pack.js';
import { CARRY_BYTES, packToFit } from '../../../src/backfill/state/pack-to-fit.js';
import { withProblem } from '../../../src/backfill/state/problems.js';
import type { State } from '../../../src/backfill/state/state.js';
import { tallyOf } from '../../../src/backfill/state/tally.js';
import { unpack } from '../../../src/backfill/state/unpack.js';
import { without } from '../../../src/backfill/state/update.js';
import { weightOf } from '../../../src/backfill/state/weight.js';
import { statusOf } from '../../../src/backfill/views/status.js';
import { failureOf, hour, START, throughJson } from '../../support/core.js';
import { preparedState } from '../../support/state.js';

/** The server's own limit, which holds for all arguments of a hand-over together. */
const SERVER_BYTES = 2 * 1024 * 1024;

const year = { start: '2025-01-01', end: '2026-01-01' };
const named = (count: number) => Array.from({ length: count }, (_, i) => `customer-${i}`);

const stateOf = (input: object) => preparedState({ ...year, ...input });

/** Of a customer's range: so many single days, every second one, from a day on. */
function everySecondDay({ start, end }: Customer, from: number, count: number): Intervals {
  const days = Array.from({ length: count }, (_, i) => start + 24 * (from + 2 * i));
  return days.filter((day) => day + 24 <= end).map((day) => [day, day + 24] as const);
}

describe('a run with thousands of failed windows', () => {
  it('is handed over: the same cause is reported once, and nothing of what is to be done is lost', () => {
    let state = stateOf({ customers: named(260), retry: { permanent: { attempts: 1 } }, breaker: { windows: 500 } });
    const message = (i: number) => `permission denied for table conversations, of agent ${i % 7}: ${'x'.repeat(220)}`;
    for (let i = 0; i < 5_000; i++) {
      const customer = i % 260;
      const from = hour('2025-01-01') + 24 * Math.floor(i / 260) * 2;
      const key = { at: START, customer, hours: [from, from + 24] as const };
      state = evolve(state, { kind: 'windowStarted', ...key, attempt: 1 });
      state = evolve(state, {
        kind: 'windowFailed',
        ...key,
        failure: { ...failureOf('permanent'), message: message(i) },
      });
      state = { ...state, guard: without(state.guard, 'breaker') };
    }
    expect(jsonBytes(pack(state))).toBeLessThan(400_000);
    const carried = unpack(throughJson(packToFit(state, START)));
    expect(carried.customers).toEqual(state.customers);
  });
});

describe('customers "all" and addCustomers', () => {
  it("carry no copy of the run's options in each customer", () => {
    const base = stateOf({ customers: ['cvs'], child: { workflowType: 'reindex' } });
    const added = perform(base, { name: 'addCustomers', customers: named(2_000) }, START);
    if (!('state' in added)) throw new Error(added.refused);
    expect(jsonBytes(pack(added.state))).toBeLessThan(150_000);
    expect(added.state.customers[1]).not.toHaveProperty('child');
  });
});

/** A state as heavy as a run may become, its weight in whatever its customers have of it, its texts long and all different. */
const worst = fc
  .record({
    count: fc.constantFrom(1, 50, 3_000, 12_000),
    shares: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 6, maxLength: 6 }),
    days: fc.integer({ min: 20, max: 40 }),
    character: fc.constantFrom('x', '\u0001', '語', '😀'),
    paused: fc.boolean(),
  })
  .map(({ count, shares, days: spread, character, paused }): State => {
    const long = (i: number) => `${i} ${character.repeat(600)}`;
    let state = stateOf({ customers: named(count), end: '2034-12-31', window: { initial: '1d' } });
    const customers = state.customers.slice();
    const [failed, retried, repaired, checked, running, held] = shares as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    let weight = tallyOf(state).weight;
    for (let round = 0; weight < MAX_WEIGHT; round++) {
      const index = round % count;
      const before = customers[index]!;
      const range = rangeOf(state.options);
      const days = everySecondDay(before, (Math.floor(round / count) * 81) % 1_700, 40);
      const parts = (most: number) => days.slice(0, most).map((hours) => ({ hours }));
      const worked: Customer = {
        ...before,
        ...(paused && { paused: { at: START, by: long(1).slice(0, 500) } }),
        hours: {
          ...before.hours,
          failed: [...before.hours.failed, ...days.slice(0, failed)],
          held: [...before.hours.held, ...days.slice(0, held)],
        },
        windows: {
          retries: [
            ...before.windows.retries,
            ...parts(retried).map((part, i) => {
              return { ...part, attempts: 2, at: START, class: 'overload' as const, message: long(round * 40 + i) };
            }),
          ],
          repairs: [...before.windows.repairs, ...parts(repaired).map((part) => ({ ...part, times: 1, attempts: 2 }))],
          checking: [
            ...before.windows.checking,
            ...parts(checked).map(({ hours }) => {
              return { window: hours, hours: [hours], attempt: 1, startedAt: START, endedAt: START + 1 };
            }),
          ],
          running: [
            ...before.windows.running,
            ...parts(running).map((part) => {
              const runId = '0199a3f0-7e1c-7c3b-9d4f-1a2b3c4d5e6f';
              const flags = { adopted: true, found: true, cancelRequested: true } as const;
              return { ...part, attempt: 1, startedAt: START, runId, ...flags };
            }),
          ],
        },
        pacing: { ...before.pacing, writers: 2, best: 1 / 3 },
        record: {
          ...before.record,
          completed: 1,
          unsuccessful: 3,
          ledger: days.slice(0, 5).map((hours) => {
            const counts = [[1_234_567, 1_234]] as const;
            return { hours, completedAt: START, attempts: 1, unverified: long(round), counts };
          }),
        },
      };
      customers[index] = withProblem(worked, {
        hours: days.slice(0, spread),
        class: 'unknown',
        message: long(round),
        attempts: 3,
        workflowId: `reindexconversations-${before.id}-2025-01-01--2025-01-02`,
        at: START,
      });
      weight += weightOf(customers[index], range) - weightOf(before, range);
    }
    state = { ...state, customers };
    let notifications = withReceivers(noNotifications, ['dead']);
    for (let i = 0; i < 700; i++) {
      const effect = long(i);
      notifications = queued(notifications, START, {
        type: 'backfill.days.failed',
        text: effect,
        next: effect.slice(0, 200),
      });
      state = logged(state, { at: START, kind: 'windowAdopted', window: effect });
      state = rejected(state, { at: START, command: effect, reason: effect });
      const key = { customer: i % count, hours: [hour('2025-01-01'), hour('2025-01-02')] as const };
      const times = { attempt: 1, startedAt: START, endedAt: START + 60_000 };
      state = remembered(state, { ...key, ...times, outcome: 'unknown', message: effect.slice(0, 200) });
    }
    return { ...state, notifications };
  });

describe('the heaviest state that a run may have', () => {
  it('is still handed over, with every hour, window and retry; what was left out for it is in the log', () => {
    fc.assert(
      fc.property(worst, (state) => {
        const packed = packToFit(state, START);
        expect(jsonBytes(packed)).toBeLessThan(SERVER_BYTES * 0.95);
        const carried = unpack(throughJson(packed));
        // What a hand-over may never lose; compared by hand, since vitest takes minutes for so much.
        const kept = ({ customers }: State) =>
          customers.map(({ hours, windows }) => {
            return [hours, { ...windows, retries: windows.retries.map(({ message: _, ...retry }) => retry) }];
          });
        expect(isDeepStrictEqual(kept(carried), kept(state))).toBe(true);
        if (jsonBytes(pack(state)) > CARRY_BYTES) expect(carried.record.log.at(-1)!.kind).toBe('leftBehind');
      }),
      { numRuns: 6 },
    );
  }, 120_000);
});

describe('a run that breaks up into too many pieces', () => {
  it('pauses, says what to do, and takes no command that adds to it', () => {
    let state = stateOf({
      customers: named(3),
      start: '2025-01-01',
      end: '2034-12-31',
      window: '1h',
      breaker: { windows: 500 },
    });
    const stretches = (state.options.end - state.options.start) / 2 - 1;
    const heavy = state.customers.map((customer): Customer => {
      const every = (first: number) =>
        Array.from(
          { length: stretches },
          (_, i) => [customer.start + 2 * i + first, customer.start + 2 * i + first + 1] as const,
        );
      const hours = { ...customer.hours, waiting: every(1), failed: every(0) };
      return { ...customer, hours, record: { ...customer.record, completed: 1 } };
    });
    state = { ...state, customers: heavy };
    expect(tallyOf(state).weight).toBeGreaterThan(MAX_WEIGHT);
    const from = state.options.start + 1;
    const key = { at: START, customer: 0, hours: [from, from + 1] as const };
    state = evolve(evolve(state, { kind: 'windowStarted', ...key, attempt: 1 }), { kind: 'windowCompleted', ...key });
    expect(statusOf(state)).toMatchObject({ status: 'paused', reason: expect.stringContaining('retryFailed') });
    const day = '2026-01-01';
    expect(perform(state, { name: 'resetDay', customer: 'customer-0', day }, START)).not.toHaveProperty('refused');
    expect(perform(state, { name: 'resume' }, START)).toHaveProperty('refused');
    expect(perform(state, { name: 'addCustomers', customers: ['other'] }, START)).toHaveProperty('refused');
    const retried = perform(state, { name: 'retryFailed' }, START);
    if (!('state' in retried)) throw new Error(retried.refused);
    expect(tallyOf(retried.state).weight).toBeLessThan(FULL_WEIGHT);
    expect(perform(retried.state, { name: 'resume' }, START)).toHaveProperty('state');
  });

  it('is refused from the start when its customers alone are too many to carry', () => {
    const customers = named(20_000).map((id) => ({ id: `${id}-${'x'.repeat(40)}`, window: '6h' }));
    expect(() => stateOf({ customers })).toThrow(/customers: expected fewer customers/);
  });
});
