/**
 * Child processes that never outlive their parent.
 *
 * Each has a process group of its own, so Ctrl-C in a terminal reaches the parent only, which can then stop its parts in
 * the right order. What the parent does not stop, the reaper does.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { endWithThisProcess } from './reaper.js';
import { signalGroup } from './signal-group.mjs';

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
  /** Asks it and all that it started to end, and kills what has not within `graceMs` (default 10,000). */
  stop(graceMs?: number): Promise<Exit>;
  /** SIGKILL to the process and to all that it started. */
  kill(): Promise<Exit>;
}

export interface SpawnOptions {
  /** Replaces the environment; default: this process's. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly cwd?: string;
  /** The signal that asks it to end. Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
  /** Appended to by the process itself, so that nothing is lost if this process dies. Wins over `onLine`. */
  readonly logFile?: string | undefined;
  /** Called with each line that it writes. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  readonly uid?: number;
  readonly gid?: number;
}

const TAIL_LINES = 40;
const managed = new Set<ManagedProcess>();

/**
 * Starts a process that ends when this one does.
 *
 * @throws if the command cannot be started at all (missing, not executable); the cause is Node's error
 */
export async function spawnManaged(
  name: string,
  command: string,
  args: readonly string[],
  { stopSignal = 'SIGTERM', logFile, onLine, ...options }: SpawnOptions = {},
): Promise<ManagedProcess> {
  const output = logFile === undefined ? 'pipe' : openSync(logFile, 'a');
  const child = spawn(command, args, {
    ...options,
    stdio: ['ignore', output, output],
    detached: true,
    windowsHide: true,
  });
  if (output !== 'pipe') closeSync(output);
  const lines: string[] = [];
  for (const stream of ['stdout', 'stderr'] as const) {
    const input = child[stream];
    if (!input) continue;
    createInterface({ input }).on('line', (line) => {
      lines.push(line);
      if (lines.length > TAIL_LINES) lines.shift();
      onLine?.(line, stream);
    });
  }
  let closed = false;
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      closed = true;
      resolve({ code, signal });
    });
  });
  const { pid } = child;
  if (pid === undefined) {
    const [error] = (await once(child, 'error')) as [Error];
    throw new Error(`${name} could not be started: ${error.message}`, { cause: error });
  }

  const handle: ManagedProcess = {
    name,
    pid,
    exited,
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
    tail: () =>
      (logFile === undefined ? lines : readFileSync(logFile, 'utf8').trimEnd().split('\n'))
        .slice(-TAIL_LINES)
        .join('\n'),
    stop(graceMs = 10_000) {
      if (handle.running) signalGroup(pid, stopSignal);
      const timer = setTimeout(() => void handle.kill(), graceMs);
      return exited.finally(() => clearTimeout(timer));
    },
    kill() {
      if (!closed) signalGroup(pid, 'SIGKILL');
      return exited;
    },
  };
  managed.add(handle);
  const forget = endWithThisProcess(pid, stopSignal);
  child.once('exit', () => {
    // What it leaves behind had its chance to end with it, and would be nobody's from now on.
    signalGroup(pid, 'SIGKILL');
    managed.delete(handle);
    forget();
  });
  return handle;
}

/** Stops every managed process of this process, all at once. */
export async function stopManaged(): Promise<void> {
  await Promise.all([...managed].map((handle) => handle.stop()));
}
