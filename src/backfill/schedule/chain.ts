import { initialWriters, throughputOf } from '../pacing/writers.js';
import type { Customer } from '../state/customer.js';
import { countInFlight, findsWriters } from '../state/in-flight.js';
import type { State } from '../state/state.js';
import { tallyOf, workLeft } from '../state/tally.js';
import { writersOf } from './limit.js';

/**
 * What a customer's chain asks of the run: its windows follow each other, as many at once as it has writers, and the longest chain may decide
 * when the run ends.
 */

/** How long the customer's chain is: the work that one of its windows would do until all its writers are done. */
export const chainOf = (state: State, customer: Customer): number =>
  workLeft(customer) / strengthOf(state, customer, writersOf(state, customer));

/** What the customer's writers do together, in windows that wait for nobody: those that wait for each other count for less. */
export function strengthOf(state: State, customer: Customer, writers: number): number {
  const { best, foundWriters } = customer.pacing;
  const rate = foundWriters && throughputOf(foundWriters);
  if (rate === undefined || best === undefined || !findsWriters(state, customer)) return writers;
  return Math.max(1, Math.min(writers, rate * best * state.pacing.pace.slowness));
}

/** Writers wait for each other where they do less than this share of what as many independent ones would. */
const WAITING = 0.8;

/**
 * Whether one writer more than now run is of little use: they wait for each other, and even without it the customer's chain would not
 * decide when the run ends. What fewer of them would do is taken from what all do, as if each slowed each other one by as much
 * (Gunther's universal scalability law without its crosstalk).
 */
export function isSpare(state: State, customer: Customer, writers: number, even: number): boolean {
  const strength = strengthOf(state, customer, writers);
  const running = customer.windows.running.length;
  const onTrial = customer.pacing.foundWriters?.trial !== undefined;
  if (running === 0 || onTrial || strength > WAITING * writers) return false;
  const waits = (writers / strength - 1) / (writers - 1);
  return (workLeft(customer) * (1 + waits * (running - 1))) / running <= even;
}

/** All work left, in what windows that wait for nobody would do in the slots that it takes. */
export function slotTimeLeft(state: State): number {
  let { left } = tallyOf(state);
  for (const index of tallyOf(state).running) {
    const customer = state.customers[index]!;
    const writers = writersOf(state, customer);
    const strength = strengthOf(state, customer, writers);
    if (strength !== writers) left += workLeft(customer) * (writers / strength - 1);
  }
  return left;
}

/** From this share of what operators bear on, windows may slow each other. */
const BUSY = 0.6;
/** A chain must take so much longer than all else in the slots of now. */
const MARGIN = 1.1;
/** And so much longer than the chain that is held back: volumes are known roughly, and of two that are alike either may be the longer one. */
const CLEARLY_LONGER = 1.5;

/**
 * The customer for which a window with such a chain is held back: it is in flight and decides when the run ends, all else is done by then with
 * as many windows as are in flight now, and the database is so busy that one more would only slow it. Only one whose volume is known, and
 * its number of writers: a chain that still finds out how fast it can be is no measure.
 */
export function heldFor(state: State, { chain }: { chain: number }): Customer | undefined {
  const { utilization = 0 } = state.pacing.health;
  if (utilization < BUSY) return undefined;
  const enough = Math.max(CLEARLY_LONGER * chain, (MARGIN * slotTimeLeft(state)) / countInFlight(state));
  return tallyOf(state)
    .running.map((index) => state.customers[index]!)
    .find((customer) => {
      const known = customer.conversations !== undefined && hasKnownWriters(state, customer);
      return known && chainOf(state, customer) > enough;
    });
}

/** The customer's number of writers was asked for, or one more than it has was tried and was not worth it. */
function hasKnownWriters(state: State, customer: Customer): boolean {
  if (!findsWriters(state, customer)) return true;
  const { count, brink, trial } = customer.pacing.foundWriters ?? initialWriters;
  return !trial && brink?.worthless === true && brink.count === count + 1;
}
