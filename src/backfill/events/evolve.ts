import { afterHealth, isOver } from '../pacing/pace.js';
import { MAX_WEIGHT } from '../request/weight.js';
import { workflowIdOf } from '../state/in-flight.js';
import { counted, decided, loadSeen, logged } from '../state/journal.js';
import { delivered, withReceivers } from '../state/notifications.js';
import { WEIGHT_REASON } from '../state/sentence.js';
import type { State } from '../state/state.js';
import { tallyOf } from '../state/tally.js';
import {
  paced,
  updateCustomers,
  updateWindow,
  withCancelRequested,
  withIdleSince,
  withLifecycle,
} from '../state/update.js';
import { triedSooner } from './breaker.js';
import { checkFailed, checkStarted, windowsChecked, withoutChecks } from './checks.js';
import { completedWindowsFound, customersDiscovered, windowFound } from './discovery.js';
import type { Event, EventOf } from './event.js';
import {
  customersListed,
  preparationBegan,
  preparationFailed,
  preparationGivenUp,
  prepared,
  volumesEstimated,
} from './preparation.js';
import { windowCompleted } from './window-completed.js';
import { windowFailed } from './window-failed.js';
import { windowStarted } from './window-started.js';
import { writersOverloaded } from './writers.js';

/** The state after the event. Never changes its argument; ignores an event about a window that is not in flight. */
export function evolve(state: State, event: Event): State {
  return withIdleSince(pausedByWeight(apply(state, event), event.at), event.at);
}

function apply(state: State, event: Event): State {
  switch (event.kind) {
    case 'windowStarted':
      return windowStarted(state, event);
    case 'customersListed':
      return customersListed(state, event);
    case 'volumesEstimated':
      return volumesEstimated(state, event);
    case 'preparationBegan':
      return preparationBegan(state, event);
    case 'preparationFailed':
      return preparationFailed(state, event);
    case 'preparationGivenUp':
      return preparationGivenUp(state, event);
    case 'prepared':
      return prepared(state);
    case 'customersDiscovered':
      return customersDiscovered(state, event);
    case 'windowIdentified':
      return updateWindow(state, event, (window) => ({ ...window, runId: event.runId }));
    case 'windowAdopted':
      return windowAdopted(state, event);
    case 'windowFound':
      return windowFound(state, event);
    case 'windowCompleted':
      return windowCompleted(state, event);
    case 'windowFailed':
      return windowFailed(state, event);
    case 'checkStarted':
      return checkStarted(state, event);
    case 'windowsChecked':
      return windowsChecked(state, event);
    case 'checkFailed':
      return checkFailed(state, event);
    case 'healthChanged':
      return healthChanged(state, event);
    case 'hoursKnown':
      return { ...state, pacing: { ...state.pacing, openHours: event.steps } };
    case 'completedWindowsFound':
      return completedWindowsFound(state, event);
    case 'cancelRequested':
      return cancelRequested(state, event);
    case 'receiversKnown':
      return state.notifications
        ? { ...state, notifications: withReceivers(state.notifications, event.receivers) }
        : state;
    case 'notificationsDelivered':
      return notificationsDelivered(state, event);
    case 'runEnded':
      return runEnded(state, event);
    default:
      return event satisfies never;
  }
}

/** Pauses a run that breaks up into more separate stretches of hours than the next run can take over. */
function pausedByWeight(state: State, at: number): State {
  if (state.lifecycle.paused || tallyOf(state).weight <= MAX_WEIGHT) return state;
  return decided(withLifecycle(state, { paused: { at, reason: WEIGHT_REASON } }), at, { kind: 'pausedByWeight' });
}

function windowAdopted(state: State, event: EventOf<'windowAdopted'>): State {
  const next = updateWindow(state, event, (window) => ({ ...window, adopted: true }));
  if (next === state) return state;
  const window = workflowIdOf(state, state.customers[event.customer]!, event.hours);
  return decided(counted(next, { started: -1, adopted: 1 }), event.at, { kind: 'windowAdopted', window });
}

function healthChanged(state: State, { at, kind: _, ...health }: EventOf<'healthChanged'>): State {
  const { level, reason } = health;
  const { level: from } = state.pacing.health;
  const seen = loadSeen({ ...state, pacing: { ...state.pacing, health } }, { at, ...health });
  const changed = isOver(health) ? writersOverloaded(seen, at) : seen;
  const why = `the database is ${level}: ${reason}`;
  const answered = changed !== seen;
  const next = answered ? changed : paced(changed, at, (pace) => afterHealth(pace, health, { from, at, why }));
  if (level === from) return next;
  const seenAgain = from === 'unknown' && level === 'ok';
  return decided(seenAgain ? triedSooner(next, at) : next, at, { kind: 'databaseLevel', from, to: level, reason });
}

function cancelRequested(state: State, { at }: EventOf<'cancelRequested'>): State {
  const marked = updateCustomers(state, withCancelRequested);
  return logged(withLifecycle(marked, { cancelling: true }), { at, kind: 'cancelRequested' });
}

function notificationsDelivered(state: State, event: EventOf<'notificationsDelivered'>): State {
  if (!state.notifications) return state;
  const { receiver, upTo, off, at } = event;
  const next = { ...state, notifications: delivered(state.notifications, receiver, off ? null : upTo) };
  // The report of a run that has ended has its log as it was then.
  return off && !state.lifecycle.ended ? decided(next, at, { kind: 'receiverOff', receiver }) : next;
}

function runEnded(state: State, { how, at }: EventOf<'runEnded'>): State {
  return decided(withLifecycle(withoutChecks(state), { ended: how }), at, { kind: 'runEnded', how });
}
