/** Programs that never outlive this process: see `guard.ts`. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { startCompanion } from './companion.js';

const running = new Set<number>();
let guard: Writable | undefined;

/**
 * Starts a program in a process group of its own, so that Ctrl-C leaves it to this process to end it. What it starts
 * itself ends with it.
 *
 * @returns as `spawn` does: that the program is missing comes as the event `error`
 */
export function spawnGuarded(program: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, windowsHide: true, env });
  const { pid } = child;
  if (pid === undefined) return child;
  guard ??= startGuard();
  running.add(pid);
  guard.write(`+${pid}\n`);
  child.once('exit', () => {
    running.delete(pid);
    guard?.write(`-${pid}\n`);
  });
  return child;
}

/** Asks a guarded program to end, makes it end if it has not within `graceMs`, and waits until it has. */
export async function endGuarded(child: ChildProcess, graceMs = 2_000): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  signalGroup(child.pid, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(child.pid!, 'SIGKILL'), graceMs);
  await ended;
  clearTimeout(timer);
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

function startGuard(): Writable {
  // The built file, whether this file runs from src/ or from dist/: plain `node` starts it at once.
  const file = fileURLToPath(new URL('../../dist/fleet/guard.js', import.meta.url));
  return startCompanion(file, () => {
    for (const pid of running) signalGroup(pid, 'SIGTERM');
  });
}
