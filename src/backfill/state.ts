import type { FailureClass } from './failures.js';
import { add, difference, type Hour, hoursIn, type Interval, type Intervals, none, subtract } from './interval.js';
import type { CustomerRequest, Options } from './request.js';
import { windowId } from './window.js';

/**
 * A run's whole state: plain JSON, so that it travels through continue-as-new as it is. Times are ms since 1970.
 *
 * Every hour of a customer's range is in exactly one of: waiting, skipped, failed, held, a running window, or none of
 * these, which means done. So done days cost nothing, and resetting or skipping a day is set arithmetic.
 */
export interface State {
  options: Options;
  /** The limits now in force; commands move them away from the request's. */
  parallelism: { max: number; perCustomer: number };
  customers: Customer[];
  /** Indexes into customers, the largest claim first; equal claims in the order given. */
  order: number[];
  startedAt: number;
  /** What the run must know before its first window, while it does not know it yet. */
  preparing?: string;
  paused?: Pause;
  cancelling?: true;
  finishing?: true;
  /** Since when only failed or held days are left. */
  idleSince?: number;
  ended?: Ending;
  /** When windows were stopped from outside, lately. */
  stops: number[];
  counts: Counts;
  /** The latest windows that ended, oldest first. */
  recent: EndedWindow[];
  log: LogEntry[];
  rejected: Rejection[];
}

export type Ending = 'completed' | 'cancelled' | 'incomplete';

export interface Pause {
  at: number;
  by?: string;
  reason?: string;
}

export interface Counts {
  started: number;
  completed: number;
  failed: number;
  adopted: number;
}

export interface Customer extends CustomerRequest {
  /** Work in one hour of its range: conversations where known, else a guess from the others. */
  density: number;
  waiting: Intervals;
  skipped: Intervals;
  failed: Intervals;
  held: Intervals;
  running: Window[];
  /** Parts of `waiting` that failed before, each to be tried again as one window. */
  retries: Retry[];
  /** Running hours that wait again once their window has ended, whatever its outcome. */
  again: Intervals;
  /** Running hours that are left out if their window does not complete. */
  leave: Intervals;
  problems: Problem[];
  paused?: Pause;
  removed?: true;
  /** Windows that completed, windows that ended otherwise, and the time both took in ms. */
  completed: number;
  unsuccessful: number;
  busy: number;
}

/** A window in flight. */
export interface Window {
  from: Hour;
  to: Hour;
  /** 1 for the first try. */
  attempt: number;
  startedAt: number;
  /** The execution that does it, once known. */
  runId?: string;
  /** It was running already; we await it. */
  adopted?: true;
  /** We asked it to cancel, so its end is not somebody else's decision. */
  cancelRequested?: true;
  /** What this window answers for, when that is less than all its hours (an adopted window of another size). */
  claims?: Intervals;
}

export interface Retry {
  from: Hour;
  to: Hour;
  /** Attempts made. */
  attempts: number;
  /** Not before. */
  at: number;
  class: FailureClass;
  message: string;
}

/** Why hours are failed or held: one window's failure. Each such hour is in exactly one problem. */
export interface Problem {
  hours: Intervals;
  class: FailureClass;
  message: string;
  attempts: number;
  workflowId: string;
}

export interface EndedWindow {
  /** Index into customers. */
  customer: number;
  from: Hour;
  to: Hour;
  attempt: number;
  startedAt: number;
  endedAt: number;
  outcome: 'completed' | FailureClass;
  message?: string;
}

export interface LogEntry {
  at: number;
  /** A command's name, or `decision` for what the run decided by itself. */
  what: string;
  by?: string;
  effect: string;
}

export interface Rejection {
  at: number;
  command: string;
  by?: string;
  reason: string;
}

export const LOOKING = 'looking for windows that are running already';

/** The first state of a run: all of every customer's range waits; nothing starts until the run is prepared. */
export function initialState(options: Options, customers: readonly CustomerRequest[], now: number): State {
  return withCustomers(
    {
      preparing: LOOKING,
      options,
      parallelism: { ...options.parallelism },
      customers: [],
      order: [],
      startedAt: now,
      stops: [],
      counts: { started: 0, completed: 0, failed: 0, adopted: 0 },
      recent: [],
      log: [],
      rejected: [],
    },
    customers,
  );
}

