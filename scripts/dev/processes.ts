/**
 * Child processes that never outlive their parent, and throw-away directories.
 *
 * Every managed process has its own process group, so Ctrl-C in a terminal reaches the parent only, which can then
 * stop its parts in the right order. What the parent does not stop, the reaper does (see `reaper.mjs`).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { startCompanion } from '../../src/fleet/companion.js';

/** How a process ended: one of the two is set. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ManagedProcess {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the process has ended and its output is read; never rejects. */
  readonly exited: Promise<Exit>;
  readonly running: boolean;
  /** The end of what it wrote, for error messages. */
  tail(): string;
  /** Asks it to end, and kills it if it has not within `graceMs` (default 10,000). */
  stop(graceMs?: number): Promise<Exit>;
  /** SIGKILL to the process and whatever is left in its group. */
  kill(): Promise<Exit>;
}

export interface SpawnOptions {
  /** Replaces the environment; default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** The signal that asks it to end. Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
  /** Appended to by the process itself, so that nothing is lost if this process dies. Wins over `onLine`. */
  readonly logFile?: string;
  /** Called with each line of stdout and stderr. */
  readonly onLine?: (line: string) => void;
  readonly uid?: number;
  readonly gid?: number;
}

const TAIL_LINES = 40;
const managed = new Map<ManagedProcess, NodeJS.Signals>();
const directories = new Set<string>();
let reaper: Writable | undefined;

/**
 * Starts a process that ends when this one does.
 *
 * @throws if the command cannot be started at all (missing, not executable)
 */
export async function spawnManaged(
  name: string,
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<ManagedProcess> {
  const { env, cwd, stopSignal = 'SIGTERM', logFile, onLine, uid, gid } = options;
  const log = logFile === undefined ? undefined : openSync(logFile, 'a');
  const output = log ?? 'pipe';
  const child = spawn(command, args, {
    stdio: ['ignore', output, output],
    detached: true,
    windowsHide: true,
    ...(env && { env }),
    ...(cwd !== undefined && { cwd }),
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  });
  const lines: string[] = [];
  collect(child, (line) => {
    lines.push(line);
    if (lines.length > TAIL_LINES) lines.shift();
    onLine?.(line);
  });
  let running = true;
  let closed = false;
  child.once('exit', () => {
    running = false;
  });
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      closed = true;
      resolve({ code, signal });
    });
  });
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new Error(`${name} could not be started: ${(error as Error).message}`, { cause: error });
  } finally {
    if (log !== undefined) closeSync(log);
  }

  const pid = child.pid!;
  const handle: ManagedProcess = {
    name,
    pid,
    exited,
    get running() {
      return running;
    },
    tail: () =>
      (logFile === undefined ? lines : readFileSync(logFile, 'utf8').trimEnd().split('\n'))
        .slice(-TAIL_LINES)
        .join('\n'),
    stop(graceMs = 10_000) {
      if (running) child.kill(stopSignal);
      const timer = setTimeout(() => void handle.kill(), graceMs);
      return exited.finally(() => clearTimeout(timer));
    },
    kill() {
      // The whole group, or a wrapper such as `tsx` would leave the process that it started behind.
      if (!closed && !signalGroup(pid, 'SIGKILL') && running) child.kill('SIGKILL');
      return exited;
    },
  };
  managed.set(handle, stopSignal);
  tellReaper({ watch: pid, signal: stopSignal });
  child.once('exit', () => {
    managed.delete(handle);
    tellReaper({ forget: pid });
  });
  return handle;
}

/** Stops every managed process of this process, all at once, and removes its temporary directories. */
export async function stopAll(graceMs?: number): Promise<void> {
  await Promise.all([...managed.keys()].map((handle) => handle.stop(graceMs)));
  await Promise.all([...directories].map(removeTemporaryDirectory));
}

/** A new directory under the system's temporary one, removed at the latest when this process has gone. */
export async function temporaryDirectory(label: string): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), `backfill-scorecards-${label}-`));
  directories.add(path);
  tellReaper({ watchDirectory: path });
  return path;
}

/** Removes a directory made by {@link temporaryDirectory}. */
export async function removeTemporaryDirectory(path: string): Promise<void> {
  if (!directories.has(path)) throw new Error(`${path} is not a temporary directory of this process`);
  await rm(path, { recursive: true, force: true, maxRetries: 10 });
  directories.delete(path);
  tellReaper({ forgetDirectory: path });
}

/** Whether something accepts connections on this port of 127.0.0.1 now. */
export async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function collect(child: ChildProcess, onLine: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', onLine);
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

function tellReaper(command: Record<string, unknown>): void {
  reaper ??= startReaper();
  reaper.write(`${JSON.stringify(command)}\n`);
}

function startReaper(): Writable {
  return startCompanion(fileURLToPath(new URL('reaper.mjs', import.meta.url)), () => {
    for (const [handle, signal] of managed) signalGroup(handle.pid, signal);
  });
}
