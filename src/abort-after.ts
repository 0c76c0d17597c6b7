/**
 * Does the work with a signal that aborts after so many ms, for the reason `tooLate`, or when the other signal does, for its reason. The
 * time covers the whole work, such as reading an answer's body.
 *
 * By hand: with AbortSignal.any, Node 20 lets a timeout be collected as garbage, so that it never comes, and Node 20 and 22 keep each
 * combined signal, with every answer that its listeners hold.
 */
export async function abortAfter<T>(
  ms: number,
  signal: AbortSignal,
  tooLate: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const own = new AbortController();
  const pass = () => own.abort(signal.reason);
  signal.addEventListener('abort', pass, { once: true });
  const timer = setTimeout(() => own.abort(tooLate()), ms);
  try {
    return await work(own.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', pass);
  }
}
