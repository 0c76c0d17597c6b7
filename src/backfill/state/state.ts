import type { FailureClass } from '../failures/classify.js';
import {
  add,
  difference,
  type Hour,
  type Interval,
  type Intervals,
  none,
  overlapping,
  union,
  within,
} from '../hours/interval.js';
import { windowId } from '../hours/window.js';
import { initialPace, type Load, type Pace } from '../pacing/pace.js';
import { initialSizing, type Sizing } from '../pacing/sizing.js';
import type { Writers } from '../pacing/writers.js';
import type { CustomerRequest, Options } from '../request/options.js';
import type { HoursStep } from '../schedule/limit.js';
import { type Coverage, covered, MAX_PROOF_ROWS, withoutHours } from './ledger.js';
import { firstStep, type Preparation } from './preparation.js';
import { tallyOf } from './tally.js';

/**
 * A run's whole state: plain JSON, so that it travels through continue-as-new as it is. Times are ms since 1970.
 *
 * Every hour of a customer's range is in exactly one of: waiting, skipped, failed, held, a running window, a completed
 * window that waits for its check, or none of these, which means done. So done days cost nothing, and resetting or skipping a day is set arithmetic.
 */
export interface State {
  options: Options;
  /** The limits now in force; commands move them away from the request's. */
  parallelism: Options['parallelism'];
  /** The adaptive limit; kept, but not in force, while `parallelism.adaptive` is false. */
  pace: Pace;
  /** What the probe last said of the database. */
  health: Load & { reason: string };
  /** When the run may work, as far ahead as is known; only with `options.hours`. */
  hours?: HoursStep[];
  customers: Customer[];
  /** Indexes into customers, the largest claim first; equal claims in the order given. */
  order: number[];
  startedAt: number;
  /** What the run must know before its first window, while it does not know it yet. */
  preparing?: Preparation;
  paused?: Pause;
  /** Open while most windows fail: nothing starts but one trial at a time. */
  breaker?: Breaker;
  cancelling?: true;
  finishing?: true;
  /** The check of completed windows under way, since when and of how many days; only within one run of the workflow. */
  verifying?: { at: number; days: number };
  /** No check begins before, unless nothing else is left to do: checks take a tenth of the time at most. */
  verifyAfter?: number;
  /** Since when only failed or held days are left. */
  idleSince?: number;
  ended?: Ending;
  /** When windows were stopped from outside, lately. */
  stops: number[];
  /** The breaker looks at windows that ended after this time: when an operator last said to go on. */
  trustedSince: number;
  /** What the ETA was when a quarter, half and three quarters of the work were done. */
  forecasts: Forecast[];
  counts: Counts;
  /** The latest windows that ended, oldest first. */
  recent: EndedWindow[];
  log: LogEntry[];
  rejected: Rejection[];
}

export type Ending = 'completed' | 'cancelled' | 'incomplete';

/** An ETA, to be compared with what came of it. Times in ms since 1970. */
export interface Forecast {
  share: number;
  at: number;
  eta: number;
}

export interface Pause {
  at: number;
  by?: string;
  reason?: string;
}

export interface Breaker {
  at: number;
  because: string;
  /** When the first of the windows started whose failures opened it: what failed since then may be of the same cause. */
  since: number;
  /** Of the latest of those failures. */
  workflowId: string;
  /** Windows that it tried in vain. */
  tries: number;
  /** How long it waits between two trials, in ms. */
  wait: number;
  tryAt: number;
  /** The window that is being tried, of a customer by its index. */
  trial?: { customer: number; from: Hour; to: Hour };
}

export interface Counts {
  started: number;
  completed: number;
  failed: number;
  adopted: number;
}

export interface Customer extends Omit<CustomerRequest, 'done'> {
  /** Work in one hour of its range: conversations where known, else a guess from the others. */
  density: number;
  sizing: Sizing;
  /** Fewer windows at once than it may have, after contention. */
  writers?: number;
  auto?: Writers;
  /** The shortest time that a unit of its work has taken, in ms; slowly forgotten. */
  best?: number;
  waiting: Intervals;
  skipped: Intervals;
  failed: Intervals;
  held: Intervals;
  running: Window[];
  /** Parts of `waiting` that failed before, each to be tried again as one window. */
  retries: Retry[];
  /** Running hours that wait again once their window has ended, whatever its outcome. */
  again: Intervals;
  /** Running hours that are left out if their window does not complete, and hours in check if something is missing. */
  leave: Intervals;
  /** Completed windows that wait for their check; only with `options.verify`. */
  checking: readonly Check[];
  /** Parts that a check sent to run again, until one finds them whole. */
  repairs: readonly Repair[];
  /** What shows that its done hours are done; of at most `MAX_PROOF_ROWS` days of all customers. */
  ledger: readonly Coverage[];
  problems: Problem[];
  paused?: Pause;
  removed?: true;
  /**
   * It came while the run was on its way: nothing of it starts before it is known what runs already. Of these hours it is
   * not known either whether completed windows did them; of any other the run, or an operator, has said it.
   */
  unseen?: Intervals;
  /** Hours that had failed while the breaker was open, and were given another try when it closed: each only once. */
  retriedAfterBreaker?: Intervals;
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
  /** Adopted because it was found over these hours, whatever its size, and not because this run wanted to start it. */
  found?: true;
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
  class: TroubleClass;
  message: string;
}

