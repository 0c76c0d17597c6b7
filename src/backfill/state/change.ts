import type { Pace } from '../pacing/pace.js';
import { decided } from './journal.js';
import type { Customer, State, Window } from './state.js';
import { tallyMoved, tallyOf } from './tally.js';

/** Small changes of the state that events and commands share. None of them changes its argument. */

/** A window of a customer (by its index), as events name it. */
export interface WindowKey {
  customer: number;
  from: number;
  to: number;
}

export const sameHours = (key: WindowKey) => (window: Window) => window.from === key.from && window.to === key.to;

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

/** The window, marked: the shell asks every marked window's workflow to cancel. */
export const cancelled = (window: Window): Window => ({ ...window, cancelRequested: true });

export function count(state: State, more: Partial<State['counts']>): State {
  const counts = { ...state.counts };
  for (const [name, by] of Object.entries(more)) counts[name as keyof State['counts']] += by;
  return { ...state, counts };
}

/** The state with its pace moved, and the move in the log. Without an adaptive limit the pace stands still. */
export function paced(state: State, at: number, move: (pace: Pace) => Pace): State {
  if (!state.parallelism.adaptive) return state;
  const pace = move(state.pace);
  const next = pace === state.pace ? state : { ...state, pace };
  return pace.limit === state.pace.limit ? next : decided(next, at, `limit ${pace.reason}`);
}

/** Keeps `idleSince`: the one fact that depends on when a state was entered, and not only on what it is. */
export function settled(state: State, at: number): State {
  const { inFlight, waiting, checks } = tallyOf(state);
  const idle =
    state.ended === undefined &&
    state.preparing === undefined &&
    inFlight === 0 &&
    waiting === 0 &&
    checks === 0 &&
    state.customers.some((customer) => customer.failed.length > 0 || customer.held.length > 0);
  if (idle === (state.idleSince !== undefined) || state.ended) return state;
  if (idle) return { ...state, idleSince: at };
  const { idleSince: _, ...rest } = state;
  return rest;
}
