import { dayFrom, describe, formatDay, formatTime, parseDay } from '../hours/calendar.js';
import { add, difference, hoursIn, type Interval, none, overlaps, subtract, union, within } from '../hours/interval.js';
import { initialPace } from '../pacing/pace.js';
import { initialSizing } from '../pacing/sizing.js';
import type { CustomerRequest } from '../request/options.js';
import { parseCustomers } from '../request/request.js';
import { closed } from '../state/breaker.js';
import { cancelled, settled, updateCustomer, updateCustomers } from '../state/change.js';
import { logged } from '../state/journal.js';
import {
  type Customer,
  checkingHours,
  countInFlight,
  densityOf,
  doneHours,
  openHours,
  released,
  runningHours,
  type State,
  withCustomers,
  withTold,
} from '../state/state.js';
import { tallyOf } from '../state/tally.js';
import { FULL_WEIGHT, MAX_WEIGHT } from '../state/weight.js';
import { statusOf } from '../views/status.js';
import { counted } from '../words.js';
import type { Command } from './command.js';
import { refusal } from './command.js';

/** A command done: the next state and a sentence on what changed; or refused, with a sentence an operator can act on. */
export type Performed = { state: State; did: string } | { refused: string };

type Effect = { state: State; did: string };

/** Refuses by being thrown inside this file only; `perform` turns it into a value. */
class Refused extends Error {}

/** Does a well-formed command, or says why not. A command that asks for what is already so is done, and says so. */
export function perform(state: State, command: Command, at: number): Performed {
  try {
    if (state.ended || state.cancelling) throw new Refused(`${command.name}: the run is ${statusOf(state).status}`);
    if (state.finishing && command.name !== 'cancelWindows') {
      throw new Refused(`${command.name}: the run is finishing; start a new run with resume: true for what is left`);
    }
    const effect = dispatch(state, command, at);
    const { weight } = tallyOf(effect.state);
    if (weight > FULL_WEIGHT && weight > tallyOf(state).weight) {
      throw new Refused(`${command.name}: the run has no room for more; start another run for these customers or days`);
    }
    const entry = {
      at,
      what: command.name,
      effect: effect.did,
      ...(command.by === undefined ? {} : { by: command.by }),
    };
    return { state: settled(logged(effect.state, entry), at), did: effect.did };
  } catch (error) {
    if (error instanceof Refused) return { refused: error.message };
    throw error;
  }
}

function dispatch(state: State, command: Command, at: number): Effect {
  switch (command.name) {
    case 'pause':
      return pause(state, command, at);
    case 'resume':
      return resume(state, command.customer, at);
    case 'resetDay':
      return changeDay(state, command, (customer, day) => resetDay(customer, day, at));
    case 'skipDay':
      return changeDay(state, command, skipDay);
    case 'retryFailed':
      return retryFailed(state, command.customer);
    case 'setParallelism':
      return setParallelism(state, command);
    case 'addCustomers':
      return addCustomers(state, command.customers);
    case 'removeCustomer':
      return removeCustomer(state, command.customer);
    case 'cancelWindows':
      return cancelWindows(state, command, at);
    case 'finish':
      return {
        state: { ...state, finishing: true },
        did: `finishing: ${counted(countInFlight(state), 'window')} in flight will end first`,
      };
    default:
      return command satisfies never;
  }
}

function indexOf(state: State, id: string): number {
  refuseBeforeCustomersAreKnown(state);
  const index = state.customers.findIndex((customer) => customer.id === id);
  if (index >= 0) return index;
  const known = state.customers.slice(0, 5).map((customer) => customer.id);
  const more = state.customers.length > known.length ? `, … (${state.customers.length} in all)` : '';
  throw new Refused(`customer ${JSON.stringify(id)} is not in this run; it has ${known.join(', ')}${more}`);
}

