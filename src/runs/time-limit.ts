import { setMaxListeners } from 'node:events';
import type { Client } from '@temporalio/client';
import { abortAfter } from '../abort-after.js';
import { unlessAborted } from '../fleet/unless-aborted.js';

/** How long the server and the run's worker have to answer. */
export const ANSWER_LIMIT_MS = 15_000;

/** Calls that share one deadline. */
export const withDeadline = <T>(client: Client, calls: () => Promise<T>, ms = ANSWER_LIMIT_MS): Promise<T> =>
  client.withDeadline(Date.now() + ms, calls);

export class NoAnswerInTime extends Error {
  override readonly name = 'NoAnswerInTime';

  constructor(ms: number) {
    super(`no answer within ${ms / 1_000} s: the connection to the cluster, or the run's worker, may be down`);
  }
}

/**
 * Does the work, but waits no longer than so many ms, and no longer than until the signal aborts.
 *
 * @param work gets a signal that aborts with either; what is still under way then is left to itself
 * @throws NoAnswerInTime, or the signal's reason
 */
export const withTimeLimit = <T>(
  ms: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> =>
  abortAfter(
    ms,
    signal,
    () => new NoAnswerInTime(ms),
    (own) => {
      // The client adds a listener for each call.
      setMaxListeners(0, own);
      return unlessAborted(work(own), own);
    },
  );
