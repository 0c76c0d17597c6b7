import type { Breaker } from '../pacing/breaker.js';
import type { State } from '../state/state.js';
import { tallyOf } from '../state/tally.js';
import type { Decision } from './decision.js';
import { dueCheck } from './due-check.js';
import { limitNow } from './limit.js';
import { nextStart } from './next-start.js';

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