function refuseBeforeCustomersAreKnown(state: State): void {
  if (state.customers.length === 0) throw new Refused('the customers are not known yet: the directory is being asked');
}

/** The customers a command is for: the one it names, or all. */
function chosen(state: State, id: string | undefined): number[] {
  return id === undefined ? state.customers.map((_, index) => index) : [indexOf(state, id)];
}

function pause(state: State, { customer: id, reason, by }: Command & { name: 'pause' }, at: number): Effect {
  const paused = { at, ...(reason === undefined ? {} : { reason }), ...(by === undefined ? {} : { by }) };
  const index = id === undefined ? undefined : indexOf(state, id);
  const earlier = index === undefined ? state.paused : state.customers[index]!.paused;
  const who = id ?? 'the run';
  if (earlier) return { state, did: `${who} was paused already, since ${formatTime(earlier.at)}` };
  const next =
    index === undefined ? { ...state, paused } : updateCustomer(state, index, (customer) => ({ ...customer, paused }));
  const running = index === undefined ? countInFlight(state) : state.customers[index]!.running.length;
  return { state: next, did: `${who} is paused; ${counted(running, 'window')} in flight will finish` };
}

function resume(state: State, id: string | undefined, at: number): Effect {
  if (tallyOf(state).weight > MAX_WEIGHT) {
    throw new Refused(`resume: ${state.paused?.reason}`);
  }
  const did: string[] = [];
  let next = state;
  if (id === undefined && (state.paused || state.breaker)) {
    const { paused: _, ...rest } = closed(state, at);
    next = { ...rest, stops: [], trustedSince: at };
    did.push('the run continues');
  }
  next = updateCustomers(
    next,
    (customer) => {
      if (!customer.paused && customer.held.length === 0) return customer;
      if (customer.paused) did.push(`${customer.id} continues`);
      if (customer.held.length > 0) did.push(`${customer.id} ${describe(customer.held)} waits again`);
      const { paused: _, ...rest } = released(customer, customer.held);
      return { ...rest, waiting: union(customer.waiting, customer.held) };
    },
    chosen(state, id),
  );
  if (id !== undefined && next.paused) did.push('the whole run is still paused');
  return {
    state: next,
    did: summary(did, id === undefined ? 'nothing was paused or held' : `${id} was neither paused nor held`),
  };
}

function changeDay(
  state: State,
  { customer: id, day: text }: { customer: string; day: string },
  change: (customer: Customer, day: Interval) => { customer: Customer; did: string },
): Effect {
  const index = indexOf(state, id);
  const customer = state.customers[index]!;
  const start = parseDay(text);
  if (start === undefined)
    throw new Refused(`day: expected a UTC day such as "2026-01-31", got ${JSON.stringify(text.slice(0, 40))}`);
  if (start < customer.start || start >= customer.end) {
    const range = `${formatDay(customer.start)} to ${formatDay(customer.end - 1)}`;
    throw new Refused(`${text} is outside ${id}'s range, ${range}`);
  }
  if (customer.removed) throw new Refused(`${id} was removed from this run; addCustomers brings it back`);
  const changed = change(customer, dayFrom(start));
  return { state: updateCustomer(state, index, () => changed.customer), did: `${id} ${text}: ${changed.did}` };
}

/** The parts of a day that are done, running, and so on, in words. */
function dayNow(customer: Customer, day: Interval): string {
  const parts = {
    running: runningHours(customer),
    'waiting for its check': checkingHours(customer),
    failed: customer.failed,
    held: customer.held,
    skipped: customer.skipped,
    done: doneHours(customer),
    waiting: customer.waiting,
  };
  return Object.entries(parts)
    .flatMap(([name, hours]) => (overlaps(hours, day) ? [name] : []))
    .join(' and ');
}

