import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';

/**
 * Starts a program for plain `node` that outlives this process by a moment, however this process ends, to clear up after it.
 *
 * @param file what it runs; it reads its orders from stdin, whose end is the end of this process
 * @param atExit the second line of defence, for when the companion itself was killed
 * @returns where orders are written
 */
export function startCompanion(file: string, atExit: () => void): Writable {
  const child = spawn(process.execPath, [file], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    windowsHide: true,
    // Not the parent's: a debugger or loader there must not be loaded once more here.
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  // Neither the companion nor its pipe may keep this process from ending, or from working if the companion is killed.
  child.unref();
  (child.stdin as Writable & { unref?(): void }).unref?.();
  child.stdin.on('error', () => {});
  child.on('error', () => {});
  process.once('exit', atExit);
  return child.stdin;
}
