import { describe } from '../hours/calendar.js';
import { difference, type Intervals } from '../hours/interval.js';
import { formatWindowSize } from '../hours/window.js';
import { afterCongestion } from '../pacing/pace.js';
import type { Sizing } from '../pacing/sizing.js';
import { writersOf } from '../schedule/limit.js';
import type { Customer, Problem, Window } from '../state/customer.js';
import { moveHours } from '../state/hour-transitions.js';
import { findsWriters, workflowIdOf } from '../state/in-flight.js';
import { counted, decided } from '../state/journal.js';
import type { LogFact } from '../state/log-entry.js';
import { withProblem } from '../state/problems.js';
import { stopsReason } from '../state/sentence.js';
import type { State } from '../state/state.js';
import { paced, updateCustomer, withGuard, withLifecycle, withWindows } from '../state/update.js';
import { isTrial, judged, triedInVain } from './breaker.js';
import type { EventOf } from './event.js';
import { type Response, responseTo, taughtBy } from './failure-response.js';
import { type Landing, landed, withEnded } from './landing.js';
import { writersMetContention } from './writers.js';

/** So many windows stopped by someone else within this time (ms) mean that a person is protecting the database. */
const STOPS_THAT_PAUSE = 3;
const STOPS_WITHIN = 5 * 60_000;

type Failure = EventOf<'windowFailed'>;

/** The window's hours run again, are held or have failed; its customer, the pace and the breaker learn from it. */
export function windowFailed(state: State, event: Failure): State {
  const landing = landed(state, event);
  if (!landing) return state;
  const { window } = landing;
  const { failure, at } = event;
  const name = workflowIdOf(state, landing.customer, window.hours);
  const response = responseTo(state, landing.customer, window, failure);
  const { customer: answered, fact } = settledHours(landing, event, name, response);
  const customer = withFewerWriters(state, answered, failure);
  const stopped = failure.class === 'stopped';
  const several = findsWriters(state, landing.customer) && hadSiblings(landing);
  const taught = taughtBy(response, window, customer !== answered || (several && failure.class === 'contention'));
  const ended = { outcome: failure.class, message: failure.message.slice(0, 200), ...(taught && { taught }) };
  let next = decided(
    updateCustomer(state, event.customer, () => customer),
    at,
    fact,
  );
  next = counted(withEnded(next, event, window, ended), { failed: 1 });
  if (failure.class === 'contention') next = writersMetContention(next, event.customer, window, at);
  if (stopped && !window.cancelRequested) next = pausedByStops(next, window, at);
  // Contention between a customer's own writers, or while the probe sees room, does not mean that there are too many windows.
  const ofItsOwn = several || state.pacing.health.level === 'ok';
  if ((failure.class === 'contention' && !ofItsOwn) || failure.class === 'overload') {
    next = paced(next, at, (pace) => afterCongestion(pace, { startedAt: window.startedAt, at, why: lately(next, at) }));
  }
  return isTrial(state, event) ? triedInVain(next, at, stopped) : judged(next, at);
}

/** What becomes of the hours that the window answered for, and what the log says of it. */
function settledHours(
  { customer: before, window, claims, rerun, skip }: Landing,
  event: Failure,
  name: string,
  response: Response,
): { customer: Customer; fact: LogFact } {
  const { failure, at } = event;
  const { class: kind, message } = failure;
  const { record } = before;
  const busy = record.busy + at - window.startedAt;
  const counted = { ...before, record: { ...record, unsuccessful: record.unsuccessful + 1, busy } };
  const skipped = moveHours(counted, skip, 'windowFailed', 'running → skipped');
  const customer = moveHours(skipped, rerun, 'windowFailed', 'running → waiting');
  const hours = difference(difference(claims, skip), rerun);
  if (hours.length > 0) return answered(customer, hours, event, name, window.attempt, response);
  return { customer, fact: { kind: 'windowRerun', window: name, days: describe(rerun), class: kind, message } };
}

