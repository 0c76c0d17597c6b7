import { boundWithin, lowerBound } from './bounds.js';
import type { Measured } from './database.js';
import { type Cluster, fleetFrom, totalOf } from './fleet.js';
import { models, type Parameters } from './parameters.js';
import { auto, ours } from './procedures.js';
import type { Controller } from './rivals/controller.js';
import { playRival } from './rivals/play.js';
import { aimd, fixed, gitlab, gradient2, type Setting, spirit } from './rivals/published.js';

/** What a controller makes of one cluster. */
type Way = (cluster: Cluster, parameters: Parameters) => Measured & { makespan: number };

const rival =
  (make: (setting: Setting) => Controller, perCustomer: number, longest?: number): Way =>
  (cluster, parameters) =>
    playRival(cluster, parameters, make({ knee: cluster.knee, perCustomer }), longest);

/** No limit of its own for one customer: a controller that was not made for chains knows none. */
const ANY = 1_000;

const ways: [name: string, way: Way][] = [
  ['this project, `perCustomer: "auto"`', auto],
  ['this project, `perCustomer: 1`', ours],
  ['AIMD, one window of a customer', rival(aimd, 1)],
  ['AIMD, any number', rival(aimd, ANY)],
  ['Gradient2, one window of a customer', rival(gradient2, 1)],
  ['Gradient2, any number', rival(gradient2, ANY)],
  ['Spirit, one window of a customer', rival(spirit, 1)],
  ['Spirit, any number', rival(spirit, ANY)],
  ['GitLab, 2 migrations at once', rival(gitlab(2), 1)],
  ['GitLab, 20 migrations at once', rival(gitlab(20), 1)],
];

/** The numbers that the search for the best fixed one tries. */
const LIMITS = [4, 8, 12, 16, 24, 32];
const PER_CUSTOMER = [1, 2, 3, 4, 6, 10];

interface Outcome {
  ratio: number;
  /** Beside what can be done under `maxLoad`. */
  within: number;
  makespan: number;
  overStress: number;
  overOperators: number;
  deadlocks: number;
  repeated: number;
}

interface Fleet {
  fleet: readonly Cluster[];
  /** The bounds of its slowest cluster, in s: with all knowledge, and under `maxLoad`. */
  bound: number;
  boundUnder: number;
}

function drawnFrom(seed: number, parameters: Parameters): Fleet {
  const fleet = fleetFrom(seed, parameters);
  const slowest = (of: typeof lowerBound) => Math.max(...fleet.map((cluster) => of(cluster, parameters)));
  return { fleet, bound: slowest(lowerBound), boundUnder: slowest(boundWithin) };
}

function outcomeOf({ fleet, bound, boundUnder }: Fleet, parameters: Parameters, way: Way): Outcome {
  const played = fleet.map((cluster) => way(cluster, parameters));
  const sum = (of: (cluster: Measured) => number) => played.reduce((total, cluster) => total + of(cluster), 0);
  const work = fleet.flatMap(({ customers }) => customers).reduce((total, customer) => total + totalOf(customer), 0);
  const makespan = Math.max(...played.map((cluster) => cluster.makespan));
  return {
    makespan,
    ratio: makespan / bound,
    within: makespan / boundUnder,
    overStress: sum((cluster) => cluster.overStress) / 60,
    overOperators: sum((cluster) => cluster.overOperators) / 60,
    deadlocks: sum((cluster) => cluster.deadlocks),
    repeated: 100 * (sum((cluster) => cluster.worked) / work - 1),
  };
}

/** The fastest of all fixed numbers with which operators do not step in; of them all, where they always do. Those slower than the fastest one are not played to their end. */
function bestFixed(fleet: Fleet, parameters: Parameters): Outcome {
  let fastest: Outcome | undefined;
  const busy: Outcome[] = [];
  for (const limit of LIMITS) {
    for (const perCustomer of PER_CUSTOMER.filter((perCustomer) => perCustomer <= limit)) {
      const outcome = outcomeOf(fleet, parameters, rival(fixed(limit), perCustomer, fastest?.makespan));
      if (outcome.overOperators > 0) busy.push(outcome);
      else if (!fastest || outcome.makespan < fastest.makespan) fastest = outcome;
    }
  }
  return fastest ?? busy.reduce((a, b) => (b.makespan < a.makespan ? b : a));
}

/** One table for each model of what is not known: this project beside every controller that somebody has published. */
export function compareControllers(
  fleets: number,
  seed: number,
  { model = '', controller = '' }: { model?: string; controller?: string },
): void {
  const columns = [
    '',
    '÷ bound',
    'worst',
    'under maxLoad',
    'worst',
    '÷ one writer',
    'over stress',
    "over operators'",
    'deadlocks',
    'repeated',
  ];
  console.log(`${fleets} fleets of 8 clusters from seed ${seed}; medians of fleets, where nothing else is said`);
  for (const [name, parameters] of Object.entries(models)) {
    if (!name.includes(model)) continue;
    console.log(`\n### ${name}\n\n| ${columns.join(' | ')} |\n|${columns.map(() => ' --- |').join('')}`);
    const drawn = Array.from({ length: fleets }, (_, i) => drawnFrom(seed + i, parameters));
    const single = drawn.map((fleet) => outcomeOf(fleet, parameters, ours));
    const rows: [string, () => Outcome[]][] = [
      ...ways.map(([title, way]): [string, () => Outcome[]] => [
        title,
        () => (way === ours ? single : drawn.map((fleet) => outcomeOf(fleet, parameters, way))),
      ]),
      ['the best fixed number of each fleet', () => drawn.map((fleet) => bestFixed(fleet, parameters))],
    ];
    for (const [title, play] of rows) {
      if (!title.includes(controller)) continue;
      const outcomes = play();
      const middle = (of: keyof Outcome) => median(outcomes.map((outcome) => outcome[of]));
      const most = (of: keyof Outcome) => Math.max(...outcomes.map((outcome) => outcome[of]));
      const cells = [
        title,
        middle('ratio').toFixed(2),
        most('ratio').toFixed(2),
        middle('within').toFixed(2),
        most('within').toFixed(2),
        median(outcomes.map(({ makespan }, i) => makespan / single[i]!.makespan)).toFixed(2),
        `${middle('overStress').toFixed(0)}m (most ${most('overStress').toFixed(0)}m)`,
        `${middle('overOperators').toFixed(0)}m (most ${most('overOperators').toFixed(0)}m)`,
        middle('deadlocks').toFixed(0),
        `${Math.abs(middle('repeated')).toFixed(1)}% (most ${most('repeated').toFixed(1)}%)`,
      ];
      console.log(`| ${cells.join(' | ')} |`);
    }
  }
}

function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
