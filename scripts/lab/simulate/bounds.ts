import { sessionsFor, speedsOf } from './bearing.js';
import { sessionTime, timeFor } from './conditions.js';
import { type Cluster, type SimulatedCustomer, totalOf } from './fleet.js';
import type { Parameters } from './parameters.js';

/**
 * The shortest time (s) that any order of windows could take, computed with all knowledge: all work at the capacity that there was, or
 * the customer that takes longest with the best number of writers that it bears.
 */
export function lowerBound(cluster: Cluster, parameters: Parameters): number {
  const { customers, conditions } = cluster;
  const works = customers.map((customer) => workOf(customer, parameters));
  const chains = customers.map((customer, i) =>
    timeFor(conditions, works[i]!, Math.max(...speedsWithin(cluster, customer, parameters))),
  );
  return Math.max(timeFor(conditions, sum(works), Number.POSITIVE_INFINITY), ...chains);
}

/** To a thousandth. */
const HALVINGS = 13;

/**
 * The shortest time (s) in which no more sessions are active than keep the probe under `maxLoad`: writers that wait for each other take
 * sessions and leave capacity unused, and a probe that shows too many leaves fewer. Without a probe, {@link lowerBound}. At each mean speed
 * a customer takes the fewest sessions that give it (a convex function, so that no change of speed over time takes fewer).
 */
export function boundWithin(cluster: Cluster, parameters: Parameters): number {
  const { customers, conditions, maxLoad } = cluster;
  let shortest = lowerBound(cluster, parameters);
  if (parameters.probe === 'none') return shortest;
  const asked = customers.map((customer) => ({
    work: workOf(customer, parameters),
    speeds: speedsWithin(cluster, customer, parameters),
  }));
  const fits = (until: number) => {
    const { time, sessions } = sessionTime(conditions, until, maxLoad);
    return sum(asked.map(({ work, speeds }) => time * sessionsFor(speeds, work / time))) <= sessions;
  };
  if (fits(shortest)) return shortest;
  let longest = 2 * shortest;
  while (!fits(longest)) longest *= 2;
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (shortest + longest) / 2;
    if (fits(middle)) longest = middle;
    else shortest = middle;
  }
  return longest;
}

/** In seconds of one window at full speed. */
const workOf = (customer: SimulatedCustomer, { soloSpeed }: Parameters): number => totalOf(customer) / soloSpeed;

function speedsWithin({ start, end, maxLoad }: Cluster, customer: SimulatedCustomer, parameters: Parameters): number[] {
  const shortest = workOf(customer, parameters) / (end - start);
  return speedsOf(customer.bearing, parameters, { most: maxLoad, shortest });
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