function answered(
  before: Customer,
  hours: Intervals,
  { failure, at }: Failure,
  window: string,
  attempt: number,
  response: Response,
): { customer: Customer; fact: LogFact } {
  const { class: kind, message } = failure;
  const why = { class: kind, message };
  const problem: Problem = { hours, ...why, attempts: attempt, workflowId: window, at };
  const days = describe(hours);
  const waiting = () => moveHours(before, hours, 'windowFailed', 'running → waiting');
  const resized = (sizing: Sizing): Customer => {
    const customer = waiting();
    return { ...customer, pacing: { ...customer.pacing, sizing } };
  };
  switch (response.kind) {
    case 'wait':
      return { customer: waiting(), fact: { kind: 'windowCancelled', window, days } };
    case 'hold': {
      const customer = withProblem(moveHours(before, hours, 'windowFailed', 'running → held'), problem);
      return { customer, fact: { kind: 'windowStopped', window, days } };
    }
    case 'takeOver': {
      const { sizing } = response;
      const size = formatWindowSize(sizing.size);
      return { customer: resized(sizing), fact: { kind: 'windowTakenOver', window, size, ...why } };
    }
    case 'split': {
      const { sizing } = response;
      const size = formatWindowSize(sizing.size);
      return {
        customer: resized(sizing),
        fact: { kind: 'windowSplit', window, customer: before.id, size, why: failure.evidence, ...why },
      };
    }
    case 'retry': {
      const { wait, attempts } = response;
      const customer = waiting();
      const retries = hours.map((part) => ({ hours: part, attempts: attempt, at: at + wait, ...why }));
      return {
        customer: withWindows(customer, { retries: [...customer.windows.retries, ...retries] }),
        fact: { kind: 'windowRetried', window, attempt, attempts, wait, ...why },
      };
    }
    case 'fail': {
      const customer = withProblem(moveHours(before, hours, 'windowFailed', 'running → failed'), problem);
      return { customer, fact: { kind: 'windowFailed', window, attempts: attempt, ...why } };
    }
    default:
      return response satisfies never;
  }
}

/** Whether other windows of its customer are known to have run beside it: they run now, or a writer was taken away since it started. */
function hadSiblings({ customer, window }: Landing): boolean {
  const { foundWriters } = customer.pacing;
  if (!foundWriters) return customer.windows.running.length > 0;
  return foundWriters.count > 1 || (foundWriters.cutAt !== undefined && window.startedAt <= foundWriters.cutAt);
}

function withFewerWriters(state: State, customer: Customer, failure: Failure['failure']): Customer {
  const writers = writersOf(state, customer);
  if (failure.class !== 'contention' || writers === 1 || findsWriters(state, customer)) return customer;
  return { ...customer, pacing: { ...customer.pacing, writers: writers - 1 } };
}

/** What happened lately, as the reason for a cut: `2 contention, 1 overload in 60s`. */
function lately(state: State, at: number): string {
  const counts = new Map<string, number>();
  for (const { outcome, endedAt } of state.record.recent) {
    if (at - endedAt > 60_000 || (outcome !== 'contention' && outcome !== 'overload')) continue;
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  return `${[...counts].map(([kind, times]) => `${times} ${kind}`).join(', ')} in 60s`;
}

function pausedByStops(state: State, { startedAt }: Window, at: number): State {
  const stops = [...state.guard.stops.filter((stop) => at - stop < STOPS_WITHIN), at];
  if (stops.length < STOPS_THAT_PAUSE || state.lifecycle.paused) return withGuard(state, { ...state.guard, stops });
  const windows = stops.length;
  const reason = stopsReason(windows, STOPS_WITHIN);
  const paused = withLifecycle(withGuard(state, { ...state.guard, stops: [] }), { paused: { at, reason } });
  const decision = decided(paused, at, { kind: 'pausedByStops', windows, within: STOPS_WITHIN });
  return paced(decision, at, (pace) => afterCongestion(pace, { startedAt, at, why: reason }));
}
