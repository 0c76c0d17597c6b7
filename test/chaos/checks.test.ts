import { describe, expect, it } from 'vitest';
import { violations } from '../../scripts/lab/chaos/checks.js';
import type { Execution } from '../../scripts/lab/chaos/executions.js';
import type { Fact } from '../../scripts/lab/chaos/facts.js';
import { gapsOf, inFlightBy } from '../../scripts/lab/chaos/gaps.js';
import { disobedience } from '../../scripts/lab/chaos/obedience.js';
import { parseWindowId } from '../../src/backfill/hours/window.js';

/** Checks that never find anything would pass every round; each must find its own violation. */

const PREFIX = 'reindexconversations-';

function ran(id: string, startedAt: number, closedAt: number, status: Execution['status'] = 'COMPLETED'): Execution {
  const { customer, interval } = parseWindowId('reindexconversations', `${PREFIX}${id}`)!;
  const [from, to] = interval;
  return {
    workflowId: `${PREFIX}${id}`,
    runId: `run-at-${startedAt}`,
    status,
    customer,
    from,
    to,
    startedAt,
    closedAt,
  };
}

type Bare<T> = T extends unknown ? Omit<T, 'order' | 'time' | 'chain'> : never;

/** Facts of one chain, `time` µs each in this order. */
function history(...facts: [time: number, fact: Bare<Fact>][]): Fact[] {
  return facts.map(([time, fact], order) => ({ ...fact, order, time, chain: 0 }) as Fact);
}

const started = (max = 2, perCustomer = 1): Bare<Fact> => ({
  kind: 'started',
  input: { parallelism: { max, perCustomer } },
});
const decided = (id: string): Bare<Fact> => ({ kind: 'windowDecided', workflowId: `${PREFIX}${id}` });
const ended: Bare<Fact> = { kind: 'ended', how: 'completed' };
const command = (name: string, argument: Record<string, unknown> = {}): Bare<Fact> => ({
  kind: 'command',
  name,
  argument,
  verdict: 'accepted',
  updateId: 'any',
});
const day = 'ash-2026-01-05';
const reset = command('resetDay', { customer: 'ash', day: '2026-01-05' });

describe('the checks of a round', () => {
  it('find nothing wrong with windows that follow each other in the same microsecond', () => {
    const facts = history([0, started(1)], [1, decided(day)], [5, decided('ash-2026-01-06')], [9, ended]);
    expect(violations(facts, [ran(day, 2, 6), ran('ash-2026-01-06', 6, 8)])).toEqual([]);
  });

  it('find two windows of one customer over the same hours at once, also of different sizes', () => {
    const facts = history(
      [0, started(5, 5)],
      [1, decided(day)],
      [1, decided('ash-2026-01-04--2026-01-06')],
      [9, ended],
    );
    const found = violations(facts, [ran(day, 2, 6), ran('ash-2026-01-04--2026-01-06', 5, 8)]);
    expect(found).toEqual([expect.stringContaining('twice at once')]);
    expect(violations(facts, [ran(day, 2, 6), ran('birch-2026-01-05', 5, 8)])).toEqual([]);
  });

  it('find a done window that ran again, unless somebody asked in between', () => {
    const twice = [ran(day, 2, 4), ran(day, 6, 8)];
    const unasked = history([0, started()], [1, decided(day)], [5, decided(day)], [9, ended]);
    expect(violations(unasked, twice)).toEqual([expect.stringContaining('again unasked')]);
    const asked = history([0, started()], [1, decided(day)], [3, reset], [5, decided(day)], [9, ended]);
    expect(violations(asked, twice)).toEqual([]);
    const askedOnce = history(
      [0, started()],
      [1, decided(day)],
      [3, reset],
      [5, decided(day)],
      [10, decided(day)],
      [19, ended],
    );
    expect(violations(askedOnce, [...twice, ran(day, 11, 12)])).toEqual([expect.stringContaining('again unasked')]);
  });

  it('find an accepted resetDay without effect, unless it was overruled', () => {
    const once = [ran(day, 2, 4)];
    const ignored = history([0, started()], [1, decided(day)], [5, reset], [9, ended]);
    expect(violations(ignored, once)).toEqual([expect.stringContaining('accepted without effect')]);
    const skip = command('skipDay', { customer: 'ash', day: '2026-01-05' });
    expect(violations(history([0, started()], [1, decided(day)], [5, reset], [6, skip], [9, ended]), once)).toEqual([]);
  });

  it('find a start over the limit in force', () => {
    const lower = command('setParallelism', { max: 1, by: 'kim' });
    const facts = history([0, started()], [1, decided(day)], [2, lower], [3, decided('birch-2026-01-05')], [9, ended]);
    const found = violations(facts, [ran(day, 2, 6), ran('birch-2026-01-05', 4, 8)]);
    expect(found).toEqual([expect.stringContaining('2 in flight, limit 1')]);
  });

  it('find a window left behind, a window that no cancel reached, and a signal that was lost', () => {
    const left = history([0, started()], [1, decided(day)], [9, ended]);
    expect(violations(left, [ran(day, 2, Number.POSITIVE_INFINITY, 'RUNNING')])).toEqual([
      expect.stringContaining('still runs'),
    ]);
    const cancel = history([0, started()], [1, decided(day)], [3, command('cancelWindows')], [9_000_000, ended]);
    expect(violations(cancel, [ran(day, 2, 8_000_000)])).toEqual([expect.stringContaining('did not reach')]);
    const signal: Bare<Fact> = { kind: 'command', name: 'pause', argument: {}, verdict: 'unseen' };
    expect(violations(history([0, started()], [1, signal], [2, ended]), [])).toEqual([
      expect.stringContaining('neither done nor refused'),
    ]);
  });

  it.each([
    ['pause', {}],
    ['pause', { customer: 'ash' }],
    ['cancelWindows', {}],
    ['skipDay', { customer: 'ash', day: '2026-01-05' }],
    ['removeCustomer', { customer: 'ash' }],
    ['finish', {}],
  ])('find a start after %s %j', (name, argument) => {
    expect(disobedience(history([0, started()], [1, command(name, argument)], [2, decided(day)]))).toHaveLength(1);
    expect(disobedience(history([0, started()], [1, decided(day)], [2, command(name, argument)]))).toEqual([]);
    expect(
      disobedience(history([0, started()], [1, command(name, argument)], [2, started()], [3, decided(day)])),
    ).toEqual([]);
  });
});

describe('the measure of windows in flight', () => {
  // Two slots; the first is empty from 4 to 6, the second from 5 to 9.
  const executions = [
    ran(day, 0, 4),
    ran('birch-2026-01-05', 1, 5),
    ran('cedar-2026-01-05', 6, 20),
    ran('elm-2026-01-05', 9, 20),
  ];

  it('takes the time from each close to the start that takes its slot', () => {
    expect(gapsOf(executions, 2)).toEqual([
      { from: 4, to: 6 },
      { from: 5, to: 9 },
    ]);
  });

  it('tells the fewest in flight, and the share of the time with fewer than are wanted', () => {
    const gaps = gapsOf(executions, 2);
    expect([2, 1, 0].map((wanted) => inFlightBy(gaps, 2, wanted))).toEqual([
      { fewest: 0, short: 1 },
      { fewest: 0, short: 0.2 },
      { fewest: 0, short: 0 },
    ]);
    expect(inFlightBy([], 2, 2)).toEqual({ fewest: 2, short: 0 });
  });
});
