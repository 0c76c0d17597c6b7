/** Something took longer than anyone waits. */
export class OutOfPatience extends Error {
  override readonly name = 'OutOfPatience';

  constructor(ms: number) {
    super(`nothing came back within ${ms / 1_000} s: the way there, or the run's worker, may be down`);
  }
}

/**
 * Does the work, but waits no longer than so many ms, and no longer than until the signal aborts.
 *
 * @param work gets a signal that aborts with either; what is still under way then is left to itself
 * @throws OutOfPatience, or the signal's reason
 */
export async function withPatience<T>(
  ms: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const follow = () => controller.abort(signal.reason);
  const timer = setTimeout(() => controller.abort(new OutOfPatience(ms)), ms);
  signal.addEventListener('abort', follow, { once: true });
  try {
    signal.throwIfAborted();
    const aborted = new Promise<never>((_, reject) => {
      controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true });
    });
    return await Promise.race([work(controller.signal), aborted]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', follow);
  }
}
