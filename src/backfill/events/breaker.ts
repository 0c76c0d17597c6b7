import { difference, hoursIn, type Intervals, none, sameHours, union } from '../hours/interval.js';
import type { WindowKey } from '../hours/window.js';
import { afterTrial, failuresThatOpen, opened } from '../pacing/breaker.js';
import { afterOutage } from '../pacing/pace.js';
import { type Mover, moveHours, type TRANSITIONS } from '../state/hour-transitions.js';
import { workflowIdOf } from '../state/in-flight.js';
import { decided } from '../state/journal.js';
import type { State } from '../state/state.js';
import { tallyOf } from '../state/tally.js';
import { paced, updateCustomers, withGuard, without } from '../state/update.js';

/** The breaker among what happens to a run; its rules are in `pacing/breaker.ts`. */

/** What may move failed hours back to waiting when the breaker closes or has nothing else to try. */
type Reviver = { [By in Mover]: 'failed → waiting' extends keyof (typeof TRANSITIONS)[By] ? By : never }[Mover];

/** Opens the breaker if the latest verdicts call for it. */
export function judged(state: State, at: number): State {
  const { breaker, trustedSince } = state.guard;
  if (breaker) return withSomethingToTry(state, at);
  const verdicts = state.record.recent.filter(({ endedAt, taught, outcome }) => {
    return endedAt > trustedSince && !taught && outcome !== 'stopped';
  });
  const failures = failuresThatOpen(verdicts, state.options.breaker.windows);
  if (!failures) return state;
  const { customer, hours } = failures.at(-1)!;
  const workflowId = workflowIdOf(state, state.customers[customer]!, hours);
  const open = opened(failures, state.options.breaker, workflowId, at);
  const next = withGuard(state, { ...state.guard, breaker: open });
  return withSomethingToTry(decided(next, at, { kind: 'breakerOpened', because: open.because, wait: open.wait }), at);
}

/** A window started: while the breaker is open, it is the trial. */
export function tried(state: State, trial: WindowKey): State {
  const { breaker } = state.guard;
  return breaker && !breaker.trial ? withGuard(state, { ...state.guard, breaker: { ...breaker, trial } }) : state;
}

export function isTrial({ guard }: State, { customer, hours }: WindowKey): boolean {
  const { trial } = guard.breaker ?? {};
  return trial !== undefined && trial.customer === customer && sameHours(trial.hours, hours);
}

/** The database is in sight again after it was not: one window may try at once whether that was all. */
export function triedSooner(state: State, at: number): State {
  const { breaker } = state.guard;
  if (!breaker || breaker.trial || breaker.tryAt <= at) return state;
  return withGuard(state, { ...state.guard, breaker: { ...breaker, tryAt: at } });
}

/** The trial has succeeded, or an operator says that all is well. */
export function closed(state: State, at: number, by: Reviver): State {
  const { breaker } = state.guard;
  if (!breaker) return state;
  const trusting = withGuard(paced(state, at, afterOutage), { ...without(state.guard, 'breaker'), trustedSince: at });
  const { state: next, days } = withIncidentWaiting(trusting, breaker.since, by);
  return decided(next, at, { kind: 'breakerClosed', days });
}

/** The trial has failed, or a person stopped it. */
export function triedInVain(state: State, at: number, stopped: boolean): State {
  const breaker = afterTrial(state.guard.breaker!, at, stopped);
  const next = withGuard(state, { ...state.guard, breaker });
  return withSomethingToTry(decided(next, at, { kind: 'breakerTried', stopped, wait: breaker.wait }), at);
}

/** With nothing left but what has failed in the incident, there would be no window to find out with. */
function withSomethingToTry(state: State, at: number): State {
  const { waiting, inFlight } = tallyOf(state);
  if (waiting > 0 || inFlight > 0) return state;
  const { state: next, days } = withIncidentWaiting(state, state.guard.breaker!.since, 'windowFailed');
  return days === 0 ? state : decided(next, at, { kind: 'breakerRetries', days });
}

/**
 * What failed since the trouble began, waiting again, but for permanent failures: those were the days' own, and these the
 * database's. Each hour only once, so that days which always fail end as failed.
 */
function withIncidentWaiting(state: State, since: number, by: Reviver): { state: State; days: number } {
  let hours = 0;
  const next = updateCustomers(state, (customer) => {
    const { retriedAfterBreaker = none } = customer.hours;
    const incident = customer.record.problems
      .filter((problem) => problem.at >= since && problem.class !== 'permanent' && problem.class !== 'stopped')
      .reduce<Intervals>((set, problem) => union(set, problem.hours), none);
    const again = difference(incident, retriedAfterBreaker);
    if (again.length === 0) return customer;
    hours += hoursIn(again);
    const moved = moveHours(customer, again, by, 'failed → waiting');
    return { ...moved, hours: { ...moved.hours, retriedAfterBreaker: union(retriedAfterBreaker, again) } };
  });
  return { state: next, days: Math.ceil(hours / 24) };
}
