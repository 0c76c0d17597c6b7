import { describe, HOURS_PER_DAY } from './calendar.js';
import { formatDuration } from './duration.js';
import type { ClassifiedFailure, FailureClass } from './failures.js';
import { difference, type Hour, hoursIn, type Intervals, subtract, union, within } from './interval.js';
import { decided, logged, remembered } from './journal.js';
import type { CustomerRequest, RetryPolicy } from './request.js';
import {
  type Customer,
  claimsOf,
  countInFlight,
  cutRetries,
  type Ending,
  idOf,
  intervalOf,
  LOOKING,
  type Problem,
  type Retry,
  type State,
  type Window,
  withCustomers,
} from './state.js';
import { counted } from './words.js';

/** A window of a customer (by its index), as events name it. */
interface WindowKey {
  customer: number;
  from: Hour;
  to: Hour;
}

/** What happened. Times are ms since 1970. */
export type Event =
  | ({ kind: 'windowStarted'; at: number; attempt: number } & WindowKey)
  /** The customers of a run for `"all"` are known. */
  | { kind: 'customersListed'; at: number; customers: CustomerRequest[]; unknown: string[] }
  /** All that a run must know before its first window is known. */
  | { kind: 'prepared'; at: number }
  /** The execution that does a started window is known. */
  | ({ kind: 'windowIdentified'; at: number; runId: string } & WindowKey)
  /** A window's workflow could not be started, because it was running already. */
  | ({ kind: 'windowAdopted'; at: number } & WindowKey)
  /** A running workflow that nobody here started was found over these hours. */
  | ({ kind: 'windowFound'; at: number; runId: string } & WindowKey)
  | ({ kind: 'windowCompleted'; at: number } & WindowKey)
  | ({ kind: 'windowFailed'; at: number; failure: ClassifiedFailure } & WindowKey)
  /** Windows that completed before this run, by whoever started them: those of their hours that wait are done. */
  | { kind: 'completedWindowsFound'; at: number; windows: WindowKey[]; count: number }
  | { kind: 'cancelRequested'; at: number }
  | { kind: 'runEnded'; at: number; how: Ending };

/** So many windows stopped by somebody else within this time (ms) mean that somebody is protecting the database. */
const STOPS_THAT_PAUSE = 3;
const STOPS_WITHIN = 5 * 60_000;

/** The state after the event. Never changes its argument; ignores an event about a window that is not in flight. */
export function evolve(state: State, event: Event): State {
  return settled(apply(state, event), event.at);
}

function apply(state: State, event: Event): State {
  switch (event.kind) {
    case 'windowStarted':
      return windowStarted(state, event);
    case 'customersListed': {
      const { customers, unknown, at } = event;
      const stray = unknown.length === 0 ? '' : `; excluded, but not in it: ${unknown.join(', ')}`;
      const next = { ...withCustomers(state, customers), preparing: LOOKING };
      return decided(next, at, `the directory has ${counted(customers.length, 'customer')} for this run${stray}`);
    }
    case 'prepared': {
      const { preparing: _, ...prepared } = state;
      return prepared;
    }
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
    case 'completedWindowsFound':
      return completedWindowsFound(state, event);
    case 'cancelRequested': {
      const customers = state.customers.map((customer) => ({ ...customer, running: customer.running.map(cancelled) }));
      const effect = 'ask every running window to cancel, then close';
      return logged({ ...state, customers, cancelling: true }, { at: event.at, what: 'cancel', effect });
    }
    case 'runEnded':
      return decided({ ...state, ended: event.how }, event.at, `the run ends: ${event.how}`);
    default:
      return event satisfies never;
  }
}

/** Keeps `idleSince`: the one fact that depends on when a state was entered, and not only on what it is. */
export function settled(state: State, at: number): State {
  const idle =
    state.ended === undefined &&
    state.preparing === undefined &&
    countInFlight(state) === 0 &&
    state.customers.every((customer) => customer.waiting.length === 0) &&
    state.customers.some((customer) => customer.failed.length > 0 || customer.held.length > 0);
  if (idle === (state.idleSince !== undefined) || state.ended) return state;
  if (idle) return { ...state, idleSince: at };
  const { idleSince: _, ...rest } = state;
  return rest;
}