/** The state with more customers at the end, and the order of all claims anew. */
export function withCustomers(state: State, added: readonly CustomerRequest[]): State {
  const density = medianDensity([...state.customers, ...added]);
  const customers = [...state.customers, ...added.map((request) => newCustomer(request, density))];
  const claims = customers.map((customer) => customer.density * (customer.end - customer.start));
  const order = customers.map((_, i) => i).sort((a, b) => claims[b]! - claims[a]! || a - b);
  return { ...state, customers, order };
}

function newCustomer(request: CustomerRequest, density: number): Customer {
  const { start, end } = request;
  return {
    ...request,
    density: densityOf(request) ?? density,
    waiting: [[start, end]],
    skipped: none,
    failed: none,
    held: none,
    running: [],
    retries: [],
    again: none,
    leave: none,
    problems: [],
    completed: 0,
    unsuccessful: 0,
    busy: 0,
  };
}

/** Conversations in an hour, where known; never zero, since empty hours take time as well. */
export function densityOf({ conversations, start, end }: CustomerRequest): number | undefined {
  return conversations === undefined ? undefined : Math.max(conversations, 1) / (end - start);
}

function medianDensity(customers: readonly CustomerRequest[]): number {
  const known = customers.flatMap((customer) => densityOf(customer) ?? []).sort((a, b) => a - b);
  return known[Math.floor(known.length / 2)] ?? 1;
}

export const intervalOf = ({ from, to }: { from: Hour; to: Hour }): Interval => [from, to];

/** The hours that a window answers for. */
export const claimsOf = (window: Window): Intervals => window.claims ?? [intervalOf(window)];

export const runningHours = (customer: Customer): Intervals =>
  customer.running.flatMap(claimsOf).reduce<Intervals>(add, none);

/** What is left when all else is taken away: the hours that are done. */
export function doneHours(customer: Customer): Intervals {
  const rest = [customer.waiting, customer.skipped, customer.failed, customer.held, runningHours(customer)];
  return rest.reduce<Intervals>(difference, [[customer.start, customer.end]]);
}

/** The windows in flight, with their customers. */
export function* inFlight(state: State): Generator<{ customer: Customer; index: number; window: Window }> {
  for (const [index, customer] of state.customers.entries()) {
    for (const window of customer.running) yield { customer, index, window };
  }
}

export function countInFlight(state: State): number {
  let count = 0;
  for (const customer of state.customers) count += customer.running.length;
  return count;
}

export const idOf = (state: State, customer: Customer, window: { from: Hour; to: Hour }): string =>
  windowId(state.options.child.workflowIdPrefix, customer.id, intervalOf(window));

/** The most windows of one customer in flight at once. */
export const perCustomerLimit = (state: State, customer: Customer): number =>
  customer.perCustomer ?? state.parallelism.perCustomer;

/** Waiting and running work of a customer, in conversations (or their equivalent). */
export const workLeft = (customer: Customer): number =>
  (hoursIn(customer.waiting) + hoursIn(runningHours(customer))) * customer.density;

/** The customer with `hours` out of every set but `waiting`, and out of the problems and retries that speak of them. */
export function released(customer: Customer, hours: Interval): Customer {
  return {
    ...customer,
    failed: subtract(customer.failed, hours),
    held: subtract(customer.held, hours),
    skipped: subtract(customer.skipped, hours),
    problems: customer.problems
      .map((problem) => ({ ...problem, hours: subtract(problem.hours, hours) }))
      .filter((problem) => problem.hours.length > 0),
    retries: cutRetries(customer.retries, hours),
  };
}

/** Retries without the hours; one that is cut in two stays two windows to try again. */
export function cutRetries(retries: readonly Retry[], hours: Interval): Retry[] {
  return retries.flatMap((retry) => subtract([intervalOf(retry)], hours).map(([from, to]) => ({ ...retry, from, to })));
}
