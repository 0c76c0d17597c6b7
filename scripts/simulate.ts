/**
 * `npm run simulate -- --fleets 50 --seed 1`: plays the same core as the workflow over virtual time, on a model of a
 * database (docs/simulator.md), beside the procedures that it replaces. `-- --controllers`:
 * beside every controller that somebody has published, in each model (`--model`, `--controller`: only those whose name has it). `-- --scale-check`: its cost with 10,000 customers.
 */
import { parseArgs } from 'node:util';
import { lowerBound } from './lab/simulate/bounds.js';
import { compareControllers } from './lab/simulate/controllers.js';
import { type Cluster, fleetFrom, totalOf } from './lab/simulate/fleet.js';
import { january } from './lab/simulate/parameters.js';
import { byHand, ours, type Played, type Procedure, sequentialDays, sixtyDays } from './lab/simulate/procedures.js';
import { scaleCheck } from './lab/simulate/scale.js';

const { values } = parseArgs({
  options: {
    fleets: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    'scale-check': { type: 'boolean', default: false },
    controllers: { type: 'boolean', default: false },
    model: { type: 'string' },
    controller: { type: 'string' },
  },
});

const HOUR = 3_600;

/** Of a cluster that is done in less (s), a ratio would only say what starting a window costs. */
const WORTH_A_RATIO = 15 * 60;

const procedures: [name: string, procedure: Procedure][] = [
  ['as in January, 8h between tries', byHand(8 * HOUR)],
  ['as in January, no time between tries', byHand(0)],
  ['sequential days', sequentialDays],
  ['60 days at once, 1h to react', sixtyDays(HOUR)],
  ['60 days at once, no time to react', sixtyDays(0)],
  ['this project', ours],
];

/** What matters of a fleet's eight clusters, which run side by side. Times in seconds. */
interface FleetResult {
  makespan: number;
  ratio: number;
  worstCluster: number;
  overStress: number;
  overOperators: number;
  interventions: number;
  windows: number;
  deadlocks: number;
  timeouts: number;
  repeated: number;
}

function fleetResult(fleet: readonly Cluster[], procedure: Procedure): FleetResult {
  const bounds = fleet.map((cluster) => lowerBound(cluster, january));
  const played = fleet.map((cluster) => procedure(cluster, january));
  const sum = (of: (cluster: Played) => number) => played.reduce((total, cluster) => total + of(cluster), 0);
  const makespan = Math.max(...played.map((cluster) => cluster.makespan));
  const work = fleet.flatMap(({ customers }) => customers).reduce((total, customer) => total + totalOf(customer), 0);
  return {
    makespan,
    ratio: makespan / Math.max(...bounds),
    worstCluster: Math.max(
      ...played.map((cluster, i) => (bounds[i]! < WORTH_A_RATIO ? 0 : cluster.makespan / bounds[i]!)),
    ),
    overStress: sum((cluster) => cluster.overStress),
    overOperators: sum((cluster) => cluster.overOperators),
    interventions: sum((cluster) => cluster.interventions),
    windows: sum((cluster) => cluster.windows),
    deadlocks: sum((cluster) => cluster.deadlocks),
    timeouts: sum((cluster) => cluster.timeouts),
    repeated: sum((cluster) => cluster.worked) / work - 1,
  };
}

function compare(fleets: number, seed: number): void {
  const drawn = Array.from({ length: fleets }, (_, i) => fleetFrom(seed + i, january));
  const hours = (seconds: number) => `${(seconds / HOUR).toFixed(1)}h`;
  const minutes = (seconds: number) => `${(seconds / 60).toFixed(1)}m`;
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
  const columns = [
    ...[
      '',
      'makespan',
      '÷ bound',
      'worst fleet',
      'worst cluster',
      'over stress',
      "over operators'",
      'cancelled by operators',
    ],
    ...['windows', 'deadlocks', 'time-outs', 'repeated'],
  ];
  console.log(`${fleets} fleets of 8 clusters from seed ${seed}; medians of fleets, where nothing else is said\n`);
  console.log(`| ${columns.join(' | ')} |\n|${columns.map(() => ' --- |').join('')}`);
  for (const [name, procedure] of procedures) {
    const results = drawn.map((fleet) => fleetResult(fleet, procedure));
    const middle = (of: keyof FleetResult) => median(results.map((result) => result[of]));
    const most = (of: keyof FleetResult) => Math.max(...results.map((result) => result[of]));
    const cells = [
      ...[name, hours(middle('makespan')), middle('ratio').toFixed(2), most('ratio').toFixed(2)],
      ...[most('worstCluster').toFixed(2), minutes(middle('overStress'))],
      `${minutes(middle('overOperators'))} (most ${minutes(most('overOperators'))})`,
      ...[`${middle('interventions')} (most ${most('interventions')})`, middle('windows')],
      ...[
        middle('deadlocks'),
        middle('timeouts'),
        `${percent(middle('repeated'))} (most ${percent(most('repeated'))})`,
      ],
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

if (values['scale-check']) scaleCheck(Number(values.seed));
else if (values.controllers) compareControllers(Number(values.fleets), Number(values.seed), values);
else compare(Number(values.fleets), Number(values.seed));
