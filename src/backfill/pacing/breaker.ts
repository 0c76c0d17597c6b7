import type { FailureClass } from '../failures/classify.js';
import type { WindowKey } from '../hours/window.js';

/**
 * The breaker: a run whose windows mostly fail stops, and finds out by itself when they succeed again. A small pure value; the
 * rules:
 *
 * 1. It opens when more than half of the latest verdicts are failures. What is a verdict, the run decides: a failure that was
 *    answered by a smaller window, or by fewer writers of its customer, is the run learning; a first attempt that will be
 *    tried again says less than its retry will; a window that a person stopped says nothing.
 * 2. Open, it starts nothing until `tryAt`, and then one window alone: the trial.
 * 3. A trial that succeeds closes it.
 * 4. A trial that fails doubles the wait, to an hour at most. One that a person stopped proves nothing either way.
 */
export interface Breaker {
  at: number;
  because: string;
  /** When the first of the windows started whose failures opened it: what failed since then may be of the same cause. */
  since: number;
  /** Of the latest of those failures. */
  workflowId: string;
  /** Windows that it tried in vain. */
  tries: number;
  /** How long it waits between two trials, in ms. */
  wait: number;
  tryAt: number;
  /** The window that is being tried. */
  trial?: WindowKey;
}

export interface Verdict {
  outcome: 'completed' | FailureClass;
  startedAt: number;
  message?: string;
}

const LONGEST_WAIT = 60 * 60_000;

/** The failures that open the breaker, oldest first; undefined while the latest verdicts, so many of them, do not. */
export function failuresThatOpen<T extends Verdict>(verdicts: readonly T[], windows: number): T[] | undefined {
  const latest = verdicts.slice(-windows);
  const failures = latest.filter(({ outcome }) => outcome !== 'completed');
  return latest.length === windows && failures.length > windows / 2 ? failures : undefined;
}

/** @param failures at least one, the latest last; `workflowId` is its workflow */
export function opened(
  failures: readonly Verdict[],
  { windows, retryAfter }: { windows: number; retryAfter: number },
  workflowId: string,
  at: number,
): Breaker {
  const { outcome, message = '' } = failures.at(-1)!;
  return {
    at,
    because: `${failures.length} of the latest ${windows} windows failed, lately for ${outcome}: ${message}`,
    since: Math.min(...failures.map(({ startedAt }) => startedAt)),
    workflowId,
    tries: 0,
    wait: retryAfter,
    tryAt: at + retryAfter,
  };
}

/** After a trial that did not succeed. */
export function afterTrial({ trial: _, ...breaker }: Breaker, at: number, stopped: boolean): Breaker {
  const wait = stopped ? breaker.wait : Math.min(LONGEST_WAIT, breaker.wait * 2);
  return { ...breaker, wait, tries: breaker.tries + 1, tryAt: at + wait };
}
