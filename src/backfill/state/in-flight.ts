import type { Interval } from '../hours/interval.js';
import { windowId } from '../hours/window.js';
import type { PerCustomer } from '../request/options.js';
import type { Customer, Window } from './customer.js';
import type { State } from './state.js';
import { tallyOf } from './tally.js';

/** The windows in flight, with their customers. */
export function* inFlight(state: State): Generator<{ customer: Customer; index: number; window: Window }> {
  for (const index of tallyOf(state).running) {
    const customer = state.customers[index]!;
    for (const window of customer.windows.running) yield { customer, index, window };
  }
}

export const countInFlight = (state: State): number => tallyOf(state).inFlight;

/** The workflow id of a customer's window. */
export const workflowIdOf = ({ options }: State, { id }: Customer, hours: Interval): string =>
  windowId(options.child.workflowIdPrefix, id, hours);

/** How many windows of the customer may be in flight, as asked for. */
export const perCustomerOf = (state: State, customer: Customer): PerCustomer =>
  customer.perCustomer ?? state.parallelism.perCustomer;

/** Whether the run finds out how many windows of the customer may be in flight. */
export const findsWriters = (state: State, customer: Customer): boolean => perCustomerOf(state, customer) === 'auto';
