import { difference, type Intervals, intersection } from '../hours/interval.js';
import type { WindowKey } from '../hours/window.js';
import type { Customer, Window } from '../state/customer.js';
import { claimsOf } from '../state/customer-hours.js';
import { remembered } from '../state/journal.js';
import type { EndedWindow, State } from '../state/state.js';
import { runningWindow } from '../state/update.js';

/** A window that has ended, and its customer without it. */
export interface Landing {
  customer: Customer;
  window: Window;
  /** The hours that it answered for. */
  claims: Intervals;
  /** Of these, what an operator wants to run again. */
  rerun: Intervals;
  /** Of these, what an operator wants skipped unless the window completed. */
  skip: Intervals;
}

/** Takes the window out of flight; undefined if it is not in flight. */
export function landed(state: State, { customer: index, hours }: WindowKey): Landing | undefined {
  const customer = state.customers[index];
  const window = customer && runningWindow(customer, hours);
  if (!customer || !window) return undefined;
  const claims = claimsOf(window);
  const { rerunAfter, skipUnlessCompleted } = customer.hours;
  return {
    customer: {
      ...customer,
      hours: {
        ...customer.hours,
        rerunAfter: difference(rerunAfter, claims),
        skipUnlessCompleted: difference(skipUnlessCompleted, claims),
      },
      windows: { ...customer.windows, running: customer.windows.running.filter((other) => other !== window) },
    },
    window,
    claims,
    rerun: intersection(rerunAfter, claims),
    skip: intersection(skipUnlessCompleted, claims),
  };
}

/** The state with the window among those that ended lately. */
export function withEnded(
  state: State,
  { customer, hours, at }: WindowKey & { at: number },
  { attempt, startedAt }: Window,
  ended: Pick<EndedWindow, 'outcome' | 'message' | 'taught'>,
): State {
  return remembered(state, { customer, hours, attempt, startedAt, endedAt: at, ...ended });
}
