import { formatDuration } from '../hours/duration.js';
import { difference, hoursIn, type Intervals, none, union } from '../hours/interval.js';
import { counted } from '../words.js';
import { updateCustomers } from './change.js';
import { decided } from './journal.js';
import { type Breaker, idOf, released, type State, type Window } from './state.js';
import { tallyOf } from './tally.js';

/**
 * The breaker: a run whose windows mostly fail stops, and finds out by itself when they succeed again.
 *
 * 1. It opens when more than half of the latest `windows` verdicts are failures that taught nothing. A failure answered
 *    by a smaller window, or by fewer writers of its customer, is the run learning and is no verdict; nor is a first
 *    attempt that will be tried again, since its retry will say more; nor a window that a person stopped.
 * 2. Open, it starts nothing until `tryAt`, and then one window alone: the trial.
 * 3. A trial that succeeds closes it. What failed since the trouble began, but for permanent failures, waits again, once:
 *    those failures were the database's and not the days' own.
 * 4. A trial that fails doubles the wait, to an hour at most. One that a person stopped proves nothing either way.
 */
const MOST_WAIT = 60 * 60_000;

/** Opens the breaker if the latest verdicts call for it. */
export function judged(state: State, at: number): State {
  if (state.breaker) return withSomethingToTry(state, at);
  const { windows, retryAfter } = state.options.breaker;
  const verdicts = state.recent.filter(({ endedAt, taught, outcome }) => {
    return endedAt > state.trustedSince && !taught && outcome !== 'stopped';
  });
  const latest = verdicts.slice(-windows);
  const failures = latest.filter(({ outcome }) => outcome !== 'completed');
  if (latest.length < windows || failures.length <= windows / 2) return state;
  const cause = failures.at(-1)!;
  const because = `${failures.length} of the latest ${windows} windows failed, lately for ${cause.outcome}: ${cause.message ?? ''}`;
  const breaker: Breaker = {
    at,
    because,
    since: Math.min(...failures.map(({ startedAt }) => startedAt)),
    workflowId: idOf(state, state.customers[cause.customer]!, cause),
    tries: 0,
    wait: retryAfter,
    tryAt: at + retryAfter,
  };
  const effect = `the breaker opens: ${because}; one window is tried in ${formatDuration(retryAfter)}`;
  return withSomethingToTry(decided({ ...state, breaker }, at, effect), at);
}

/** A window started: while the breaker is open, it is the trial. */
export function triedWith(state: State, trial: NonNullable<Breaker['trial']>): State {
  return state.breaker && !state.breaker.trial ? { ...state, breaker: { ...state.breaker, trial } } : state;
}

/** Whether the window, of a customer by its index, is the trial. */
export function isTrial({ breaker }: State, customer: number, { from, to }: Pick<Window, 'from' | 'to'>): boolean {
  const { trial } = breaker ?? {};
  return trial !== undefined && trial.customer === customer && trial.from === from && trial.to === to;
}

/** The trial has succeeded, or an operator says that all is well. */
export function closed(state: State, at: number): State {
  const { breaker, ...rest } = state;
  if (!breaker) return state;
  const { state: next, days } = withIncidentWaiting({ ...rest, trustedSince: at }, breaker.since);
  const again = days > 0 ? `; ${counted(days, 'day')} that failed meanwhile wait again` : '';
  return decided(next, at, `the breaker closes${again}`);
}

/** The trial has failed, or was stopped by a person. */
export function triedInVain(state: State, at: number, { stopped }: { stopped: boolean }): State {
  const { trial: _, ...breaker } = state.breaker!;
  const wait = stopped ? breaker.wait : Math.min(MOST_WAIT, breaker.wait * 2);
  const next = { ...state, breaker: { ...breaker, wait, tries: breaker.tries + 1, tryAt: at + wait } };
  const what = stopped ? 'was stopped' : 'failed';
  const effect = `the breaker stays open: the window that it tried ${what}; another is tried in ${formatDuration(wait)}`;
  return withSomethingToTry(decided(next, at, effect), at);
}

/** With nothing left but what has failed in the incident, there would be no window to find out with. */
function withSomethingToTry(state: State, at: number): State {
  const { waiting, inFlight } = tallyOf(state);
  if (waiting > 0 || inFlight > 0) return state;
  const { state: next, days } = withIncidentWaiting(state, state.breaker!.since);
  return days === 0 ? state : decided(next, at, `${counted(days, 'day')} that failed meanwhile wait for the breaker`);
}

/** What failed since the trouble began, waiting again; each hour only once, so that days which always fail end as failed. */
function withIncidentWaiting(state: State, since: number): { state: State; days: number } {
  let hours = 0;
  const next = updateCustomers(state, (customer) => {
    const { retriedAfterBreaker = none } = customer;
    const incident = customer.problems
      .filter((problem) => problem.at >= since && problem.class !== 'permanent' && problem.class !== 'stopped')
      .reduce<Intervals>((set, problem) => union(set, problem.hours), none);
    const again = difference(incident, retriedAfterBreaker);
    if (again.length === 0) return customer;
    hours += hoursIn(again);
    return {
      ...released(customer, again),
      waiting: union(customer.waiting, again),
      retriedAfterBreaker: union(retriedAfterBreaker, again),
    };
  });
  return { state: next, days: Math.ceil(hours / 24) };
}
