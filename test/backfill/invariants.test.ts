// Long because a reader should see in one place what holds for every run, whatever happens to it.
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoff } from '../../src/backfill/events/failure-response.js';
import {
  difference,
  type Hour,
  hoursIn,
  type Interval,
  meet,
  sameHours,
  union,
} from '../../src/backfill/hours/interval.js';
import { windowId } from '../../src/backfill/hours/window.js';
import { rangeOf } from '../../src/backfill/state/customer.js';
import { doneHours, openHours, runningHours } from '../../src/backfill/state/customer-hours.js';
import { perCustomerOf } from '../../src/backfill/state/in-flight.js';
import type { State } from '../../src/backfill/state/state.js';
import { statusOf } from '../../src/backfill/views/status.js';
import { commandsFor, outcome, requests, stories } from '../support/arbitrary.js';
import { hour, hoursOf, nameOf, throughJson } from '../support/core.js';
import { statesOfHours } from '../support/hours.js';
import { type Driven, drive, type Entry, startsOf } from '../support/simulator.js';

const numRuns = 60;
const check = <T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => void, runs = numRuns) =>
  fc.assert(fc.property(arbitrary, property), { numRuns: runs });

/** Walks a trace with the windows that are in flight at each of its entries (at a start: without that window). */
function withFlights({ trace }: Driven, visit: (entry: Entry, flying: Entry[]) => void): void {
  let flying: (Entry & { hours: Interval; customer: string })[] = [];
  for (const entry of trace) {
    if (entry.kind === 'ended') {
      const same = (other: typeof entry | (typeof flying)[number]) =>
        other.customer === entry.customer && sameHours(other.hours, entry.hours);
      flying = flying.filter((other) => !same(other));
    }
    visit(entry, flying);
    if (entry.kind === 'started' || entry.kind === 'found') flying.push(entry);
  }
}

type Checked = Extract<Entry, { kind: 'checked' }>;

const isShort = ({ short }: Checked, id: string, hour: Hour) =>
  short.some(({ customer, hours }) => customer === id && hours[0] <= hour && hour < hours[1]);

const partsOf = ({ state }: Driven, windows: Checked['windows']) =>
  windows.map(({ customer, hours }) => ({ customer: state.customers[customer]!.id, hours }));

describe('when all windows succeed', () => {
  it('they cover every hour of every range exactly once', () => {
    check(requests({ mostDays: 35 }), (request) => {
      const driven = drive(request);
      expect(driven.ending).toBe('completed');
      const covered = new Map<string, Hour[]>();
      for (const { customer, hours } of startsOf(driven)) {
        covered.set(customer, [...(covered.get(customer) ?? []), ...hoursOf([hours])]);
      }
      for (const { id, start, end } of request.customers) {
        expect(covered.get(id)!.sort((a, b) => a - b)).toEqual([...hoursOf([[start, end]])]);
      }
    });
  });

  it('none is larger than its size and none crosses the grid', () => {
    const largest: Record<string, number> = {
      '1d': 24,
      '6h': 6,
      '5h': 5,
      '2d': 48,
      '10d': 240,
      '1mo': 744,
      '3mo': 2208,
    };
    check(requests({ mostDays: 35 }), (request) => {
      const sizes = new Map(request.customers.map(({ id, window }) => [id, window ?? request.options.window]));
      for (const { customer, hours } of startsOf(drive(request))) {
        const policy = sizes.get(customer)!;
        if (policy.kind !== 'fixed') throw new Error('these requests have fixed sizes');
        const { unit, count } = policy.size;
        expect(hoursIn([hours])).toBeLessThanOrEqual(largest[`${count}${unit}`]!);
      }
    });
  });
});

