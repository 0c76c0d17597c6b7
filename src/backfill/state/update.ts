import { type Interval, sameHours } from '../hours/interval.js';
import type { WindowKey } from '../hours/window.js';
import type { Pace } from '../pacing/pace.js';
import type { Customer, CustomerWindows, Window } from './customer.js';
import { limitMoved } from './journal.js';
import type { Lifecycle } from './lifecycle.js';
import type { Checks, Guard, State } from './state.js';
import { tallyMoved, tallyOf } from './tally.js';

/** Small changes of the state that events and commands share. None of them changes its argument. */

export function updateCustomer(state: State, index: number, change: (customer: Customer) => Customer): State {
  const customers = state.customers.slice();
  customers[index] = change(customers[index]!);
  const next = { ...state, customers };
  tallyMoved(state, next, index);
  return next;
}

/** Changes many customers with one copy of their list: one after the other would copy it once for each. */
export function updateCustomers(
  state: State,
  change: (customer: Customer, index: number) => Customer,
  indexes: Iterable<number> = state.customers.keys(),
): State {
  const customers = state.customers.slice();
  let changed = false;
  for (const index of indexes) {
    const before = customers[index]!;
    const after = change(before, index);
    customers[index] = after;
    changed ||= after !== before;
  }
  return changed ? { ...state, customers } : state;
}

/** The running window of these hours, if the customer has it. */
export const runningWindow = ({ windows }: Customer, hours: Interval): Window | undefined =>
  windows.running.find((window) => sameHours(window.hours, hours));

/** The state with a running window changed; the same state where it does not run. */
export function updateWindow(
  state: State,
  { customer: index, hours }: WindowKey,
  change: (window: Window) => Window,
): State {
  const customer = state.customers[index];
  const changing = customer && runningWindow(customer, hours);
  if (!changing) return state;
  return updateCustomer(state, index, (customer) =>
    withWindows(customer, {
      running: customer.windows.running.map((window) => (window === changing ? change(window) : window)),
    }),
  );
}

export const withWindows = (customer: Customer, windows: Partial<CustomerWindows>): Customer => ({
  ...customer,
  windows: { ...customer.windows, ...windows },
});

export const withLifecycle = (state: State, lifecycle: Partial<Lifecycle>): State => ({
  ...state,
  lifecycle: { ...state.lifecycle, ...lifecycle },
});

export const withGuard = (state: State, guard: Guard): State => ({ ...state, guard });

export const withChecks = (state: State, checks: Checks): State => ({ ...state, checks });

/** The object without a field; a field that is undefined would not survive JSON. */
export function without<T extends object, Name extends keyof T>(object: T, name: Name): Omit<T, Name> {
  const { [name]: _, ...rest } = object;
  return rest;
}

/** The customer with all of its running windows marked: the shell asks each marked window's workflow to cancel. */
export const withCancelRequested = (customer: Customer): Customer =>
  customer.windows.running.length === 0
    ? customer
    : withWindows(customer, {
        running: customer.windows.running.map((window) => ({ ...window, cancelRequested: true })),
      });

/** The state with its pace moved, and the move in the log. Without an adaptive limit the pace stands still. */
export function paced(state: State, at: number, move: (pace: Pace) => Pace): State {
  if (!state.parallelism.adaptive) return state;
  const { pace: before } = state.pacing;
  const pace = move(before);
  if (pace === before) return state;
  const next = { ...state, pacing: { ...state.pacing, pace } };
  if (pace.limit === before.limit) return next;
  return limitMoved(next, at, { kind: 'limitMoved', from: before.limit, to: pace.limit, why: pace.why });
}

/** Keeps `idleSince`: the one fact that depends on when a state was entered, and not only on what it is. */
export function withIdleSince(state: State, at: number): State {
  const { inFlight, waiting, checks } = tallyOf(state);
  const { lifecycle } = state;
  if (lifecycle.ended) return state;
  const idle =
    lifecycle.preparing === undefined &&
    inFlight + waiting + checks === 0 &&
    state.customers.some(({ hours }) => hours.failed.length > 0 || hours.held.length > 0);
  if (idle === (lifecycle.idleSince !== undefined)) return state;
  return idle ? withLifecycle(state, { idleSince: at }) : { ...state, lifecycle: without(lifecycle, 'idleSince') };
}
