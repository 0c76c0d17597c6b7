import { perform } from '../../../src/backfill/commands/perform.js';
import { evolve } from '../../../src/backfill/events/evolve.js';
import type { WindowKey } from '../../../src/backfill/hours/window.js';
import { parseRequest } from '../../../src/backfill/request/request.js';
import { decide } from '../../../src/backfill/schedule/decide.js';
import { initialState } from '../../../src/backfill/state/initial-state.js';
import { pack } from '../../../src/backfill/state/pack.js';
import { Database } from './database.js';
import { clusterOf } from './fleet.js';
import { january } from './parameters.js';
import { play } from './play.js';
import { autoFor, requestFor } from './procedures.js';
import { logBetween, randomFrom } from './random.js';

const CUSTOMERS = 10_000;
/** The state is weighed after so many events. */
const WEIGHED_EVERY = 5_000;

/** What a run over 10,000 customers and a year costs: time, time of a decision, and the state that is carried. */
export function scaleCheck(seed: number): void {
  const random = randomFrom(seed);
  const volumes = Array.from({ length: CUSTOMERS }, (_, i) => logBetween(random, 1_000, i % 100 === 0 ? 5e6 : 200_000));
  const range = { name: 'everybody', start: '2025-01-01', end: '2026-01-02' };
  const cluster = clusterOf({ ...range, volumes, knee: 48, random, parameters: january });
  const members = cluster.customers.map((_, i) => i);
  const request = requestFor(cluster, members, autoFor(cluster, january));
  const database = new Database<WindowKey>(cluster.conditions, january, random);
  let events = 0;
  let heaviest = 0;
  const spent = { decisions: 0, ms: 0 };
  const timed: typeof decide = (state, now) => {
    const start = performance.now();
    const decision = decide(state, now);
    spent.ms += performance.now() - start;
    spent.decisions++;
    return decision;
  };
  let weighing = 0;
  const start = performance.now();
  const used = process.cpuUsage();
  const state = play({
    cluster,
    members,
    request,
    database,
    decide: timed,
    each: (state) => {
      if (events++ % WEIGHED_EVERY > 0) return;
      const before = performance.now();
      heaviest = Math.max(heaviest, JSON.stringify(pack(state)).length);
      weighing += performance.now() - before;
    },
  });
  const seconds = (performance.now() - start - weighing) / 1_000;
  const { user, system } = process.cpuUsage(used);
  const { completed, failed } = state.record.counts;
  const fleetWide = fleetWideCommands();
  const rows = [
    ['customers x days', `${CUSTOMERS.toLocaleString('en-US')} x 366`, ''],
    ['windows completed, did not complete', `${completed}, ${failed}`, ''],
    ['events', String(events), ''],
    [
      'simulated in',
      `${seconds.toFixed(1)} s (${((user + system) / 1e6).toFixed(1)} s of one processor)`,
      'under 60 s',
    ],
    ['a decision', `${((1_000 * spent.ms) / spent.decisions).toFixed(1)} µs of ${spent.decisions}`, 'under 50 µs'],
    ['the state carried, at most', `${Math.ceil(heaviest / 1_024)} KB`, 'under 512 KB'],
    ...fleetWide.map(({ name, ms }) => [`${name}, of 20,000 customers`, `${ms.toFixed(0)} ms`, 'under 500 ms']),
  ];
  console.log('|  | measured | goal |\n| --- | --- | --- |');
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
}

/** What takes as long as a run has customers: commands for all of them, and what a look for completed windows found. */
function fleetWideCommands(): { name: string; ms: number }[] {
  const ids = Array.from({ length: 20_000 }, (_, i) => `c${i}`);
  const parsed = parseRequest({ customers: ids, start: '2026-01-01', end: '2026-02-01', resume: true });
  if (!parsed.ok || parsed.value.customers === 'all') throw new Error('the request is not read');
  const { options, customers } = parsed.value;
  const state = evolve(initialState(options, customers, 0), { kind: 'prepared', at: 0 });
  const day = [options.start, options.start + 24] as const;
  const problem = { hours: [day], class: 'unknown' as const, message: 'away', attempts: 3, workflowId: 'w', at: 0 };
  const waiting = [[day[1], options.end]] as const;
  const broken = (name: 'failed' | 'held') =>
    state.customers.map((customer) => ({
      ...customer,
      hours: { ...customer.hours, waiting, [name]: [day] },
      record: { ...customer.record, problems: [problem] },
    }));
  const failed = broken('failed');
  const held = broken('held');
  const windows = ids.map((_, customer) => ({ customer, hours: day }));
  const took = (name: string, work: () => unknown) => {
    const start = performance.now();
    work();
    return { name, ms: performance.now() - start };
  };
  return [
    took('retryFailed', () => perform({ ...state, customers: failed }, { name: 'retryFailed' }, 1)),
    took('resume', () => perform({ ...state, customers: held }, { name: 'resume' }, 1)),
    took('resumed windows', () => evolve(state, { kind: 'completedWindowsFound', at: 1, windows })),
  ];
}
