import { parseDay } from '../../../src/backfill/hours/calendar.js';
import type { Hour } from '../../../src/backfill/hours/interval.js';
import { type Bearing, bearingFrom } from './bearing.js';
import { type Conditions, conditionsFrom } from './conditions.js';
import type { Parameters } from './parameters.js';
import { between, logBetween, type Random, randomFrom } from './random.js';

export interface SimulatedCustomer {
  id: string;
  /** Its volume as a person or a directory knows it before the run: near the truth. */
  estimate: number;
  /** Its true volume before each day of the range, and after the last; and its work, in conversations of usual cost. */
  volume: Float64Array;
  work: Float64Array;
  bearing: Bearing;
}

export interface Cluster {
  name: string;
  start: Hour;
  end: Hour;
  customers: SimulatedCustomer[];
  /** Sessions at full speed that use up the database's capacity. */
  knee: number;
  conditions: Conditions;
  maxLoad: number;
  /** For what happens while it is worked on. */
  seed: number;
}

/** The eight clusters of January 2026: how many customers, and how many whales of which volumes. */
const clusters = [
  { name: 'us-east-1-prod', customers: 86, whales: [2, 500_000, 1_500_000] },
  { name: 'us-west-2-prod', customers: 80, whales: [2, 2_000_000, 5_000_000] },
  { name: 'voice-prod', customers: 49, whales: [1, 300_000, 2_000_000] },
  { name: 'chat-prod', customers: 28, whales: [1, 300_000, 1_000_000] },
  { name: 'eu-west-2-prod', customers: 6, whales: [0, 0, 0] },
  { name: 'schwab-prod', customers: 5, whales: [1, 300_000, 1_000_000] },
  { name: 'ap-southeast-2-prod', customers: 4, whales: [0, 0, 0] },
  { name: 'ca-central-1-prod', customers: 2, whales: [0, 0, 0] },
] as const;

export function fleetFrom(seed: number, parameters: Parameters): Cluster[] {
  const random = randomFrom(seed);
  return clusters.map(({ name, customers, whales: [whales, least, most] }) => {
    const volumes = Array.from({ length: customers }, (_, i) =>
      i < whales ? logBetween(random, least, most) : logBetween(random, 1_000, 500_000),
    );
    // Large clusters have larger databases.
    const knee = Math.round(customers > 20 ? logBetween(random, 4, 24) : logBetween(random, 2, 8));
    return clusterOf({ name, start: '2026-01-01', end: '2026-02-01', volumes, knee, random, parameters });
  });
}

export interface ClusterOptions {
  name: string;
  start: string;
  end: string;
  volumes: number[];
  knee: number;
  random: Random;
  parameters: Parameters;
}

export function clusterOf({ volumes, random, knee, parameters, ...range }: ClusterOptions): Cluster {
  const start = parseDay(range.start)!;
  const end = parseDay(range.end)!;
  const error = Math.log(parameters.volumeError);
  const [low, high] = parameters.maxLoad;
  const maxLoad = Math.ceil(knee * between(random, low, high));
  const drawn = volumes.map((total) => ({
    total,
    estimate: Math.round(total * Math.exp(between(random, -error, error))),
    days: Array.from({ length: (end - start) / 24 }, () => between(random, 0.5, 1.5)),
  }));
  const seed = Math.floor(random() * 2 ** 31);
  // What differs from model to model is drawn from another stream, so that the fleets of all models are alike.
  const own = randomFrom(seed + 1);
  return {
    name: range.name,
    start,
    end,
    knee,
    maxLoad,
    seed,
    customers: drawn.map(({ total, estimate, days }, i) => ({
      id: `customer-${String(i).padStart(5, '0')}`,
      estimate,
      volume: cumulative(days, total),
      work: cumulative(withHeavyDays(days, parameters, own), total),
      bearing: bearingFrom(parameters.bearing, own),
    })),
    conditions: conditionsFrom(knee, parameters, own),
  };
}

function withHeavyDays(days: readonly number[], { heavyDays }: Parameters, random: Random): readonly number[] {
  if (!heavyDays) return days;
  const { exponent, most } = heavyDays;
  return days.map((day) => day * Math.min(most, (1 - random()) ** (-1 / exponent)));
}

function cumulative(days: readonly number[], total: number): Float64Array {
  const sums = new Float64Array(days.length + 1);
  for (const [day, share] of days.entries()) sums[day + 1] = sums[day]! + share;
  const scale = total / sums[days.length]!;
  return sums.map((sum) => sum * scale);
}

/** What a customer has from one hour to another; even within a day. */
export function amountOf(sums: Float64Array, start: Hour, from: Hour, to: Hour): number {
  const upTo = (hour: Hour) => {
    const day = Math.floor((hour - start) / 24);
    const before = sums[day]!;
    return before + ((hour - start) / 24 - day) * ((sums[day + 1] ?? before) - before);
  };
  return upTo(to) - upTo(from);
}

export const totalOf = ({ volume }: SimulatedCustomer): number => volume.at(-1)!;
