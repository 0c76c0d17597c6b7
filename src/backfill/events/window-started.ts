import { afterStart } from '../pacing/pace.js';
import { moveHours } from '../state/hour-transitions.js';
import { countInFlight } from '../state/in-flight.js';
import { counted } from '../state/journal.js';
import type { State } from '../state/state.js';
import { paced, updateCustomer, withWindows } from '../state/update.js';
import { tried } from './breaker.js';
import type { EventOf } from './event.js';

/** The window is in flight. The pace learns that so many are; while the breaker is open, this is the trial. */
export function windowStarted(state: State, event: EventOf<'windowStarted'>): State {
  const { customer: index, hours, attempt, at } = event;
  const next = updateCustomer(state, index, (customer) => {
    const moved = moveHours(customer, [hours], 'windowStarted', 'waiting → running');
    return withWindows(moved, { running: [...moved.windows.running, { hours, attempt, startedAt: at }] });
  });
  const started = { at, inFlight: countInFlight(next), health: state.pacing.health.level };
  const moved = paced(next, at, (pace) => afterStart(pace, state.parallelism, started));
  return counted(tried(moved, { customer: index, hours }), { started: 1 });
}
