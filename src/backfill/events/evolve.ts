import type { ClassifiedFailure } from '../failures/classify.js';
import { HOURS_PER_DAY } from '../hours/calendar.js';
import { difference, hoursIn, none, subtract, within } from '../hours/interval.js';
import { afterHealth, afterStart, type Health } from '../pacing/pace.js';
import { initialWriters, afterStart as writersAfterStart } from '../pacing/writers.js';
import type { CustomerRequest } from '../request/options.js';
import { type HoursStep, limitNow } from '../schedule/limit.js';
import { triedWith } from '../state/breaker.js';
import {
  cancelled,
  count,
  paced,
  sameHours,
  settled,
  updateCustomer,
  updateCustomers,
  type WindowKey,
} from '../state/change.js';
import { decided, logged } from '../state/journal.js';
import { rowsOf } from '../state/ledger.js';
import { type PreparationStep, stepBegan, stepFailed, stepGivenUp } from '../state/preparation.js';
import {
  type Check,
  countInFlight,
  cut,
  type Ending,
  idOf,
  intervalOf,
  isAuto,
  runningHours,
  type State,
  type Window,
  withCustomers,
  withVolumes,
} from '../state/state.js';
import { tallyOf } from '../state/tally.js';
import { MAX_WEIGHT } from '../state/weight.js';
import { counted } from '../words.js';
import { windowCompleted, windowFailed } from './outcome.js';
import {
  afterCompletion,
  type CheckedHours,
  type CheckKey,
  checkFailed,
  checkStarted,
  roomIn,
  windowsChecked,
  withoutChecks,
} from './verification.js';

/** What happened. Times are ms since 1970. */
export type Event =
  | ({ kind: 'windowStarted'; at: number; attempt: number } & WindowKey)
  /** The customers of a run for `"all"` are known. */
  | { kind: 'customersListed'; at: number; customers: CustomerRequest[]; unknown: string[] }
  /** Volumes of customers that came without them, in conversations, by id. */
  | { kind: 'volumesEstimated'; at: number; volumes: Record<string, number> }
  /** The run asks the next of what it must know before its first window; an attempt failed; it continues without. */
  | { kind: 'preparationBegan'; at: number; step: PreparationStep }
  | { kind: 'preparationFailed'; at: number; error: string }
  | { kind: 'preparationGivenUp'; at: number }
  /** All that a run must know before its first window is known. */
  | { kind: 'prepared'; at: number }
  /** What runs and what is done of customers (by index) that came later is known; windows that were found came before. */
  | { kind: 'customersSeen'; at: number; customers: number[] }
  /** The execution that does a started window is known. */
  | ({ kind: 'windowIdentified'; at: number; runId: string } & WindowKey)
  /** A window's workflow could not be started, because it was running already. */
  | ({ kind: 'windowAdopted'; at: number } & WindowKey)
  /** A running workflow that nobody here started was found over these hours. */
  | ({ kind: 'windowFound'; at: number; runId: string } & WindowKey)
  /** `conversations`: how many it worked on, where its result says so. */
  | ({ kind: 'windowCompleted'; at: number; conversations?: number } & WindowKey)
  | ({ kind: 'windowFailed'; at: number; failure: ClassifiedFailure } & WindowKey)
  /** Windows that completed before this run, by whoever started them: those of their hours that wait are done, or checked. */
  | { kind: 'completedWindowsFound'; at: number; windows: WindowKey[]; count: number }
  /** A check of completed windows began; it found what it found; or it could not be made, for a reason. */
  | { kind: 'checkStarted'; at: number; windows: CheckKey[] }
  | { kind: 'windowsChecked'; at: number; windows: CheckedHours[] }
  | { kind: 'checkFailed'; at: number; windows: CheckKey[]; reason: string }
  /** The probe sees the database at another level, or can't see it. */
  | { kind: 'healthChanged'; at: number; level: Health; reason: string; utilization?: number }
  /** When the run may work, from now on. */
  | { kind: 'hoursKnown'; at: number; steps: HoursStep[] }
  | { kind: 'cancelRequested'; at: number }
  | { kind: 'runEnded'; at: number; how: Ending };

