import type { CheckKey } from '../events/verification.js';
import type { Hour } from '../hours/interval.js';
import { hoursIn } from '../hours/interval.js';
import { gridEnd } from '../hours/window.js';
import { hoursOf, sizeOf } from '../pacing/sizing.js';
import { NEAR } from '../pacing/pace.js';
import { initialWriters, longestWindow, nextTrial, tailHours } from '../pacing/writers.js';
import { type Breaker, type Customer, claimOf, type Ending, isAuto, type State } from '../state/state.js';
import { tallyOf, workLeft } from '../state/tally.js';
import { dueCheck } from './due-check.js';
import { limitNow, writersOf } from './limit.js';

/** What the durable shell is to do next. */
export type Decision =
  /** Start this window, tell `evolve` so, and decide again. */
  | { kind: 'startWindow'; customer: number; from: Hour; to: Hour; attempt: number }
  /** Check these completed windows together, tell `evolve` so, and decide again. */
  | { kind: 'verify'; windows: CheckKey[] }
  /** Nothing to do until something happens or, if given, until `until` (ms since 1970). */
  | { kind: 'wait'; until?: number }
  /** Close the run. No window is in flight. */
  | { kind: 'end'; how: Ending };

/**
 * One decision. Precedence:
 *
 * 1. Cancelling or finishing: start nothing; end once nothing is in flight.
 * 2. Still preparing: wait. Who the customers are, or what runs already, is not known yet.
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
  if (state.cancelling || state.finishing) {
    if (running > 0) return { kind: 'wait' };
    return { kind: 'end', how: state.cancelling ? 'cancelled' : 'completed' };
  }
  if (state.preparing) return { kind: 'wait' };
  if (running + waiting + checks === 0 && nothingLeft(state)) return { kind: 'end', how: 'completed' };
  if (state.idleSince !== undefined) {
    const deadline = state.idleSince + state.options.operatorTimeout;
    return now >= deadline ? { kind: 'end', how: 'incomplete' } : { kind: 'wait', until: deadline };
  }
  if (state.paused) return { kind: 'wait' };
  const { limit, until, growsAt } = limitNow(state, now);
  if (limit === 0) return waitUntil(until);
  if (state.breaker) return trial(state, state.breaker, now, limit);
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
  state.customers.every(({ failed, held }) => failed.length === 0 && held.length === 0);

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
  let extra: Candidate | undefined;
  let until: number | undefined;
  const { level, utilization = 0 } = state.health;
  const room = level !== 'high' && utilization < NEAR;
  // How many slots there will be once the limit has found its place.
  const potential = !room ? slots : Math.min(state.parallelism.max, level === 'off' ? 2 * slots : slots / Math.max(utilization, 1 / 16));
  const { open, left } = tallyOf(state);
  const canary = state.counts.completed < state.options.canary;
  for (let i = 0; i < open.length; i++) {
    const index = open[canary ? open.length - 1 - i : i]!;
    const customer = state.customers[index]!;
    if (longest && (canary || claimOf(customer) <= longest.chain)) break;
    const limit = writersOf(state, customer);
    const chain = workLeft(customer) / limit;
    if (customer.paused || customer.unseen || (first && chain <= longest!.chain)) continue;
    const auto = isAuto(state, customer);
    const more = customer.running.length >= limit;
    if (more) {
      if (!auto || (!room && chain <= left / slots) || (extra && chain <= extra.chain)) continue;
      const trial = nextTrial(customer.auto ?? initialWriters, {
        max: state.parallelism.max,
        free: slots - tallyOf(state).inFlight,
      });
      if (!trial) continue;
      if (trial.at > now) {
        until = Math.min(until ?? trial.at, trial.at);
        continue;
      }
    }
    const feeling = level === 'off' && state.parallelism.adaptive && (state.pace.slowStart || state.pace.climb?.trial !== undefined);
    const asked = feeling || chain > left / potential;
    const window = nextWindow(
      customer,
      now,
      auto ? mostHours(state, customer, now, { asked, chain, even: left / slots }) : undefined,
    );
    if (window === undefined) continue;
    if (typeof window === 'number') {
      until = Math.min(until ?? window, window);
      continue;
    }
    // A window that somebody else started may run over more hours than it answers for; these wait for its end as well.
    if (customer.running.some(({ from, to }) => from < window.to && window.from < to)) continue;
    const candidate = { index, chain, window };
    if (more) {
      extra = candidate;
      continue;
    }
    first ??= candidate;
    if (!longest || chain > longest.chain) longest = candidate;
  }
  if (extra && (!longest || (extra.chain > left / slots && extra.chain > longest.chain))) {
    return { kind: 'startWindow', customer: extra.index, ...extra.window };
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
  from: Hour;
  to: Hour;
  attempt: number;
}

/**
 * The customer's next window: the earliest waiting hours, up to the end of their cell in the grid of its window size.
 * Hours that failed before go again as the window they were, and not before they are due: then the time (ms) when the
 * first of them is. Undefined when nothing waits.
 */
function nextWindow(customer: Customer, now: number, most?: number): WindowToStart | number | undefined {
  const size = most === undefined || most >= hoursOf(customer.sizing.size) ? customer.sizing.size : sizeWithin(most);
  let due: number | undefined;
  for (const [start, end] of customer.waiting) {
    let from = start;
    while (from < end) {
      const retry = customer.retries.find((entry) => entry.from === from);
      if (!retry) {
        let to = Math.min(end, gridEnd(size, customer.start, from));
        for (const other of customer.retries) if (other.from > from && other.from < to) to = other.from;
        return { from, to, attempt: 1 };
      }
      if (retry.at <= now) return { from, to: retry.to, attempt: retry.attempts + 1 };
      due = Math.min(due ?? retry.at, retry.at);
      from = retry.to;
    }
  }
  return due;
}

const LADDER = [1, 2, 3, 4, 6, 8, 12, 24, 48, 96, 192, 384];

function sizeWithin(hours: number) {
  return sizeOf(LADDER.findLast((step) => step <= hours) ?? 1);
}

function mostHours(
  state: State,
  customer: Customer,
  now: number,
  { asked, chain, even }: { asked: boolean; chain: number; even: number },
): number | undefined {
  const policy = customer.window ?? state.options.window;
  if (policy.kind === 'fixed') return undefined;
  const writers = customer.auto ?? initialWriters;
  const least = hoursOf(policy.min);
  const waiting = hoursIn(customer.waiting);
  const tail = tailHours({ waiting, writers: writers.count, least });
  const share = even / 2 / customer.density;
  // Time for an hour of it.
  const msPerHour = customer.best === undefined ? undefined : customer.best * customer.density;
  const { max } = state.parallelism;
  let most = Number.POSITIVE_INFINITY;
  if (msPerHour !== undefined) {
    const ms = longestWindow(writers, { now, asked, chain: chain * customer.best!, max });
    if (ms !== undefined) most = ms / msPerHour;
  } else if (asked) most = hoursOf(customer.sizing.size) / 24;
  return Math.max(least, Math.min(most, tail, share));
}
