import { setMaxListeners } from 'node:events';
import type { Client } from '@temporalio/client';
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
export async function withTimeLimit<T>(
  ms: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  // Not AbortSignal.any: Node 20 and 22 keep a combined signal, and with it every answer that its listeners hold.
  const own = new AbortController();
  const pass = () => own.abort(signal.reason);
  signal.addEventListener('abort', pass, { once: true });
  const timer = setTimeout(() => own.abort(new NoAnswerInTime(ms)), ms);
  // The client adds a listener for each call.
  setMaxListeners(0, own.signal);
  try {
    return await unlessAborted(work(own.signal), own.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', pass);
  }
}
