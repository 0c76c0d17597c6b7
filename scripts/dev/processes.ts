/** Throw-away directories, and the end of all that a script or a test has started. */
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stopManaged } from '../../src/processes/managed-process.js';
import { removeWithThisProcess } from '../../src/processes/reaper.js';

/** Each with what says that it has been removed. */
const directories = new Map<string, () => void>();

/** Stops every managed process of this process, all at once, and removes its temporary directories. */
export async function stopAll(): Promise<void> {
  await stopManaged();
  await Promise.all([...directories.keys()].map(removeTemporaryDirectory));
}

/** A new directory under the system's temporary one, removed at the latest when this process has gone. */
export async function temporaryDirectory(label: string): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), `backfill-scorecards-${label}-`));
  directories.set(path, removeWithThisProcess(path));
  return path;
}

/** Removes a directory made by {@link temporaryDirectory}. */
export async function removeTemporaryDirectory(path: string): Promise<void> {
  const forget = directories.get(path);
  if (!forget) throw new Error(`${path} is not a temporary directory of this process`);
  await rm(path, { recursive: true, force: true, maxRetries: 10 });
  directories.delete(path);
  forget();
}

/** Whether a program is installed, as its `--version` shows. */
export const isInstalled = (program: string): Promise<boolean> =>
  promisify(execFile)(program, ['--version']).then(
    () => true,
    () => false,
  );

/** The processes that a process has started itself and that are still there. */
export function childrenOf(parent: number): { pid: number; args: string }[] {
  if (process.platform === 'win32') return [];
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).trim().split('\n');
  return lines.flatMap((line) => {
    const [, pid, ppid, args] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return Number(ppid) === parent && !args!.startsWith('ps ') ? [{ pid: Number(pid), args: args! }] : [];
  });
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
