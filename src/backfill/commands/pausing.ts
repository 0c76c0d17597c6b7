import { closed } from '../events/breaker.js';
import { describe } from '../hours/calendar.js';
import { MAX_WEIGHT } from '../request/weight.js';
import type { Customer } from '../state/customer.js';
import { moveHours } from '../state/hour-transitions.js';
import { countInFlight } from '../state/in-flight.js';
import type { Pause } from '../state/lifecycle.js';
import type { ResumedPart } from '../state/log-entry.js';
import type { State } from '../state/state.js';
import { tallyOf } from '../state/tally.js';
import {
  updateCustomer,
  updateCustomers,
  withCancelRequested,
  withGuard,
  withLifecycle,
  without,
} from '../state/update.js';
import type { Command } from './command.js';
import { chosen, type Effect, indexOf, MOST_PARTS, Refused } from './refused.js';

type PauseCommand = Pick<Command & { name: 'pause' }, 'customer' | 'reason' | 'by'>;

/** Of the run or one customer: nothing new starts, running windows finish. */
export function pause(state: State, { customer: id, reason, by }: PauseCommand, at: number): Effect {
  const paused: Pause = { at, ...(reason !== undefined && { reason }), ...(by !== undefined && { by }) };
  const customer = id === undefined ? {} : { customer: id };
  const index = id === undefined ? undefined : indexOf(state, id);
  const earlier = index === undefined ? state.lifecycle.paused : state.customers[index]!.paused;
  if (earlier) return { state, outcome: { kind: 'pausedAlready', ...customer, since: earlier.at } };
  const windows = index === undefined ? countInFlight(state) : state.customers[index]!.windows.running.length;
  return {
    state:
      index === undefined
        ? withLifecycle(state, { paused })
        : updateCustomer(state, index, (customer) => ({ ...customer, paused })),
    outcome: { kind: 'paused', ...customer, windows },
  };
}

/** Lifts pauses and holds, of one customer or of all; of all, the breaker closes as well. */
export function resume(state: State, id: string | undefined, at: number): Effect {
  const { paused } = state.lifecycle;
  if (tallyOf(state).weight > MAX_WEIGHT) throw new Refused(`resume: ${paused?.reason}`);
  const run = id === undefined && (paused !== undefined || state.guard.breaker !== undefined);
  const parts: ResumedPart[] = [];
  const next = updateCustomers(
    run ? continued(state, at) : state,
    (customer) => resumed(customer, parts),
    chosen(state, id),
  );
  return {
    state: next,
    outcome: {
      kind: 'resumed',
      ...(id !== undefined && { customer: id }),
      run,
      parts: parts.slice(0, MOST_PARTS),
      more: Math.max(0, parts.length - MOST_PARTS),
      stillPaused: id !== undefined && paused !== undefined,
    },
  };
}

function continued(state: State, at: number): State {
  const next = closed(state, at, 'resume');
  const trusting = withGuard(next, { ...next.guard, stops: [], trustedSince: at });
  return { ...trusting, lifecycle: without(trusting.lifecycle, 'paused') };
}

function resumed(customer: Customer, parts: ResumedPart[]): Customer {
  const { held } = customer.hours;
  if (!customer.paused && held.length === 0) return customer;
  const days = held.length > 0 ? describe(held) : '';
  parts.push({ customer: customer.id, continues: customer.paused !== undefined, days });
  return moveHours(without(customer, 'paused'), held, 'resume', 'held → waiting');
}

/** Asks running windows to cancel, and pauses; their days wait again once they have ended. */
export function cancelWindows(
  state: State,
  { customer: id, by }: Command & { name: 'cancelWindows' },
  at: number,
): Effect {
  const indexes = chosen(state, id);
  const windows = indexes.reduce((sum, index) => sum + state.customers[index]!.windows.running.length, 0);
  const marked = updateCustomers(state, withCancelRequested, indexes);
  const paused = pause(marked, { customer: id, reason: 'cancelWindows', by }, at);
  return { state: paused.state, outcome: { kind: 'windowsCancelled', windows, pause: paused.outcome } };
}
