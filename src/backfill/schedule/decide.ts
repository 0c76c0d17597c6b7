import { type Hour, type Interval, meet } from '../hours/interval.js';
import { gridEnd, type WindowKey } from '../hours/window.js';
import type { Breaker } from '../pacing/breaker.js';
import type { CheckKey, Customer } from '../state/customer.js';
import { claimOf } from '../state/initial-state.js';
import type { Ending } from '../state/lifecycle.js';
import type { State } from '../state/state.js';
import { tallyOf, workLeft } from '../state/tally.js';
import { dueCheck } from './due-check.js';
import { limitNow, writersOf } from './limit.js';

/** What the durable shell is to do next. */
export type Decision =
  /** Start this window, give `evolve` the event, and decide again. */
  | ({ kind: 'startWindow'; attempt: number } & WindowKey)
  /** Check these completed windows together, give `evolve` the event, and decide again. */
  | { kind: 'verify'; windows: CheckKey[] }
  /** Nothing to do until something happens or, if given, until `until` (ms since 1970). */
  | { kind: 'wait'; until?: number }
  /** Close the run. No window is in flight. */
  | { kind: 'end'; how: Ending };

/**
 * One decision. Precedence:
 *
 * 1. Cancelling or finishing: start nothing; end once nothing is in flight.
 * 2. Still preparing: wait. Who the customers are, or what is already running, is not known yet.
 * 3. Nothing left: end. This outranks a pause, which has nothing left to hold back.
 * 4. Only failed or held days left: wait for an operator, at most `operatorTimeout`.
 * 5. Paused: start nothing, wait for `resume`.
 * 6. The database or the working hours let nothing happen: wait.
 * 7. The breaker is open: start nothing but one trial at a time, each when it is due.
 * 8. A free slot and a window that is due: start it.
 * 9. No slot, but the limit may grow by now: start one more.
 * 10. Enough completed windows wait for their check, or there is nothing else to do: check them. After all starts, so
 *    that no slot waits for a check, and a sequential run does not check after each window.
 * 11. Wait for a window to end, for the next one to be due, or for the limit to grow.
 */
export function decide(state: State, now: number): Decision {
  const { inFlight: running, waiting, checks } = tallyOf(state);
  const { cancelling, finishing, preparing, idleSince, paused } = state.lifecycle;
  if (cancelling || finishing) {
    if (running > 0) return { kind: 'wait' };
    return { kind: 'end', how: cancelling ? 'cancelled' : 'completed' };
  }
  if (preparing) return { kind: 'wait' };
  if (running + waiting + checks === 0 && nothingLeft(state)) return { kind: 'end', how: 'completed' };
  if (idleSince !== undefined) {
    const deadline = idleSince + state.options.operatorTimeout;
    return now >= deadline ? { kind: 'end', how: 'incomplete' } : { kind: 'wait', until: deadline };
  }
  if (paused) return { kind: 'wait' };
  const { limit, until, growsAt } = limitNow(state, now);
  if (limit === 0) return waitUntil(until);
  if (state.guard.breaker) return trial(state, state.guard.breaker, now, limit);
  const next =
    running < limit
      ? nextStart(state, now, limit)
      : running === limit && growsAt !== undefined
        ? growth(state, now, limit, growsAt)
        : waitUntil(until);
  return next.kind === 'wait' ? checkOrWait(state, now, next.until) : next;
}

const waitUntil = (until: number | undefined): Decision =>
  until === undefined ? { kind: 'wait' } : { kind: 'wait', until };

/** A check if one is due; else wait, at most until one is. */
function checkOrWait(state: State, now: number, until: number | undefined): Decision {
  const check = dueCheck(state, now);
  if (!check) return waitUntil(until);
  if ('windows' in check) return { kind: 'verify', windows: check.windows };
  return waitUntil(Math.min(check.at, until ?? check.at));
}

const nothingLeft = (state: State): boolean =>
  state.customers.every(({ hours }) => hours.failed.length === 0 && hours.held.length === 0);