describe('whatever happens', () => {
  it('every hour of a range is in exactly one state at any moment, and none outside of it is in any', () => {
    check(stories(undefined, { mostDays: 4 }), ({ request, script }) => {
      const watch = (state: State) => {
        for (const customer of state.customers) {
          const states = statesOfHours(customer);
          expect(states.size).toBe(customer.end - customer.start);
          for (const hour of states.keys()) {
            if (hour < customer.start || hour >= customer.end)
              throw new Error(`hour ${hour} is outside ${customer.id}`);
          }
        }
      };
      drive(request, { ...script, watch });
    });
  });

  it('retries speak of waiting hours, problems of failed and held ones, and what is to follow of running ones', () => {
    const watch = ({ customers }: State) => {
      for (const customer of customers) {
        const { waiting, failed, held, rerunAfter, skipUnlessCompleted } = customer.hours;
        const retried = customer.windows.retries.map(({ hours }) => hours);
        expect(difference(union([], retried), waiting)).toEqual([]);
        expect(hoursIn(retried)).toBe(hoursIn(union([], retried)));
        const problematic = customer.record.problems.flatMap(({ hours }) => hours);
        expect(union([], problematic)).toEqual(union(failed, held));
        expect(hoursIn(problematic)).toBe(hoursIn(failed) + hoursIn(held));
        expect(difference(rerunAfter, runningHours(customer))).toEqual([]);
        expect(difference(skipUnlessCompleted, openHours(customer))).toEqual([]);
        expect(difference(rerunAfter, skipUnlessCompleted)).toEqual(rerunAfter);
      }
    };
    check(stories(undefined, { mostDays: 4 }), ({ request, script }) => {
      drive(request, { ...script, watch });
    });
  });

  it('exactly those hours are done that a completed window covered, and that nobody wanted again since', () => {
    check(stories(), ({ request, script }) => {
      const driven = drive(request, script);
      const { verify } = request.options;
      type HourState = 'done' | { wantedSince: number } | { inCheckSince: number };
      const ledger = new Map<string, Map<Hour, HourState>>();
      const of = (id: string) => ledger.get(id) ?? ledger.set(id, new Map()).get(id)!;
      const startedWhen = new Map<string, number>();
      const isOver = (state?: HourState) => state === 'done' || (state !== undefined && 'inCheckSince' in state);
      const dayOf = (argument: Record<string, unknown>) => {
        const start = hour(argument.day as string);
        return hoursOf([[start, start + 24]]);
      };
      driven.trace.forEach((entry, moment) => {
        if (entry.kind === 'started') startedWhen.set(nameOf(entry.customer, entry), moment);
        if (entry.kind === 'ended' && entry.end === 'completed') {
          const hours = of(entry.customer);
          for (const hour of hoursOf(entry.claims)) {
            const state = hours.get(hour);
            const since = typeof state === 'object' && 'wantedSince' in state ? state.wantedSince : -1;
            if (startedWhen.get(nameOf(entry.customer, entry))! > since)
              hours.set(hour, verify ? { inCheckSince: entry.at } : 'done');
          }
        }
        if (entry.kind === 'checked') {
          for (const { customer, hours, endedAt } of entry.windows) {
            const { id } = driven.state.customers[customer]!;
            for (const hour of hoursOf([hours])) {
              const state = of(id).get(hour);
              if (typeof state !== 'object' || !('inCheckSince' in state) || state.inCheckSince !== endedAt) continue;
              const found = entry.fails || isShort(entry, id, hour);
              if (found && verify?.mode === 'repair') of(id).delete(hour);
              else of(id).set(hour, 'done');
            }
          }
        }
        if (entry.kind !== 'command' || 'refused' in entry.answer) return;
        const { argument } = entry;
        if (entry.name === 'resetDay') {
          for (const hour of dayOf(argument)) of(argument.customer as string).set(hour, { wantedSince: moment });
        }
        if (entry.name === 'skipDay') {
          const hours = of(argument.customer as string);
          for (const hour of dayOf(argument)) if (!isOver(hours.get(hour))) hours.delete(hour);
        }
        if (entry.name === 'removeCustomer') {
          const hours = of(argument.customer as string);
          for (const [hour, state] of hours) if (!isOver(state)) hours.delete(hour);
        }
      });
      for (const customer of driven.state.customers) {
        const done = [...of(customer.id)].flatMap(([hour, state]) => (state === 'done' ? [hour] : []));
        expect([...hoursOf(doneHours(customer))]).toEqual(done.sort((a, b) => a - b));
      }
    });
  });

  it('no hour of a customer is in two windows in flight', () => {
    check(stories(), ({ request, script }) => {
      withFlights(drive(request, script), (entry, flying) => {
        if (entry.kind !== 'started') return;
        const own = flying.filter((other) => 'customer' in other && other.customer === entry.customer);
        expect(own.filter((other) => 'hours' in other && meet(entry.hours, other.hours))).toEqual([]);
      });
    });
  });

  it('no window starts over the limits in force: of the run, of each customer, of a lowered limit', () => {
    check(stories(), ({ request, script }) => {
      withFlights(drive(request, script), (entry, flying) => {
        if (entry.kind !== 'started') return;
        const { state } = entry;
        const customer = state.customers.find(({ id }) => id === entry.customer)!;
        const own = flying.filter((other) => 'customer' in other && other.customer === entry.customer);
        expect(flying.length).toBeLessThan(state.parallelism.max);
        const most = perCustomerOf(state, customer);
        expect(own.length).toBeLessThan(most === 'auto' ? state.parallelism.max : most);
      });
    });
  });

  it('nothing starts while the run, or the customer, is paused or removed', () => {
    check(stories(['pause', 'resume', 'removeCustomer', 'addCustomers', 'resetDay', 'cancelWindows']), (story) => {
      const driven = drive(story.request, story.script);
      const stopped = new Set<string>();
      let paused = false;
      for (const entry of driven.trace) {
        if (entry.kind === 'started') {
          expect(paused || stopped.has(entry.customer)).toBe(false);
          // Three windows stopped by someone else pause the run as well.
          expect(entry.state.lifecycle.paused).toBeUndefined();
        }
        if (entry.kind !== 'command' || 'refused' in entry.answer) continue;
        const { customer, customers } = entry.argument as { customer?: string; customers?: { id: string }[] };
        if (entry.name === 'pause' || entry.name === 'cancelWindows') {
          if (customer === undefined) paused = true;
          else stopped.add(`${customer}`);
        }
        if (entry.name === 'removeCustomer') stopped.add(customer!);
        if (entry.name === 'addCustomers') {
          // Removing does not lift a pause, so that one who comes back is paused still.
          for (const { id } of customers!) {
            const back = entry.answer.state.customers.find((other) => other.id === id)!;
            if (!back.paused) stopped.delete(id);
          }
        }
        if (entry.name === 'resume') {
          const removed = (id: string) =>
            'state' in entry.answer && entry.answer.state.customers.find((other) => other.id === id)?.removed;
          if (customer === undefined) paused = false;
          for (const id of customer === undefined ? [...stopped] : [customer]) if (!removed(id)) stopped.delete(id);
        }
      }
    });
  });

  it('a day that is done, skipped or removed is not run again unasked', () => {
    check(
      stories(['pause', 'resume', 'skipDay', 'retryFailed', 'setParallelism', 'cancelWindows', 'removeCustomer']),
      (story) => {
        const over = new Set<string>();
        const leftOut = new Set<string>();
        const driven = drive(story.request, story.script);
        for (const entry of driven.trace) {
          if (entry.kind === 'started') {
            const hours = [...hoursOf([entry.hours])].map((hour) => `${entry.customer} ${hour}`);
            expect(hours.filter((hour) => over.has(hour) || leftOut.has(hour))).toEqual([]);
          }
          if (entry.kind === 'checked') {
            // Only a check may send hours to run again; where it could not be made, they have failed.
            for (const { customer, hours } of entry.fails ? partsOf(driven, entry.windows) : entry.short)
              for (const hour of hoursOf([hours])) over.delete(`${customer} ${hour}`);
          }
          if (entry.kind === 'ended' && entry.end === 'completed') {
            for (const hour of hoursOf(entry.claims)) over.add(`${entry.customer} ${hour}`);
          }
          if (entry.kind === 'command' && entry.name === 'skipDay' && 'state' in entry.answer) {
            const { customer, day } = entry.argument as { customer: string; day: string };
            for (const each of hoursOf([[hour(day), hour(day) + 24]])) leftOut.add(`${customer} ${each}`);
          }
        }
      },
    );
  });

  it('a window that somebody stopped is held, and its hours do not start again until resume', () => {
    check(stories(['pause', 'skipDay', 'retryFailed', 'setParallelism']), (story) => {
      const held = new Set<string>();
      for (const entry of drive(story.request, story.script).trace) {
        if (entry.kind === 'started') {
          const hours = [...hoursOf([entry.hours])].map((hour) => `${entry.customer} ${hour}`);
          expect(hours.filter((hour) => held.has(hour))).toEqual([]);
        }
        if (entry.kind === 'ended' && entry.end === 'stopped') {
          for (const hour of hoursOf(entry.claims)) held.add(`${entry.customer} ${hour}`);
        }
      }
    });
  });

  it('a window that failed goes again as the same window, not before its back-off has passed, and so often only', () => {
    check(stories(['pause', 'resume', 'setParallelism']), ({ request, script }) => {
      const { retry, child } = request.options;
      const due = new Map<string, { hours: Interval; customer: string; at: number; attempt: number }>();
      for (const entry of drive(request, script).trace) {
        if (entry.kind === 'started') {
          const name = nameOf(entry.customer, entry);
          for (const other of due.values()) {
            if (other.customer !== entry.customer || !meet(entry.hours, other.hours)) continue;
            expect(nameOf(other.customer, other)).toBe(name);
            expect(entry.at).toBeGreaterThanOrEqual(other.at);
            expect(entry.attempt).toBe(other.attempt);
          }
          if (entry.attempt > 1) expect(due.has(name)).toBe(true);
          due.delete(name);
        }
        if (entry.kind === 'ended' && entry.end !== 'completed' && entry.end !== 'stopped') {
          const policy = retry[entry.end];
          expect(entry.attempt).toBeLessThanOrEqual(Math.max(...Object.values(retry).map(({ attempts }) => attempts)));
          if (entry.attempt >= policy.attempts) continue;
          const { customer, hours, attempt } = entry;
          const id = windowId(child.workflowIdPrefix, customer, hours);
          const at = entry.at + backoff(policy, attempt, id);
          due.set(nameOf(customer, entry), { customer, hours, at, attempt: attempt + 1 });
        }
      }
    });
  });

  it('a run ends, with every day done, skipped, failed or held, unless it is paused', () => {
    check(stories(), ({ request, script }) => {
      const { ending, state } = drive(request, script);
      const waiting = state.customers.some(({ hours, windows }) => hours.waiting.length + windows.checking.length > 0);
      if (ending === 'standing') {
        expect(statusOf(state).status).toBe('paused');
        expect(waiting).toBe(true);
      } else {
        expect(waiting).toBe(false);
        const open = state.customers.some(({ hours }) => hours.failed.length + hours.held.length > 0);
        expect(ending).toBe(open ? 'incomplete' : 'completed');
      }
    });
  });

  it('finish ends a run as soon as nothing is in flight, and starts nothing more', () => {
    const withFinish = requests().chain((request) =>
      fc.record({
        request: fc.constant(request),
        outcomes: fc.array(outcome, { maxLength: 20 }),
        commands: commandsFor(request, ['finish', 'pause', 'resetDay']),
      }),
    );
    check(withFinish, ({ request, outcomes, commands }) => {
      const { trace, ending, endedAt } = drive(request, { outcomes, commands });
      const at = trace.findIndex((entry) => entry.kind === 'command' && entry.name === 'finish');
      if (at < 0) return;
      expect(ending).toBe('completed');
      expect(trace.slice(at).filter(({ kind }) => kind === 'started')).toEqual([]);
      expect(endedAt).toBe(trace.findLast(({ kind }) => kind === 'ended' || kind === 'command')!.at);
    });
  });

  it('the state survives JSON at any moment, and the same decisions follow', () => {
    check(stories(), ({ request, script }) => {
      const carry = (state: State) => {
        const copy = throughJson(state);
        // Quick where all is well; the slow comparison is for its message.
        if (!isDeepStrictEqual(copy, state)) expect(copy).toStrictEqual(state);
        return copy;
      };
      const carried = drive(request, { ...script, carry });
      const plain = drive(request, script);
      expect(carried).toEqual(plain);
    });
  });
});