export function updateCustomer(state: State, index: number, change: (customer: Customer) => Customer): State {
  const customers = state.customers.slice();
  customers[index] = change(customers[index]!);
  return { ...state, customers };
}

/** The window, marked: the shell asks every marked window's workflow to cancel. */
export const cancelled = (window: Window): Window => ({ ...window, cancelRequested: true });

const sameHours = (key: WindowKey) => (window: Window) => window.from === key.from && window.to === key.to;

function updateWindow(state: State, key: WindowKey, change: (window: Window) => Window): State {
  const customer = state.customers[key.customer];
  if (!customer?.running.some(sameHours(key))) return state;
  return updateCustomer(state, key.customer, () => ({
    ...customer,
    running: customer.running.map((window) => (sameHours(key)(window) ? change(window) : window)),
  }));
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
  }));
  return count(next, { started: 1 });
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
  const window: Window = { from, to, attempt: 1, startedAt: at, runId, adopted: true, ...(partial ? { claims } : {}) };
  const next = updateCustomer(state, event.customer, (customer) => ({
    ...customer,
    waiting: difference(customer.waiting, claims),
    running: [...customer.running, window],
  }));
  return adopted(next, event);
}

/** Takes the window out of flight: its customer without it, and the hours it answered for by what is to become of them. */
function landed(state: State, key: WindowKey) {
  const customer = state.customers[key.customer];
  const window = customer?.running.find(sameHours(key));
  if (!customer || !window) return undefined;
  const claims = claimsOf(window);
  const again = claims.flatMap((hours) => within(customer.again, hours));
  const leave = claims.flatMap((hours) => within(customer.leave, hours));
  const rest: Customer = {
    ...customer,
    running: customer.running.filter((other) => other !== window),
    again: difference(customer.again, claims),
    leave: difference(customer.leave, claims),
  };
  return { customer: rest, window, claims, again, leave };
}

function windowCompleted(state: State, event: Event & { kind: 'windowCompleted' }): State {
  const landing = landed(state, event);
  if (!landing) return state;
  const { customer, window, again } = landing;
  const next = updateCustomer(state, event.customer, () => ({
    ...customer,
    waiting: union(customer.waiting, again),
    completed: customer.completed + 1,
    busy: customer.busy + event.at - window.startedAt,
  }));
  return count(remember(next, event, window, 'completed'), { completed: 1 });
}

function windowFailed(state: State, event: Event & { kind: 'windowFailed' }): State {
  const landing = landed(state, event);
  if (!landing) return state;
  const { window, claims, again, leave } = landing;
  const { failure, at } = event;
  const id = idOf(state, landing.customer, window);
  const asked = {
    ...landing.customer,
    skipped: union(landing.customer.skipped, leave),
    waiting: union(landing.customer.waiting, again),
    unsuccessful: landing.customer.unsuccessful + 1,
    busy: landing.customer.busy + at - window.startedAt,
  };
  const wanted = difference(difference(claims, leave), again);
  const { customer, why } =
    wanted.length > 0
      ? afterFailure(asked, window, wanted, { ...failure, at, id, policy: state.options.retry[failure.class] })
      : { customer: asked, why: `${id}: ${failure.class}, ${describe(again)} is to run again: ${failure.message}` };
  let next = decided(
    updateCustomer(state, event.customer, () => customer),
    at,
    why,
  );
  if (failure.class === 'stopped' && !window.cancelRequested) next = pausedByStops(next, at);
  return count(remember(next, event, window, failure.class, failure.message), { failed: 1 });
}

