import { constants } from 'node:os';

/**
 * The first signal drains, a second one ends the process at once. The SDK would leave the second to the default action,
 * which the kernel does not take for a container's first process.
 */
export function drainOnSignal(drain: () => unknown): void {
  let draining = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (draining) process.exit(128 + constants.signals[signal]);
      draining = true;
      drain();
    });
  }
}
