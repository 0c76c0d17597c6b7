import { difference, type Intervals, none, within } from '../hours/interval.js';
import { initialPace } from '../pacing/pace.js';
import { initialSizing } from '../pacing/sizing.js';
import type { CustomerRequest, Options } from '../request/options.js';
import { type Check, type Customer, type CustomerPacing, rangeOf } from './customer.js';
import { covered, MAX_PROOF_ROWS } from './ledger.js';
import { noNotifications } from './notifications.js';
import { firstStep } from './preparation.js';
import type { State } from './state.js';

/** The first state of a run: all of every customer's range waits; nothing starts until the run is prepared. */
export function initialState(options: Options, customers: readonly CustomerRequest[], now: number): State {
  const state: State = {
    options,
    parallelism: { ...options.parallelism },
    customers: [],
    order: [],
    lifecycle: { startedAt: now, preparing: { step: firstStep } },
    pacing: {
      pace: initialPace(options.parallelism),
      health: options.probe ? { level: 'unknown', reason: 'not asked yet' } : { level: 'off', reason: 'no probe' },
    },
    guard: { trustedSince: now, stops: [] },
    checks: {},
    record: {
      counts: { started: 0, completed: 0, failed: 0, adopted: 0 },
      forecasts: [],
      recent: [],
      log: [],
      rejected: [],
    },
  };
  return withCustomers(options.notify ? { ...state, notifications: noNotifications } : state, customers);
}

/** The state with more customers at the end, and all claims ordered again. */
export function withCustomers(state: State, added: readonly CustomerRequest[]): State {
  const density = medianDensity([...state.customers, ...added]);
  const customers = added.map((request) => {
    return withDaysDone(newCustomer(request, density, state.options), request.done ?? none, state);
  });
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
    known.map((customer) => ({
      ...customer,
      pacing: { ...customer.pacing, ...measured(customer, density, state.options) },
    })),
  );
}

/** The state with these customers, and with them in the order of their claims. */
export function ordered(state: State, customers: readonly Customer[]): State {
  const claims = customers.map(claimOf);
  const order = customers.map((_, i) => i).sort((a, b) => claims[b]! - claims[a]! || a - b);
  return { ...state, customers, order };
}

/** All of a customer's work: what it claims of the run. */
export const claimOf = ({ pacing, start, end }: Customer): number => pacing.density * (end - start);

/** Nothing of it has been done but what the request says. `density` counts where its volume is not known. */
export function newCustomer({ done = none, ...request }: CustomerRequest, density: number, options: Options): Customer {
  return {
    ...request,
    hours: {
      waiting: difference([rangeOf(request)], done),
      skipped: none,
      failed: none,
      held: none,
      rerunAfter: none,
      skipUnlessCompleted: none,
    },
    windows: { running: [], retries: [], checking: [], repairs: [] },
    pacing: measured(request, density, options),
    record: { ledger: [], problems: [], completed: 0, unsuccessful: 0, busy: 0 },
  };
}

/** The customer with days that are done already, as the operator says: checked like what a window did, if the run checks. */
export function withDaysDone(
  customer: Customer,
  days: Intervals,
  { options, lifecycle: { startedAt } }: Pick<State, 'options' | 'lifecycle'>,
): Customer {
  const done = within(days, rangeOf(customer));
  if (done.length === 0) return customer;
  if (!options.verify) {
    const entries = done.map((hours) => ({ hours, window: null, completedAt: null, attempts: 0 }));
    const ledger = covered(customer.record.ledger, entries, MAX_PROOF_ROWS);
    return { ...customer, record: { ...customer.record, ledger } };
  }
  const checks = done.map((window): Check => {
    return { window, hours: [window], attempt: 0, startedAt, endedAt: startedAt, found: true };
  });
  const checking = [...customer.windows.checking, ...checks];
  return { ...customer, windows: { ...customer.windows, checking } };
}

/** What follows from a customer's volume. */
function measured(
  request: CustomerRequest,
  guess: number,
  { window }: Options,
): Pick<CustomerPacing, 'density' | 'sizing'> {
  return {
    density: densityOf(request) ?? guess,
    sizing: initialSizing(request.window ?? window, request),
  };
}

/**
 * Conversations in an hour, where known; never zero, since empty hours take time as well. A whole number of 1024ths, so
 * that work adds up exactly in any order: `tallyOf` depends on it.
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