/** The state after the event. Never changes its argument; ignores an event about a window that is not in flight. */
export function evolve(state: State, event: Event): State {
  return settled(light(apply(state, event), event.at), event.at);
}

/** Pauses a run that breaks up into more separate stretches of hours than the next run can take over. */
function light(state: State, at: number): State {
  if (state.paused || tallyOf(state).weight <= MAX_WEIGHT) return state;
  const reason = 'too many separate failed, held or waiting hours to carry on; retryFailed, or finish and start anew';
  return decided({ ...state, paused: { at, reason } }, at, `pause: ${reason}`);
}

function apply(state: State, event: Event): State {
  switch (event.kind) {
    case 'windowStarted':
      return windowStarted(state, event);
    case 'customersListed': {
      const { customers, unknown, at } = event;
      const stray = unknown.length === 0 ? '' : `; excluded, but not in it: ${unknown.join(', ')}`;
      const next: State = { ...withCustomers(state, customers), preparing: { step: 'directory' } };
      return decided(next, at, `the directory has ${counted(customers.length, 'customer')} for this run${stray}`);
    }
    case 'volumesEstimated':
      return withVolumes(state, event.volumes);
    case 'preparationBegan':
      return stepBegan(state, event.step);
    case 'preparationFailed':
      return stepFailed(state, event.error);
    case 'preparationGivenUp':
      return stepGivenUp(state, event.at);
    case 'prepared': {
      const { preparing: _, ...prepared } = state;
      return prepared;
    }
    case 'customersSeen':
      return updateCustomers(
        state,
        ({ unseen: _, ...customer }) => ({
          ...customer,
          again: customer.again.flatMap((hours) => within(runningHours(customer), hours)),
        }),
        event.customers,
      );
    case 'windowIdentified':
      return updateWindow(state, event, (window) => ({ ...window, runId: event.runId }));
    case 'windowAdopted': {
      const next = updateWindow(state, event, (window) => ({ ...window, adopted: true }));
      return next === state ? state : adopted(count(next, { started: -1 }), event);
    }
    case 'windowFound':
      return windowFound(state, event);
    case 'windowCompleted':
      return windowCompleted(state, event);
    case 'windowFailed':
      return windowFailed(state, event);
    case 'checkStarted':
      return checkStarted(state, event.windows, event.at);
    case 'windowsChecked':
      return windowsChecked(state, event.windows, event.at);
    case 'checkFailed':
      return checkFailed(state, event.windows, event.reason, event.at);
    case 'healthChanged':
      return healthChanged(state, event);
    case 'hoursKnown':
      return { ...state, hours: event.steps };
    case 'completedWindowsFound':
      return completedWindowsFound(state, event);
    case 'cancelRequested': {
      const customers = state.customers.map((customer) => ({ ...customer, running: customer.running.map(cancelled) }));
      const effect = 'ask every running window to cancel, then close';
      return logged({ ...state, customers, cancelling: true }, { at: event.at, what: 'cancel', effect });
    }
    case 'runEnded':
      return decided({ ...withoutChecks(state), ended: event.how }, event.at, `the run ends: ${event.how}`);
    default:
      return event satisfies never;
  }
}

function updateWindow(state: State, key: WindowKey, change: (window: Window) => Window): State {
  const customer = state.customers[key.customer];
  if (!customer?.running.some(sameHours(key))) return state;
  return updateCustomer(state, key.customer, () => ({
    ...customer,
    running: customer.running.map((window) => (sameHours(key)(window) ? change(window) : window)),
  }));
}