describe('windows that ran before the run', () => {
  const withFound = requests().chain((request) => {
    const window = fc
      .record({
        customer: fc.nat(request.customers.length - 1),
        from: fc.integer({ min: -48, max: 240 }),
        hours: fc.integer({ min: 1, max: 240 }),
      })
      .map(({ customer, from, hours }) => {
        const start = request.customers[customer]!.start + from;
        return { customer, hours: [start, start + hours] as const };
      })
      // As the workflow does: windows outside of the range are not told.
      .filter(({ customer, hours }) => meet(hours, rangeOf(request.customers[customer]!)));
    return fc.record({
      request: fc.constant(request),
      found: fc.uniqueArray(fc.tuple(window, outcome), {
        maxLength: 3,
        selector: ([{ customer, hours }]) => `${customer} ${hours}`,
      }),
      completed: fc.array(window, { maxLength: 3 }),
      outcomes: fc.array(outcome, { maxLength: 20 }),
      commands: commandsFor(request),
    });
  });

  it('are awaited where they run, and not run again where they completed', () => {
    check(withFound, ({ request, found, completed, outcomes, commands }) => {
      const driven = drive(request, {
        outcomes,
        commands: commands.filter(({ name }) => name !== 'resetDay' && name !== 'addCustomers'),
        completed,
        found: found.map(([window, outcome]) => ({ ...window, outcome })),
      });
      const claimed = new Set(
        found.flatMap(([{ customer, hours }]) => [...hoursOf([hours])].map((hour) => `${customer} ${hour}`)),
      );
      const done = completed.flatMap(({ customer, hours }) =>
        [...hoursOf([hours])].map((hour) => `${customer} ${hour}`).filter((name) => !claimed.has(name)),
      );
      const ran = new Set(
        startsOf(driven).flatMap(({ customer, hours }) =>
          [...hoursOf([hours])].map((hour) => `${request.customers.findIndex(({ id }) => id === customer)} ${hour}`),
        ),
      );
      expect(done.filter((name) => ran.has(name))).toEqual([]);
    });
  });

  it('never share an hour with a window that the run starts', () => {
    check(withFound, ({ request, found, completed, outcomes, commands }) => {
      const driven = drive(request, {
        outcomes,
        commands,
        completed,
        found: found.map(([window, outcome]) => ({ ...window, outcome })),
        watch: (state) => state.customers.forEach(statesOfHours),
      });
      withFlights(driven, (entry, flying) => {
        if (entry.kind !== 'started') return;
        for (const other of flying) {
          if (!('hours' in other) || !('customer' in other) || other.customer !== entry.customer) continue;
          expect(meet(entry.hours, other.hours)).toBe(false);
        }
      });
    });
  });
});
