import { afterStart } from '../pacing/pace.js';
import { initialWriters, afterStart as writersAfterStart } from '../pacing/writers.js';
import { limitNow } from '../schedule/limit.js';
import { moveHours } from '../state/hour-transitions.js';
import { countInFlight, findsWriters } from '../state/in-flight.js';
import { counted } from '../state/journal.js';
import type { State } from '../state/state.js';
import { paced, updateCustomer, withWindows } from '../state/update.js';
import { tried } from './breaker.js';
import type { EventOf } from './event.js';
import { withFound } from './writers.js';

/** The window is in flight. The pace learns that so many are; while the breaker is open, this is the trial. */
export function windowStarted(state: State, event: EventOf<'windowStarted'>): State {
  const { customer: index, hours, attempt, at } = event;
  const started = updateCustomer(state, index, (customer) => {
    const moved = moveHours(customer, [hours], 'windowStarted', 'waiting → running');
    return withWindows(moved, { running: [...moved.windows.running, { hours, attempt, startedAt: at }] });
  });
  const next = withTrial(state, started, index, at);
  const load = { at, inFlight: countInFlight(next), load: state.pacing.health };
  const moved = paced(next, at, (pace) => afterStart(pace, state.parallelism, load));
  return counted(tried(moved, { customer: index, hours }), { started: 1 });
}

/** A window more than its customer has writers puts more writers on trial. */
function withTrial(before: State, state: State, index: number, at: number): State {
  const customer = before.customers[index]!;
  if (!findsWriters(before, customer)) return state;
  const { foundWriters = initialWriters } = customer.pacing;
  const found = writersAfterStart(foundWriters, {
    at,
    inFlight: customer.windows.running.length + 1,
    max: before.parallelism.max,
    free: limitNow(before, at).limit - countInFlight(before),
  });
  return withFound(state, index, found, at);
}
