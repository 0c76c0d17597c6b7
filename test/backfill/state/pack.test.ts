import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Database } from '../../../scripts/lab/simulate/database.js';
import { fleetFrom } from '../../../scripts/lab/simulate/fleet.js';
import { january } from '../../../scripts/lab/simulate/parameters.js';
import { play } from '../../../scripts/lab/simulate/play.js';
import { oursFor, requestFor } from '../../../scripts/lab/simulate/procedures.js';
import { randomFrom } from '../../../scripts/lab/simulate/random.js';
import { perform } from '../../../src/backfill/commands/perform.js';
import { formatDay } from '../../../src/backfill/hours/calendar.js';
import type { WindowKey } from '../../../src/backfill/hours/window.js';
import { decide } from '../../../src/backfill/schedule/decide.js';
import { pack } from '../../../src/backfill/state/pack.js';
import { CARRIED_VERSION } from '../../../src/backfill/state/packed.js';
import type { State } from '../../../src/backfill/state/state.js';
import { tallyOf } from '../../../src/backfill/state/tally.js';
import { unpack } from '../../../src/backfill/state/unpack.js';
import { throughJson } from '../../support/core.js';

/** A database that fails windows of all kinds, so that every part of a customer's state is used. */
const rough = { ...january, strayDeadlocks: 0.1, strayFailures: 0.1, largestWindow: 100_000, patience: 60 };

/** Sees every state of a small cluster's run. */
function eachState(seed: number, fields: object, see: (state: State, now: number) => void): void {
  const cluster = fleetFrom(seed, rough)[5]!;
  const members = cluster.customers.map((_, i) => i);
  const request = requestFor(cluster, members, { ...oursFor(cluster, rough), ...fields });
  if (request.customers !== 'all') delete request.customers[1]!.conversations;
  const database = new Database<WindowKey>(cluster.conditions, rough, randomFrom(seed));
  const now = (state: State) => state.lifecycle.startedAt + database.now * 1_000;
  play({ cluster, members, request, database, each: (state) => see(state, now(state)) });
}

const runs = fc.tuple(
  fc.nat(1_000_000),
  fc.constantFrom<object>(
    {},
    { window: '1d', parallelism: { max: 60, perCustomer: 31 } },
    { window: { initial: 'auto', target: 20_000 }, parallelism: { max: 8, perCustomer: 2, adaptive: true }, canary: 3 },
    { window: '1mo', parallelism: 3, retry: { timeout: { attempts: 1 } } },
  ),
);

describe('a state that is handed to the next run', () => {
  it('is the same after it, at any moment, and decides the same', () => {
    fc.assert(
      fc.property(runs, ([seed, fields]) => {
        eachState(seed, fields, (state, now) => {
          const carried = unpack(throughJson(pack(state)));
          expect(carried).toEqual(state);
          expect(decide(carried, now)).toEqual(decide(state, now));
        });
      }),
      { numRuns: 8 },
    );
  });

  it('by a later release is refused, so that a run waits for a worker that can read it and loses nothing', () => {
    eachState(1, {}, (state) => {
      const later = { ...pack(state), version: CARRIED_VERSION + 1 } as never;
      expect(() => unpack(later)).toThrow(
        `a state of version ${CARRIED_VERSION + 1}: this worker reads ${CARRIED_VERSION}`,
      );
    });
  });

  it('decides the same when it went through JSON as it is', () => {
    fc.assert(
      fc.property(runs, ([seed, fields]) => {
        eachState(seed, fields, (state, now) => {
          expect(decide(throughJson(state), now)).toEqual(decide(state, now));
        });
      }),
      { numRuns: 8 },
    );
  });

  it('is far smaller than the state itself when there are many customers', () => {
    const cluster = fleetFrom(1, january)[0]!;
    let last: State | undefined;
    const members = cluster.customers.map((_, i) => i);
    const request = requestFor(cluster, members, oursFor(cluster, january));
    const database = new Database<WindowKey>(cluster.conditions, january, randomFrom(1));
    play({ cluster, members, request, database, each: (state) => (last = state) });
    const size = (value: unknown) => JSON.stringify(value).length;
    expect(size(pack(last!).customers)).toBeLessThan(size(last!.customers) / 6);
  });
});

const countedAgain = (state: State) => tallyOf({ ...state, customers: [...state.customers] });

describe('the tally', () => {
  it('moved by each change is exactly the tally counted from the start', () => {
    fc.assert(
      fc.property(runs, ([seed, fields]) => {
        eachState(seed, fields, (state) => {
          expect(tallyOf(state)).toEqual(countedAgain(state));
          const { id, start } = state.customers[0]!;
          const skipped = perform(
            state,
            { name: 'skipDay', customer: id, day: formatDay(start) },
            state.lifecycle.startedAt,
          );
          if ('state' in skipped) expect(tallyOf(skipped.state)).toEqual(countedAgain(skipped.state));
        });
      }),
      { numRuns: 8 },
    );
  });
});