function resetDay(customer: Customer, day: Interval, at: number): { customer: Customer; did: string } {
  const before = dayNow(customer, day);
  const running = within(runningHours(customer), day);
  const freed = released(customer, [day]);
  const waiting = difference(add(freed.waiting, day), runningHours(customer));
  const reset: Customer = {
    ...freed,
    // A whole window that waits for its back-off stays one window; it is only due at once, with its attempts from zero.
    retries: hoursIn(within(customer.waiting, day)) > 0 ? dueNow(customer, day, at) : freed.retries,
    waiting,
    // Before it is known what runs of it, any of its waiting hours may turn out to be running.
    again: union(customer.again, customer.unseen ? union(running, within(waiting, day)) : running),
    leave: subtract(customer.leave, day),
    ...(customer.unseen && { unseen: subtract(customer.unseen, day) }),
  };
  return {
    customer: reset,
    did: running.length > 0 ? `was ${before}, runs again once it has ended` : `was ${before}, waits to run again`,
  };
}

function dueNow(customer: Customer, day: Interval, at: number): Customer['retries'] {
  return customer.retries.map((retry) =>
    overlaps([[retry.from, retry.to]], day) ? { ...retry, at, attempts: 0 } : retry,
  );
}

function skipDay(customer: Customer, day: Interval): { customer: Customer; did: string } {
  const before = dayNow(customer, day);
  const running = within(runningHours(customer), day);
  const checking = within(checkingHours(customer), day);
  const open = within(union(union(customer.waiting, customer.failed), customer.held), day);
  if (open.length + running.length + checking.length === 0) {
    if (overlaps(customer.skipped, day)) return { customer, did: 'was skipped already' };
    throw new Refused(`${customer.id} ${formatDay(day[0])} is ${before} already; there is nothing to leave out`);
  }
  const skipped: Customer = {
    ...released(customer, open),
    waiting: subtract(customer.waiting, day),
    skipped: union(customer.skipped, open),
    again: subtract(customer.again, day),
    leave: union(customer.leave, union(running, checking)),
  };
  const what = running.length > 0 ? 'left out unless its running window completes' : 'left out if something is missing';
  const did = running.length + checking.length > 0 ? `was ${before}; ${what}` : `was ${before}, is skipped`;
  return { customer: skipped, did };
}

function retryFailed(state: State, id: string | undefined): Effect {
  const did: string[] = [];
  const next = updateCustomers(
    state,
    (customer) => {
      if (customer.failed.length === 0) return customer;
      did.push(`${customer.id} ${describe(customer.failed)} waits again`);
      return { ...released(customer, customer.failed), waiting: union(customer.waiting, customer.failed) };
    },
    chosen(state, id),
  );
  return { state: next, did: summary(did, id === undefined ? 'there are no failed days' : `${id} has no failed days`) };
}

function setParallelism(state: State, { max, perCustomer, adaptive }: Command & { name: 'setParallelism' }): Effect {
  const before = state.parallelism;
  const after = {
    ...before,
    ...(max && { max }),
    ...(perCustomer && { perCustomer }),
    ...(adaptive !== undefined && { adaptive }),
  };
  const did = (Object.keys(after) as (keyof typeof after)[])
    .filter((name) => before[name] !== after[name])
    .map((name) => `${name} ${before[name]} → ${after[name]}`);
  // The adaptive limit starts from what is in flight, so that switching it on is not itself a shock.
  const pace =
    after.adaptive && !before.adaptive
      ? initialPace({ min: Math.max(1, countInFlight(state)), max: after.max })
      : state.pace;
  return {
    state: { ...state, parallelism: after, pace: { ...pace, limit: Math.min(pace.limit, after.max) } },
    did: summary(did, 'these limits were in force already'),
  };
}

