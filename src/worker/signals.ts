import { constants } from 'node:os';

/**
 * SIGINT and SIGTERM of a process that becomes a worker. While it starts, nothing needs to be wound up, so one ends the process
 * at once, regardless of which call it waits for. From `drainOnSignal` on, the first one drains and a second one ends the
 * process. A process imports this first: its other imports take most of a second.
 *
 * The listeners stay the same all the time: Node loses a signal that arrives in the moment in which a signal's last listener
 * is replaced. The SDK's own would leave the second signal to the default action, which the kernel does not take for a
 * container's first process.
 */
let first: () => unknown = () => process.exit(0);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    const respond = first;
    first = () => process.exit(128 + constants.signals[signal]);
    respond();
  });
}

export function drainOnSignal(drain: () => unknown): void {
  first = drain;
}