/** What becomes of those hours of a failed window that no command has spoken of, and why. */
function afterFailure(
  customer: Customer,
  window: Window,
  hours: Intervals,
  failure: { class: FailureClass; message: string; at: number; id: string; policy: RetryPolicy },
): { customer: Customer; why: string } {
  const { id, policy, message } = failure;
  const { attempt } = window;
  if (failure.class === 'stopped' && window.cancelRequested) {
    const waiting = union(customer.waiting, hours);
    return { customer: { ...customer, waiting }, why: `${id} was cancelled as asked; ${describe(hours)} waits again` };
  }
  const problem: Problem = { hours, class: failure.class, message, attempts: attempt, workflowId: id };
  const problems = [...customer.problems, problem];
  if (failure.class === 'stopped') {
    const why = `${id} was stopped by someone else; ${describe(hours)} is held until resume`;
    return { customer: { ...customer, held: union(customer.held, hours), problems }, why };
  }
  if (attempt >= policy.attempts) {
    const why = `${id}: failed after ${counted(attempt, 'attempt')}, ${failure.class}: ${message}`;
    return { customer: { ...customer, failed: union(customer.failed, hours), problems }, why };
  }
  const wait = backoff(policy, attempt, id);
  const retries = hours.map(
    ([from, to]): Retry => ({ from, to, attempts: attempt, at: failure.at + wait, class: failure.class, message }),
  );
  const tries = `attempt ${attempt} of ${policy.attempts}`;
  return {
    customer: { ...customer, waiting: union(customer.waiting, hours), retries: [...customer.retries, ...retries] },
    why: `${id}: ${failure.class} (${tries}), again in ${formatDuration(wait)}: ${message}`,
  };
}

function pausedByStops(state: State, at: number): State {
  const stops = [...state.stops.filter((stop) => at - stop < STOPS_WITHIN), at];
  if (stops.length < STOPS_THAT_PAUSE || state.paused) return { ...state, stops };
  const reason = `${stops.length} windows were stopped by someone else within ${formatDuration(STOPS_WITHIN)}`;
  return decided({ ...state, stops: [], paused: { at, reason } }, at, `pause: ${reason}`);
}

/**
 * Doubling back-off with jitter: between half and all of the doubled time, so that windows that failed together do
 * not come back together. The jitter is a hash of the window and the attempt, because the core has no randomness.
 */
export function backoff(policy: { backoff: number; maxBackoff: number }, attempt: number, id: string): number {
  const full = Math.min(policy.maxBackoff, policy.backoff * 2 ** Math.min(attempt - 1, 40));
  return Math.round(full * (0.5 + 0.5 * fraction(`${id}#${attempt}`)));
}

/** A number in [0, 1) from a text: FNV-1a, 32 bits. */
function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
}

function completedWindowsFound(state: State, { windows, count, at }: Event & { kind: 'completedWindowsFound' }): State {
  const found = new Map<number, WindowKey[]>();
  for (const window of windows) {
    const list = found.get(window.customer);
    if (list) list.push(window);
    else found.set(window.customer, [window]);
  }
  const customers = state.customers.slice();
  let hours = 0;
  for (const [index, list] of found) {
    let customer = customers[index]!;
    for (const window of list) {
      const hoursBefore = hoursIn(customer.waiting);
      const waiting = subtract(customer.waiting, intervalOf(window));
      customer = { ...customer, waiting, retries: cutRetries(customer.retries, intervalOf(window)) };
      hours += hoursBefore - hoursIn(waiting);
    }
    customers[index] = customer;
  }
  const effect = `resumed: ${counted(count, 'completed window')} found; ${hours / HOURS_PER_DAY} days count as done`;
  return decided({ ...state, customers }, at, effect);
}

function remember(
  state: State,
  event: WindowKey & { at: number },
  window: Window,
  outcome: 'completed' | ClassifiedFailure['class'],
  message?: string,
): State {
  const { customer, from, to, at } = event;
  const { attempt, startedAt } = window;
  return remembered(state, {
    ...{ customer, from, to, attempt, startedAt, endedAt: at, outcome },
    ...(message === undefined ? {} : { message: message.slice(0, 200) }),
  });
}

function count(state: State, more: Partial<State['counts']>): State {
  const counts = { ...state.counts };
  for (const [name, by] of Object.entries(more)) counts[name as keyof State['counts']] += by;
  return { ...state, counts };
}