/** What an open breaker lets through. */
function trial(state: State, { trial, tryAt }: Breaker, now: number, limit: number): Decision {
  if (trial || tallyOf(state).inFlight >= limit) return { kind: 'wait' };
  return now < tryAt ? { kind: 'wait', until: tryAt } : nextStart(state, now, limit);
}

/** One window more than the limit, once it may grow: the start itself moves the limit (see `afterStart`). */
function growth(state: State, now: number, limit: number, at: number): Decision {
  const next = nextStart(state, now, limit);
  return next.kind === 'startWindow' && at > now ? { kind: 'wait', until: at } : next;
}

/**
 * Whose window is next. Customers take slots in the order of their claims, one after the other, so that few are half
 * done. But a customer is a serial chain: once its own chain is longer than all work left shared evenly by all slots,
 * it decides when the run ends, and goes first, the longest such chain before the others. (This is McNaughton's
 * wrap-around rule for preemptive machines with a window as the quantum: the run is never longer than the larger of
 * the average load and the longest chain, by more than a window.) With one slot no chain is longer than all work, so
 * a sequential run goes customer by customer.
 *
 * The canary turns the order round until enough windows have succeeded: the smallest customers try the water.
 *
 * The search ends early: claims descend, and no chain is longer than its customer's claim.
 */
function nextStart(state: State, now: number, slots: number): Decision {
  let first: Candidate | undefined;
  let longest: Candidate | undefined;
  let until: number | undefined;
  const { open, left } = tallyOf(state);
  const canary = state.record.counts.completed < state.options.canary;
  for (let i = 0; i < open.length; i++) {
    const index = open[canary ? open.length - 1 - i : i]!;
    const customer = state.customers[index]!;
    if (longest && (canary || claimOf(customer) <= longest.chain)) break;
    const limit = writersOf(state, customer);
    const chain = workLeft(customer) / limit;
    const { running } = customer.windows;
    const held = customer.paused || customer.hours.undiscovered || running.length >= limit;
    if (held || (first && chain <= longest!.chain)) continue;
    const window = nextWindow(customer, now);
    if (window === undefined) continue;
    if (typeof window === 'number') {
      until = Math.min(until ?? window, window);
      continue;
    }
    // An adopted window may run over more hours than it answers for; these wait for its end as well.
    if (running.some(({ hours }) => meet(hours, window.hours))) continue;
    const candidate = { index, chain, window };
    first ??= candidate;
    if (!longest || chain > longest.chain) longest = candidate;
  }
  if (!first || !longest) return waitUntil(until);
  const { index, window } = !canary && longest.chain > left / slots ? longest : first;
  return { kind: 'startWindow', customer: index, ...window };
}

interface Candidate {
  index: number;
  chain: number;
  window: WindowToStart;
}

interface WindowToStart {
  hours: Interval;
  attempt: number;
}

/**
 * The customer's next window: the earliest waiting hours, up to the end of their cell in the grid of its window size.
 * Hours that failed before go again as the window they were, and not before they are due: then the time (ms) when the
 * first of them is. Undefined when nothing waits.
 */
function nextWindow(customer: Customer, now: number): WindowToStart | number | undefined {
  const { size } = customer.pacing.sizing;
  const { retries } = customer.windows;
  let due: number | undefined;
  for (const [start, end] of customer.hours.waiting) {
    let from = start;
    while (from < end) {
      const retry = retries.find((entry) => entry.hours[0] === from);
      if (!retry) {
        const later = retries.map(({ hours }): Hour => hours[0]).filter((start) => start > from);
        return { hours: [from, Math.min(end, gridEnd(size, customer.start, from), ...later)], attempt: 1 };
      }
      if (retry.at <= now) return { hours: retry.hours, attempt: retry.attempts + 1 };
      due = Math.min(due ?? retry.at, retry.at);
      from = retry.hours[1];
    }
  }
  return due;
}
