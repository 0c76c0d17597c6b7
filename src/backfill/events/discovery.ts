import { hoursIn, type Intervals, intersection, sameHours, within } from '../hours/interval.js';
import type { WindowKey } from '../hours/window.js';
import type { Check, Customer, Window } from '../state/customer.js';
import { runningHours } from '../state/customer-hours.js';
import { moveHours } from '../state/hour-transitions.js';
import { workflowIdOf } from '../state/in-flight.js';
import { counted, decided } from '../state/journal.js';
import { covered, proofRows } from '../state/ledger.js';
import type { State } from '../state/state.js';
import { runningWindow, updateCustomer, updateCustomers, withWindows } from '../state/update.js';
import { entriesOf, roomIn } from './coverage.js';
import type { EventOf } from './event.js';

/** What a run finds that it did not start: workflows that are running, and windows that completed before it. */

/** The run awaits the workflow, which answers for those of its hours that wait. */
export function windowFound(state: State, { customer: index, hours, runId, at }: EventOf<'windowFound'>): State {
  const customer = state.customers[index];
  if (!customer || runningWindow(customer, hours)) return state;
  const claims = within(customer.hours.waiting, hours);
  const whole = claims.length === 1 && sameHours(claims[0]!, hours);
  const window: Window = {
    hours,
    attempt: 1,
    startedAt: at,
    runId,
    adopted: true,
    found: true,
    ...(!whole && { claims }),
  };
  const next = updateCustomer(state, index, () => {
    const moved = moveHours(customer, claims, 'windowFound', 'waiting → running');
    return withWindows(moved, { running: [...moved.windows.running, window] });
  });
  const name = workflowIdOf(state, customer, hours);
  return decided(counted(next, { adopted: 1 }), at, { kind: 'windowAdopted', window: name });
}

/** Those hours of the windows that wait, and of which neither the run nor an operator has said otherwise, are done or checked. */
export function completedWindowsFound(state: State, { windows, at }: EventOf<'completedWindowsFound'>): State {
  const found = new Map<number, WindowKey[]>();
  for (const window of windows) {
    const list = found.get(window.customer);
    if (list) list.push(window);
    else found.set(window.customer, [window]);
  }
  let room = roomIn(state);
  let hours = 0;
  const change = (before: Customer, index: number): Customer => {
    let customer = before;
    for (const window of found.get(index)!) {
      const { waiting, undiscovered = [window.hours] } = customer.hours;
      const done = intersection(within(waiting, window.hours), undiscovered);
      hours += hoursIn(done);
      customer = foundCompleted(state, customer, window, done, at, room);
    }
    room -= proofRows(customer.record.ledger) - proofRows(before.record.ledger);
    return customer;
  };
  const next = updateCustomers(state, change, found.keys());
  return decided(next, at, { kind: 'resumed', hours });
}

function foundCompleted(
  { options, lifecycle }: State,
  customer: Customer,
  { hours: window }: WindowKey,
  done: Intervals,
  at: number,
  room: number,
): Customer {
  if (done.length === 0) return customer;
  const { startedAt } = lifecycle;
  const check: Check = { window, hours: done, attempt: 0, startedAt, endedAt: at, found: true };
  if (options.verify) {
    const moved = moveHours(customer, done, 'completedWindowsFound', 'waiting → checking');
    return withWindows(moved, { checking: [...moved.windows.checking, check] });
  }
  const moved = moveHours(customer, done, 'completedWindowsFound', 'waiting → done');
  const ledger = covered(moved.record.ledger, entriesOf(moved, check, done), room);
  return { ...moved, record: { ...moved.record, ledger } };
}

/** The customers may start windows: what runs of them is known. Of what was asked for again, only running hours still wait for an end. */
export function customersDiscovered(state: State, { customers }: EventOf<'customersDiscovered'>): State {
  return updateCustomers(
    state,
    (customer) => {
      const { undiscovered: _, ...hours } = customer.hours;
      const rerunAfter = intersection(runningHours(customer), hours.rerunAfter);
      return { ...customer, hours: { ...hours, rerunAfter } };
    },
    customers,
  );
}
