import { parseDay } from '../../../src/backfill/hours/calendar.js';
import type { Hour } from '../../../src/backfill/hours/interval.js';
import type { Parameters } from './parameters.js';
import { between, logBetween, type Random, randomFrom } from './random.js';

export interface SimulatedCustomer {
  id: string;
  /** Its volume as a person or a directory knows it before the run: near the truth. */
  estimate: number;
  /** Its true volume before each day of the range, and after the last. */
  cumulative: Float64Array;
}

export interface Cluster {
  name: string;
  start: Hour;
  end: Hour;
  customers: SimulatedCustomer[];
  /** Windows at full speed that use up the database's capacity. */
  knee: number;
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
  return {
    ...{ name: range.name, start, end, knee },
    maxLoad: Math.ceil(knee * between(random, low, high)),
    customers: volumes.map((volume, i) => ({
      id: `customer-${String(i).padStart(5, '0')}`,
      estimate: Math.round(volume * Math.exp(between(random, -error, error))),
      cumulative: daily(volume, (end - start) / 24, random),
    })),
    seed: Math.floor(random() * 2 ** 31),
  };
}

/** Days differ: up to half as much again, or half as much. */
function daily(volume: number, days: number, random: Random): Float64Array {
  const cumulative = new Float64Array(days + 1);
  for (let day = 0; day < days; day++) cumulative[day + 1] = cumulative[day]! + between(random, 0.5, 1.5);
  const scale = volume / cumulative[days]!;
  return cumulative.map((sum) => sum * scale);
}

/** A customer's conversations from one hour to another; even within a day. */
export function volumeOf({ cumulative }: SimulatedCustomer, start: Hour, from: Hour, to: Hour): number {
  const upTo = (hour: Hour) => {
    const day = Math.floor((hour - start) / 24);
    const before = cumulative[day]!;
    return before + ((hour - start) / 24 - day) * ((cumulative[day + 1] ?? before) - before);
  };
  return upTo(to) - upTo(from);
}

export const totalOf = ({ cumulative }: SimulatedCustomer): number => cumulative.at(-1)!;

/**
 * The shortest time (s) that any order of windows could take: all work at full capacity, or the customer whose windows,
 * one after the other at full speed, take longest. No window's overhead, no failure.
 */
export function lowerBound({ customers, knee }: Cluster, { soloSpeed }: Parameters): number {
  let total = 0;
  let longest = 0;
  for (const customer of customers) {
    total += totalOf(customer);
    longest = Math.max(longest, totalOf(customer));
  }
  return Math.max(total / knee, longest) / soloSpeed;
}