function healthChanged(state: State, { level, reason, utilization, at }: Event & { kind: 'healthChanged' }): State {
  const why = `the database is ${level}: ${reason}`;
  let next = paced({ ...state, health: { level, reason, ...(utilization !== undefined && { utilization }) } }, at, (pace) =>
    afterHealth(pace, { level, ...(utilization !== undefined && { utilization }) }, at, why),
  );
  if (level === 'ok' && state.health.level === 'unknown' && next.breaker) {
    const { retryAfter } = state.options.breaker;
    next = { ...next, breaker: { ...next.breaker, wait: retryAfter / 2, tryAt: Math.min(next.breaker.tryAt, at) } };
  }
  return level === state.health.level ? next : decided(next, at, `database: ${state.health.level} → ${level}: ${reason}`);
}

function windowStarted(
  state: State,
  { customer: index, from, to, attempt, at }: Event & { kind: 'windowStarted' },
): State {
  const next = updateCustomer(state, index, (customer) => ({
    ...customer,
    waiting: subtract(customer.waiting, [from, to]),
    retries: customer.retries.filter((retry) => retry.from !== from || retry.to !== to),
    running: [...customer.running, { from, to, attempt, startedAt: at }],
    ...(isAuto(state, customer) && customer.running.length >= (customer.auto?.count ?? 1)
      ? {
          auto: writersAfterStart(customer.auto ?? initialWriters, {
            at,
            inFlight: customer.running.length + 1,
            max: state.parallelism.max,
            free: limitNow(state, at).limit - countInFlight(state),
          }),
        }
      : {}),
  }));
  const started = { at, inFlight: countInFlight(next), load: state.health };
  const moved = paced(next, at, (pace) => afterStart(pace, state.parallelism, started));
  return count(triedWith(moved, { customer: index, from, to }), { started: 1 });
}

function adopted(state: State, key: WindowKey & { at: number }): State {
  const id = idOf(state, state.customers[key.customer]!, key);
  const next = decided(state, key.at, `adopted ${id}: it was running already`);
  return count(next, { adopted: 1 });
}

function windowFound(state: State, event: Event & { kind: 'windowFound' }): State {
  const customer = state.customers[event.customer];
  if (!customer || customer.running.some(sameHours(event))) return state;
  const { from, to, at, runId } = event;
  const claims = within(customer.waiting, [from, to]);
  const partial = claims.length !== 1 || claims[0]![0] !== from || claims[0]![1] !== to;
  const window: Window = {
    from,
    to,
    attempt: 1,
    startedAt: at,
    runId,
    adopted: true,
    found: true,
    ...(partial ? { claims } : {}),
  };
  const next = updateCustomer(state, event.customer, (customer) => ({
    ...customer,
    waiting: difference(customer.waiting, claims),
    retries: cut(customer.retries, claims),
    running: [...customer.running, window],
  }));
  return adopted(next, event);
}

function completedWindowsFound(state: State, { windows, count, at }: Event & { kind: 'completedWindowsFound' }): State {
  const found = new Map<number, WindowKey[]>();
  for (const window of windows) {
    const list = found.get(window.customer);
    if (list) list.push(window);
    else found.set(window.customer, [window]);
  }
  let room = roomIn(state);
  let hours = 0;
  const next = updateCustomers(
    state,
    (before, index) => {
      let customer = before;
      for (const window of found.get(index)!) {
        const { waiting, unseen = [intervalOf(window)] } = customer;
        const done = unseen.flatMap((part) => within(within(waiting, part), intervalOf(window)));
        hours += hoursIn(done);
        const rest = {
          ...customer,
          waiting: difference(waiting, done),
          retries: cut(customer.retries, [intervalOf(window)]),
        };
        const { from, to } = window;
        const check: Check = {
          from,
          to,
          hours: done,
          attempt: 0,
          startedAt: state.startedAt,
          endedAt: at,
          found: true,
        };
        customer = afterCompletion(state.options, rest, check, none, room);
      }
      room -= rowsOf(customer) - rowsOf(before);
      return customer;
    },
    found.keys(),
  );
  const effect = `resumed: ${counted(count, 'completed window')} found; ${hours / HOURS_PER_DAY} days count as done`;
  return decided(next, at, effect);
}