function addCustomers(state: State, input: unknown): Effect {
  // Else one that is named here and by the directory would be in the run twice.
  refuseBeforeCustomersAreKnown(state);
  const parsed = parseCustomers(input, [state.options.start, state.options.end]);
  if (!parsed.ok)
    throw new Refused(
      refusal(
        'addCustomers',
        parsed.issues.map((issue) => ({ ...issue, field: `customers${issue.field === 'input' ? '' : issue.field}` })),
      ),
    );
  const known = new Map(state.customers.map((customer, index) => [customer.id, index]));
  const present = parsed.value.filter(({ id }) => known.has(id) && !state.customers[known.get(id)!]!.removed);
  if (present.length > 0)
    throw new Refused(`addCustomers: already in this run: ${present.map(({ id }) => id).join(', ')}`);
  const back = new Map(
    parsed.value.flatMap((request) => (known.has(request.id) ? [[known.get(request.id)!, request]] : [])),
  );
  const next = updateCustomers(state, (customer, index) => broughtBack(customer, back.get(index)!, state), back.keys());
  const added = parsed.value.filter(({ id }) => !known.has(id));
  const grown = withCustomers(next, added);
  const customers = grown.customers.map((customer, index): Customer => {
    return index < state.customers.length ? customer : { ...customer, unseen: [[customer.start, customer.end]] };
  });
  return { state: { ...grown, customers }, did: `added ${parsed.value.map(({ id }) => id).join(', ')}` };
}

/** A removed customer again in the run: what is not done or running of its old range, and all of its new one, waits. */
function broughtBack(customer: Customer, { done: said = [], ...request }: CustomerRequest, state: State): Customer {
  const before = union(doneHours(customer), openHours(customer));
  const told = difference(within(said, [request.start, request.end]), before);
  const done = union(doneHours(customer), told);
  const { removed: _, ...rest } = customer;
  const range: Interval = [Math.min(customer.start, request.start), Math.max(customer.end, request.end)];
  const open = difference(difference([[request.start, request.end]], done), openHours(customer));
  const outside = difference(difference(difference([range], done), open), openHours(customer));
  const back: Customer = {
    ...rest,
    ...request,
    start: range[0],
    end: range[1],
    density: densityOf(request) ?? customer.density,
    sizing: request.window ? initialSizing(request.window, request) : customer.sizing,
    waiting: open,
    skipped: outside,
    leave: [],
    unseen: union(customer.unseen ?? none, difference([range], [[customer.start, customer.end]])),
  };
  return withTold(back, { ...request, done: told }, state);
}

function removeCustomer(state: State, id: string): Effect {
  const index = indexOf(state, id);
  const customer = state.customers[index]!;
  if (customer.removed) return { state, did: `${id} was removed already` };
  const open = [customer.waiting, customer.failed, customer.held].reduce(union);
  const removed: Customer = {
    ...released(customer, open),
    removed: true,
    waiting: [],
    skipped: union(customer.skipped, open),
    again: [],
    leave: openHours(customer),
  };
  const left = open.length === 0 ? 'nothing was left of it' : `${describe(open)} is skipped`;
  const running = `${counted(customer.running.length, 'window')} in flight will finish`;
  return { state: updateCustomer(state, index, () => removed), did: `removed ${id}: ${left}; ${running}` };
}

function cancelWindows(state: State, command: Command & { name: 'cancelWindows' }, at: number): Effect {
  const { customer: id, by } = command;
  let windows = 0;
  const next = updateCustomers(
    state,
    (customer) => {
      const { running } = customer;
      windows += running.length;
      return running.length === 0 ? customer : { ...customer, running: running.map(cancelled) };
    },
    chosen(state, id),
  );
  const paused = pause(next, { name: 'pause', customer: id, reason: 'cancelWindows', by }, at);
  return { state: paused.state, did: `asked ${counted(windows, 'window')} to cancel; ${paused.did}` };
}

/** What was done, at most the first few parts of it; or what was so already. */
function summary(did: string[], already: string): string {
  if (did.length === 0) return already;
  const most = 5;
  return did.slice(0, most).join('; ') + (did.length > most ? `; and ${did.length - most} more` : '');
}
