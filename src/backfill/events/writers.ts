import { afterTrialsEnded } from '../pacing/pace.js';
import {
  afterContention,
  afterOverload,
  afterSuccess,
  initialWriters,
  triesMore,
  type Writers,
} from '../pacing/writers.js';
import { chainOf } from '../schedule/chain.js';
import type { Customer, Window } from '../state/customer.js';
import { findsWriters } from '../state/in-flight.js';
import { decided } from '../state/journal.js';
import type { State } from '../state/state.js';
import { tallyOf, workLeft } from '../state/tally.js';
import { paced, updateCustomer } from '../state/update.js';

/** A customer's writers among what happens to it; their rules are in `pacing/writers.ts`. */

const foundOf = ({ pacing }: Customer): Writers => pacing.foundWriters ?? initialWriters;

/**
 * The state with what is now known about the customer's writers. A change of their number goes into the log, and the end of a trial: its
 * beginning is no news, since most customers are done before it ends.
 */
export function withFound(state: State, index: number, found: Writers, at: number): State {
  const before = foundOf(state.customers[index]!);
  if (found === before) return state;
  const next = updateCustomer(state, index, (customer) => ({
    ...customer,
    pacing: { ...customer.pacing, foundWriters: found },
  }));
  if (found.why === before.why && found.count === before.count) return next;
  if (found.trial) return next;
  const { id } = next.customers[index]!;
  const from = before.trial?.from ?? before.count;
  return decided(next, at, { kind: 'writersMoved', customer: id, from, to: found.count, why: found.why });
}

/**
 * A window of the customer completed: `work` conversations.
 *
 * @param landed the customer without the window
 */
export function writersSucceeded(
  state: State,
  index: number,
  landed: Customer,
  { startedAt, adopted }: Window,
  { at, work }: { at: number; work: number },
): State {
  const customer = state.customers[index]!;
  // A customer with nothing waiting needs no more writers, and ten thousand of them would make the carried state large.
  if (!findsWriters(state, customer) || customer.hours.waiting.length === 0) return state;
  // The run's most may be lowered under their number; and what an adopted window took is not known.
  const full = landed.windows.running.length + 1 >= foundOf(customer).count && !adopted;
  const seen = state.pacing.health.level !== 'off';
  const left = timeLeft(landed);
  const window = { startedAt, at, work, full, seen, ...(left !== undefined && { left }) };
  return withFound(state, index, afterSuccess(foundOf(customer), window), at);
}

/** What a lone writer takes for what is left of the customer, in ms; undefined while it is not known how fast one is. */
function timeLeft(customer: Customer): number | undefined {
  const { best } = customer.pacing;
  return best === undefined ? undefined : best * workLeft(customer);
}

/** A window of the customer met contention. Where it had several writers, it loses one. */
export function writersMetContention(state: State, index: number, { startedAt }: Window, at: number): State {
  const customer = state.customers[index]!;
  if (!findsWriters(state, customer)) return state;
  return withFound(state, index, afterContention(foundOf(customer), { startedAt, at }), at);
}

/**
 * The database is over what operators bear: numbers of writers on trial are taken back. That of the customer with the longest chain goes
 * only where it is the last one: the load may be the others', and the run waits for it longest. The limit then waits to see that.
 */
export function writersOverloaded(state: State, at: number): State {
  const onTrial = tallyOf(state).running.filter((index) => {
    const customer = state.customers[index]!;
    return findsWriters(state, customer) && triesMore(foundOf(customer));
  });
  const chains = onTrial.map((index) => chainOf(state, state.customers[index]!));
  const longest = onTrial[chains.indexOf(Math.max(...chains))];
  let next = state;
  for (const index of onTrial) {
    if (index === longest && onTrial.length > 1) continue;
    const customer = next.customers[index]!;
    next = withFound(next, index, afterOverload(foundOf(customer), at, timeLeft(customer)), at);
  }
  return next === state ? state : paced(next, at, (pace) => afterTrialsEnded(pace, at));
}
