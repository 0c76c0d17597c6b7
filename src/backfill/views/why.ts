import { describe, saidTime } from '../hours/calendar.js';
import { type Interval, meet, overlaps } from '../hours/interval.js';
import { chainOf, heldFor } from '../schedule/chain.js';
import { limitNow, whyWriters, writersOf } from '../schedule/limit.js';
import type { Customer } from '../state/customer.js';
import { claimsOf } from '../state/customer-hours.js';
import { countInFlight, perCustomerOf, workflowIdOf } from '../state/in-flight.js';
import type { State } from '../state/state.js';
import { tallyOf } from '../state/tally.js';
import { counted } from '../words.js';
import { breakerReason, pauseReason, statusOf } from './status.js';

/**
 * Why a day of a customer is not running now, in one sentence; or what it is, where it is not waiting. The reasons in the
 * order in which the scheduler asks for them: of several, the first is the one that has to go first.
 */
export function whyNotRunning(state: State, index: number, day: Interval, now: number): string {
  const customer = state.customers[index]!;
  return settledReason(state, customer, day) ?? waitingReason(state, index, day, now);
}

/** What the day is, where nothing of it waits. */
function settledReason(state: State, customer: Customer, day: Interval): string | undefined {
  const { windows, hours, record } = customer;
  const running = windows.running.find((window) => overlaps(claimsOf(window), day));
  if (running) {
    const id = workflowIdOf(state, customer, running.hours);
    return `it is running: ${id}, attempt ${running.attempt}, since ${saidTime(running.startedAt)}`;
  }
  const check = windows.checking.find((other) => overlaps(other.hours, day));
  if (check) return `its window completed at ${saidTime(check.endedAt)} and waits for its check`;
  const problem = record.problems.find((other) => overlaps(other.hours, day));
  if (problem) {
    const stopped = problem.class === 'stopped';
    const what = stopped ? 'it is held, since someone stopped its window' : `it has failed, ${problem.class}`;
    return `${what}: ${problem.message}; ${stopped ? 'resume' : 'retryFailed'} lets it run again`;
  }
  if (overlaps(hours.waiting, day)) return undefined;
  if (overlaps(hours.skipped, day)) return 'it is skipped; resetDay brings it back';
  return 'it is done; resetDay runs it again';
}

function waitingReason(state: State, index: number, day: Interval, now: number): string {
  return runReason(state, now) ?? customerReason(state, index, day, now) ?? slotReason(state, index, day, now);
}

/** What keeps all of the run from starting anything. */
function runReason(state: State, now: number): string | undefined {
  const { ended, cancelling, finishing, preparing, paused } = state.lifecycle;
  const { breaker } = state.guard;
  if (ended || cancelling || finishing || preparing) return `the run starts nothing: ${statusOf(state, now).reason}`;
  if (paused) return pauseReason('the run is ', paused);
  const { limit, why } = limitNow(state, now);
  if (limit === 0) return why;
  return breaker ? breakerReason(breaker) : undefined;
}

/** What keeps its customer, or this day of it, from starting. */
function customerReason(state: State, index: number, day: Interval, now: number): string | undefined {
  const customer = state.customers[index]!;
  const { id, paused, hours, windows } = customer;
  if (paused) return pauseReason(`${id} is `, paused);
  if (hours.undiscovered) return `${id} was added: the run still looks for windows of it that are already running`;
  const retry = windows.retries.find((other) => meet(other.hours, day));
  if (retry && retry.at > now) {
    const tried = counted(retry.attempts, 'attempt');
    return `it backs off until ${saidTime(retry.at)} after ${tried}, ${retry.class}: ${retry.message}`;
  }
  const writers = writersOf(state, customer);
  if (windows.running.length < writers) return undefined;
  const [first] = windows.running;
  const busy = first ? `${describe([first.hours])} is running` : 'one is running';
  const asked = perCustomerOf(state, customer);
  if (asked === 'auto') {
    return `${id} has ${counted(writers, 'window')} at once (${whyWriters(state, customer)}), and ${busy}`;
  }
  return writers < asked
    ? `${id} has ${counted(writers, 'window')} at once after contention, and ${busy}`
    : `${id} has ${counted(writers, 'window')} at once, and ${busy}`;
}

/** What it waits for where it could start: a slot, or its turn. */
function slotReason(state: State, index: number, day: Interval, now: number): string {
  const { limit, why } = limitNow(state, now);
  const inFlight = countInFlight(state);
  const { open } = tallyOf(state);
  const { canary } = state.options;
  const succeeded = state.record.counts.completed;
  const place = open.indexOf(index);
  const { hours, id } = state.customers[index]!;
  const earlier = hours.waiting[0]![0] < day[0];
  if (succeeded < canary) {
    return `the smallest customers go first until ${counted(canary, 'window')} succeeded (${succeeded} so far)`;
  }
  const ahead = place > 0 ? `${counted(place, 'customer')} with more work go first` : `earlier days of ${id} go first`;
  if (inFlight >= limit) {
    const slots = limit === 1 ? 'the one slot is taken' : `all ${limit} slots are taken`;
    return `${slots} (${why}); ${place > 0 || earlier ? ahead : 'it is next'}`;
  }
  const deciding = heldFor(state, { chain: chainOf(state, state.customers[index]!) });
  if (deciding) return `${deciding.id} decides when the run ends, and one window more would only slow it`;
  return earlier ? `earlier days of ${id} go first` : 'it starts with the next task of the run';
}
