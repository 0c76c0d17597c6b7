import { pack } from '../../src/backfill/carry.js';
import { decide } from '../../src/backfill/decide.js';
import { Database } from './database.js';
import { clusterOf } from './fleet.js';
import { january } from './parameters.js';
import { play, type WindowKey } from './play.js';
import { oursFor, requestFor } from './procedures.js';
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
  const request = requestFor(cluster, members, oursFor(cluster, january));
  const database = new Database<WindowKey>(cluster.knee, january, random);
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
    ...{ cluster, members, request, database },
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
  const { completed, failed } = state.counts;
  const rows = [
    ['customers x days', `${CUSTOMERS.toLocaleString('en-US')} x 366`, ''],
    ['windows completed, ended otherwise', `${completed}, ${failed}`, ''],
    ['events', String(events), ''],
    [
      'simulated in',
      `${seconds.toFixed(1)} s (${((user + system) / 1e6).toFixed(1)} s of one processor)`,
      'under 60 s',
    ],
    ['a decision', `${((1_000 * spent.ms) / spent.decisions).toFixed(1)} µs of ${spent.decisions}`, 'under 50 µs'],
    ['the state carried, at most', `${Math.ceil(heaviest / 1_024)} KB`, 'under 512 KB'],
  ];
  console.log('|  | measured | goal |\n| --- | --- | --- |');
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
}
