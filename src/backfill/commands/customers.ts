import { describe } from '../hours/calendar.js';
import { difference, type Interval, none, union, within } from '../hours/interval.js';
import { initialSizing } from '../pacing/sizing.js';
import type { CustomerRequest } from '../request/options.js';
import { parseCustomers } from '../request/request.js';
import { type Customer, rangeOf } from '../state/customer.js';
import { doneHours, openHours } from '../state/customer-hours.js';
import { moveHours } from '../state/hour-transitions.js';
import { densityOf, withCustomers, withDaysDone } from '../state/initial-state.js';
import type { State } from '../state/state.js';
import { updateCustomer, updateCustomers, without } from '../state/update.js';
import { refusal } from './command.js';
import { type Effect, indexOf, Refused, refuseBeforeCustomersAreKnown } from './refused.js';

/** Of the customers that came, as many as the log names. */
const MOST_NAMED = 10;

/** More customers in the run, or customers that come back; nothing of them starts before it is known what is running already. */
export function addCustomers(state: State, input: unknown): Effect {
  // Else one that is named here and by the directory would be in the run twice.
  refuseBeforeCustomersAreKnown(state);
  const requests = parsed(state, input);
  const known = new Map(state.customers.map((customer, index) => [customer.id, index]));
  const present = requests.filter(({ id }) => known.has(id) && !state.customers[known.get(id)!]!.removed);
  if (present.length > 0) {
    throw new Refused(`addCustomers: already in this run: ${present.map(({ id }) => id).join(', ')}`);
  }
  const back = new Map(
    requests.flatMap((request) => (known.has(request.id) ? [[known.get(request.id)!, request]] : [])),
  );
  const returned = updateCustomers(
    state,
    (customer, index) => broughtBack(customer, back.get(index)!, state),
    back.keys(),
  );
  const grown = withCustomers(
    returned,
    requests.filter(({ id }) => !known.has(id)),
  );
  const customers = grown.customers.map((customer, index): Customer => {
    if (index < state.customers.length) return customer;
    return { ...customer, hours: { ...customer.hours, undiscovered: [rangeOf(customer)] } };
  });
  return {
    state: { ...grown, customers },
    outcome: {
      kind: 'customersAdded',
      customers: requests.slice(0, MOST_NAMED).map(({ id }) => id),
      more: Math.max(0, requests.length - MOST_NAMED),
    },
  };
}

function parsed({ options }: State, input: unknown): CustomerRequest[] {
  const customers = parseCustomers(input, rangeOf(options));
  if (customers.ok) return customers.value;
  const issues = customers.issues.map((issue) => {
    return { ...issue, field: `customers${issue.field === 'input' ? '' : issue.field}` };
  });
  throw new Refused(refusal('addCustomers', issues));
}

/** A removed customer in the run again: what is not done or running of its old range, and all of its new one, waits. */
function broughtBack(before: Customer, { done: said = none, ...request }: CustomerRequest, state: State): Customer {
  const asked = rangeOf(request);
  const range: Interval = [Math.min(before.start, request.start), Math.max(before.end, request.end)];
  const beyond = difference([range], [rangeOf(before)]);
  const settled = union(doneHours(before), openHours(before));
  const { pacing } = before;
  // What its range gains is skipped at first, like all that was left of it: of both, what is asked for waits.
  const wider: Customer = {
    ...without(before, 'removed'),
    ...request,
    start: range[0],
    end: range[1],
    pacing: {
      ...pacing,
      density: densityOf(request) ?? pacing.density,
      sizing: request.window ? initialSizing(request.window, request) : pacing.sizing,
    },
    hours: {
      ...before.hours,
      skipped: union(before.hours.skipped, beyond),
      skipUnlessCompleted: none,
      undiscovered: union(before.hours.undiscovered ?? none, beyond),
    },
  };
  const done = difference(within(said, asked), settled);
  const toDone = state.options.verify ? 'skipped → checking' : 'skipped → done';
  const marked = withDaysDone(moveHours(wider, done, 'addCustomers', toDone), done, state);
  return moveHours(marked, [asked], 'addCustomers', 'skipped → waiting');
}

/** What is left of the customer is skipped; its running windows finish. */
export function removeCustomer(state: State, id: string): Effect {
  const index = indexOf(state, id);
  const customer = state.customers[index]!;
  if (customer.removed) return { state, outcome: { kind: 'removedAlready', customer: id } };
  const { waiting, failed, held } = customer.hours;
  const left = [waiting, failed, held].reduce(union);
  const moved = (['waiting', 'failed', 'held'] as const).reduce(
    (customer, from) => moveHours(customer, left, 'removeCustomer', `${from} → skipped`),
    customer,
  );
  const hours = { ...moved.hours, rerunAfter: none, skipUnlessCompleted: openHours(customer) };
  return {
    state: updateCustomer(state, index, () => ({ ...moved, removed: true, hours })),
    outcome: {
      kind: 'customerRemoved',
      customer: id,
      days: left.length === 0 ? '' : describe(left),
      windows: customer.windows.running.length,
    },
  };
}