/** A completed window whose hours are done once a check has found nothing missing in them. */
export interface Check {
  from: Hour;
  to: Hour;
  /** Of its hours, those that it answers for. */
  hours: Intervals;
  attempt: number;
  /** What arrived after this is not missing: it came too late for this window. */
  startedAt: number;
  endedAt: number;
  /** It had completed before this run; `from` and `to` may be those of several such windows. */
  found?: true;
}

/** Hours that run again because a check found something missing in them. */
export interface Repair {
  from: Hour;
  to: Hour;
  times: number;
  /** Windows that ran over them until then. */
  attempts: number;
}

/** Why hours need another look: a window's failure, something missing in them, or a check that could not be made. */
export type TroubleClass = FailureClass | 'missing' | 'unverified';

/** Why hours are failed or held: the failure of one window, or of several alike. Each such hour is in exactly one problem. */
export interface Problem {
  /** A window's hours, or those of several in order; windows that touch stay apart, since each has a workflow of its own. */
  hours: Intervals;
  class: TroubleClass;
  message: string;
  /** Of the window that was tried most often. */
  attempts: number;
  /** Of the latest window. */
  workflowId: string;
  /** When it failed. */
  at: number;
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
  /** It failed, and the run has learnt from it, or will try it again and learn more: no verdict for the breaker. */
  taught?: true;
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

/** The first state of a run: all of every customer's range waits; nothing starts until the run is prepared. */
export function initialState(options: Options, customers: readonly CustomerRequest[], now: number): State {
  return withCustomers(
    {
      preparing: { step: firstStep },
      options,
      parallelism: { ...options.parallelism },
      customers: [],
      order: [],
      pace: initialPace(options.parallelism),
      health: options.probe ? { level: 'unknown', reason: 'not asked yet' } : { level: 'off', reason: 'no probe' },
      startedAt: now,
      stops: [],
      trustedSince: now,
      forecasts: [],
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
  const customers = added.map((request) => withTold(newCustomer(request, density, state.options), request, state));
  return ordered(state, [...state.customers, ...customers]);
}

/** Whether windows are to be sized by volumes that are not known. */
export const needVolumes = (state: State): boolean =>
  state.customers.some(({ conversations, window = state.options.window }) => {
    return conversations === undefined && window.kind === 'resizing' && window.initial === 'auto';
  });

/** Learns volumes before the first window: claims and first sizes follow from them. */
export function withVolumes(state: State, volumes: Record<string, number>): State {
  const known = state.customers.map((customer) => {
    const conversations =
      customer.conversations ?? (Object.hasOwn(volumes, customer.id) ? volumes[customer.id] : undefined);
    return conversations === undefined ? customer : { ...customer, conversations };
  });
  const density = medianDensity(known);
  return ordered(
    state,
    known.map((customer) => ({ ...customer, ...measured(customer, density, state.options) })),
  );
}

/** The state with these customers, and with them in the order of their claims. */
export function ordered(state: State, customers: Customer[]): State {
  const claims = customers.map(claimOf);
  const order = customers.map((_, i) => i).sort((a, b) => claims[b]! - claims[a]! || a - b);
  return { ...state, customers, order };
}

/** All of a customer's work: what it claims of the run. */
export const claimOf = ({ density, start, end }: Customer): number => density * (end - start);

/** Nothing of it has been done but what the request says. `density` counts where its volume is not known. */
export function newCustomer({ done = none, ...request }: CustomerRequest, density: number, options: Options): Customer {
  const { start, end } = request;
  return {
    ...request,
    ...measured(request, density, options),
    waiting: difference([[start, end]], done),
    skipped: none,
    failed: none,
    held: none,
    running: [],
    retries: [],
    again: none,
    leave: none,
    checking: [],
    repairs: [],
    ledger: [],
    problems: [],
    completed: 0,
    unsuccessful: 0,
    busy: 0,
  };
}

/** The customer with what somebody says is done of it: checked like what a window did, if the run checks. */
export function withTold(
  customer: Customer,
  { done = none, start, end }: CustomerRequest,
  { options, startedAt }: Pick<State, 'options' | 'startedAt'>,
): Customer {
  const told = within(done, [start, end]);
  if (!options.verify) {
    const entries = told.map(([from, to]) => ({ from, to, window: null, completedAt: null, attempts: 0 }));
    return covered(customer, entries, MAX_PROOF_ROWS);
  }
  const checks = told.map(([from, to]): Check => {
    return { from, to, hours: [[from, to]], attempt: 0, startedAt, endedAt: startedAt, found: true };
  });
  return { ...customer, checking: [...customer.checking, ...checks] };
}

/** What follows from a customer's volume. */
function measured(request: CustomerRequest, guess: number, { window }: Options): Pick<Customer, 'density' | 'sizing'> {
  return {
    density: densityOf(request) ?? guess,
    sizing: initialSizing(request.window ?? window, request),
  };
}

/**
 * Conversations in an hour, where known; never zero, since empty hours take time as well. A whole number of 1024ths, so
 * that work adds up exactly in whatever order: {@link tallyOf} depends on it.
 */
export function densityOf({ conversations, start, end }: CustomerRequest): number | undefined {
  return conversations === undefined
    ? undefined
    : Math.max(1, Math.round((conversations / (end - start)) * 1024)) / 1024;
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

/** The hours of completed windows that wait for their check. */
export const checkingHours = ({ checking }: Customer): Intervals =>
  checking.flatMap(({ hours }) => hours).reduce<Intervals>(add, none);

/** Hours whose fate is open: their window runs, or waits for its check. */
export const openHours = (customer: Customer): Intervals => union(runningHours(customer), checkingHours(customer));

/** What is left when all else is taken away: the hours that are done. */
export function doneHours(customer: Customer): Intervals {
  const rest = [customer.waiting, customer.skipped, customer.failed, customer.held, openHours(customer)];
  return rest.reduce<Intervals>(difference, [[customer.start, customer.end]]);
}

/** The windows in flight, with their customers. */
export function* inFlight(state: State): Generator<{ customer: Customer; index: number; window: Window }> {
  for (const index of tallyOf(state).running) {
    const customer = state.customers[index]!;
    for (const window of customer.running) yield { customer, index, window };
  }
}

export const countInFlight = (state: State): number => tallyOf(state).inFlight;

export const idOf = (state: State, customer: Customer, window: { from: Hour; to: Hour }): string =>
  windowId(state.options.child.workflowIdPrefix, customer.id, intervalOf(window));

/** The most windows of one customer in flight at once. */
export const perCustomerLimit = (state: State, customer: Customer): number =>
  isAuto(state, customer) ? state.parallelism.max : ((customer.perCustomer ?? state.parallelism.perCustomer) as number);

export const isAuto = (state: State, customer: Customer): boolean =>
  (customer.perCustomer ?? state.parallelism.perCustomer) === 'auto';

/** The customer with `hours` out of every set but `waiting` and the running windows, and out of all that speaks of them. */
export function released(customer: Customer, hours: Intervals): Customer {
  return {
    ...customer,
    failed: difference(customer.failed, hours),
    held: difference(customer.held, hours),
    skipped: difference(customer.skipped, hours),
    problems: withoutThese(customer.problems, hours),
    retries: cut(customer.retries, hours),
    checking: withoutThese(customer.checking, hours),
    repairs: cut(customer.repairs, hours),
    ledger: withoutHours(customer.ledger, hours),
  };
}

/** What is left of things that speak of one stretch of hours each; one that is cut in two becomes two. */
export const cut = <T extends { from: Hour; to: Hour }>(parts: readonly T[], hours: Intervals): T[] =>
  parts.flatMap((part) => {
    const gone = overlapping(hours, intervalOf(part));
    if (gone.length === 0) return part;
    return difference([intervalOf(part)], gone).map(([from, to]) => ({ ...part, from, to }));
  });

/** What is left of things that speak of several stretches each. */
export const withoutThese = <T extends { hours: Intervals }>(parts: readonly T[], hours: Intervals): T[] =>
  parts.map((part) => ({ ...part, hours: difference(part.hours, hours) })).filter((part) => part.hours.length > 0);
