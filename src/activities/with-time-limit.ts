import { abortAfter } from '../abort-after.js';

/** What aborts a request that took too long. */
export const TOO_LATE = new Error('no answer in time');

/** Does a request with a signal that aborts after so many ms, with {@link TOO_LATE}, or with the other signal. */
export const withTimeLimit = <T>(
  ms: number,
  signal: AbortSignal,
  request: (signal: AbortSignal) => Promise<T>,
): Promise<T> => abortAfter(ms, signal, () => TOO_LATE, request);
