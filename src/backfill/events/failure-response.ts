import type { ClassifiedFailure } from '../failures/classify.js';
import { hoursIn } from '../hours/interval.js';
import { gridEnd } from '../hours/window.js';
import { type Sizing, shrunk } from '../pacing/sizing.js';
import { writersOf } from '../schedule/limit.js';
import type { Customer, Window } from '../state/customer.js';
import { workflowIdOf } from '../state/in-flight.js';
import type { State } from '../state/state.js';

/**
 * What a failed window's hours do next. The first that fits:
 *
 * 1. This run asked it to cancel: they wait again.
 * 2. Someone else stopped it: they are held, since a person decided.
 * 3. The run had only adopted it, and would not start such a window: they wait for windows of the customer's own size.
 * 4. It timed out, and windows may be smaller: half the size. A window too large fails the same way however often.
 * 5. It met contention again, as its customer's only writer: half the size.
 * 6. Attempts are left: the same window again after a back-off.
 * 7. They have failed.
 *
 * In 3 and 4 a window that timed out never makes its customer's windows larger than they have become meanwhile.
 */
export type Response =
  | { kind: 'wait' }
  | { kind: 'hold' }
  | { kind: 'takeOver'; sizing: Sizing }
  | { kind: 'split'; sizing: Sizing }
  | { kind: 'retry'; wait: number; attempts: number }
  | { kind: 'fail' };

/** @param customer without the window */
export function responseTo(state: State, customer: Customer, window: Window, failure: ClassifiedFailure): Response {
  if (failure.class === 'stopped') return window.cancelRequested ? { kind: 'wait' } : { kind: 'hold' };
  const { sizing } = customer.pacing;
  const smaller = isTooLarge(state, customer, window, failure)
    ? shrunk(customer.window ?? state.options.window, sizing, hoursIn([window.hours]), failure.evidence)
    : undefined;
  if (window.found && !isOwnSize(customer, window)) return { kind: 'takeOver', sizing: smaller ?? sizing };
  if (smaller) return { kind: 'split', sizing: smaller };
  const retry = state.options.retry[failure.class];
  if (window.attempt >= retry.attempts) return { kind: 'fail' };
  const wait = backoff(retry, window.attempt, workflowIdOf(state, customer, window.hours));
  return { kind: 'retry', wait, attempts: retry.attempts };
}

function isTooLarge(state: State, customer: Customer, { attempt }: Window, failure: ClassifiedFailure): boolean {
  if (failure.class === 'timeout') return true;
  const alone = customer.windows.running.length === 0 && writersOf(state, customer) === 1;
  return failure.class === 'contention' && attempt > 1 && alone;
}

/** Whether the run would start just this window over its hours. */
const isOwnSize = ({ pacing, start, end }: Customer, { hours: [from, to], claims }: Window): boolean =>
  claims === undefined && to === Math.min(end, gridEnd(pacing.sizing.size, start, from));

/** Whether the failure says nothing yet of how the run fares: see the breaker. */
export function taughtBy(response: Response, { attempt }: Window, writersTaken: boolean): boolean {
  if (writersTaken || response.kind === 'split' || response.kind === 'takeOver') return true;
  return response.kind === 'retry' && attempt === 1;
}

/**
 * Doubling back-off with jitter: between half and all of the doubled time, so that windows that failed together do
 * not come back together. The jitter is a hash of the window and the attempt, because the core has no randomness.
 */
export function backoff(policy: { backoff: number; maxBackoff: number }, attempt: number, id: string): number {
  const full = Math.min(policy.maxBackoff, policy.backoff * 2 ** Math.min(attempt - 1, 40));
  return Math.round(full * (0.5 + 0.5 * fraction(`${id}#${attempt}`)));
}

/** A number in [0, 1) from a text: FNV-1a, 32 bits. */
function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
}
