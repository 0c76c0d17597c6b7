/** Signals that ask this process to end. The first asks for an orderly end, a later one for an end at once. */

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type StopSignal = keyof typeof EXIT_CODES;

/**
 * npm passes a signal on to a process that the terminal has sent it to already, so two that come close together are
 * one wish.
 */
const SAME_WISH_MS = 1_000;

export class Interrupted extends Error {
  readonly exitCode: number;

  constructor(readonly signal: StopSignal) {
    super(`interrupted by ${signal}`);
    this.exitCode = EXIT_CODES[signal];
  }
}

/** @returns a signal that aborts with {@link Interrupted} at the first wish to end */
export function listenForInterruption(onSecond: () => void): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  for (const name of Object.keys(EXIT_CODES) as StopSignal[]) {
    process.on(name, () => {
      if (!controller.signal.aborted) {
        first = Date.now();
        controller.abort(new Interrupted(name));
      } else if (Date.now() - first > SAME_WISH_MS) {
        onSecond();
        process.exit(EXIT_CODES[name]);
      }
    });
  }
  return controller.signal;
}

/** Rejects when the signal aborts; never resolves. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
