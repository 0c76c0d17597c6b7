/**
 * Signals while a process starts up. Nothing needs to be wound up yet, so one ends the process at once, regardless of
 * which call it waits for. A process imports this first: its other imports take most of a second.
 */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

const end = () => process.exit(0);
for (const signal of SIGNALS) process.on(signal, end);

/** Call it when something else has taken over: from now on a signal is left to others. */
export function startedUp(): void {
  for (const signal of SIGNALS) process.off(signal, end);
}
