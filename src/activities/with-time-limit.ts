/** What aborts a request that took too long. */
export const TOO_LATE = new Error('no answer in time');

/**
 * Does a request with a signal that aborts after so many ms, with {@link TOO_LATE}, or with the other signal. The time covers
 * the whole work, such as reading the answer's body.
 */
export async function withTimeLimit<T>(
  ms: number,
  signal: AbortSignal,
  request: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  // AbortSignal.any would let Node 20 collect a timeout as garbage, which then never comes.
  const own = new AbortController();
  const pass = () => own.abort(signal.reason);
  signal.addEventListener('abort', pass, { once: true });
  const timer = setTimeout(() => own.abort(TOO_LATE), ms);
  try {
    return await request(own.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', pass);
  }
}
