/** Keeps the reaper (`reaper.mjs`) informed about what this process would leave behind. */
import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { signalGroup } from './signal-group.mjs';

/** What has to go when this process is gone: process groups, each with the signal that ends it, and directories. */
export interface Belongings {
  groups: [leader: number, signal: NodeJS.Signals][];
  directories: string[];
}

const groups = new Map<number, NodeJS.Signals>();
const directories = new Set<string>();
let reaper: Writable | undefined;

/**
 * Sees to it that a process group ends with this process.
 *
 * @returns to be called when it has ended: its number may then be used by others
 */
export function endWithThisProcess(leader: number, signal: NodeJS.Signals): () => void {
  groups.set(leader, signal);
  informReaper();
  return () => {
    groups.delete(leader);
    informReaper();
  };
}

/**
 * Sees to it that a directory is removed with this process.
 *
 * @returns to be called when it has been removed
 */
export function removeWithThisProcess(path: string): () => void {
  directories.add(path);
  informReaper();
  return () => {
    directories.delete(path);
    informReaper();
  };
}

function informReaper(): void {
  reaper ??= startReaper();
  const belongings: Belongings = { groups: [...groups], directories: [...directories] };
  reaper.write(`${JSON.stringify(belongings)}\n`);
}

function startReaper(): Writable {
  const child = spawn(process.execPath, [fileURLToPath(new URL('reaper.mjs', import.meta.url))], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    windowsHide: true,
    // Not the parent's: a debugger or loader there must not be loaded a second time here.
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  // Neither the reaper nor its pipe may keep this process from ending, or from working if the reaper is killed.
  child.unref();
  (child.stdin as Writable & { unref?(): void }).unref?.();
  child.stdin.on('error', () => {});
  child.on('error', () => {});
  // The second line of defence, for when the reaper itself was killed.
  process.once('exit', () => {
    for (const [leader, signal] of groups) signalGroup(leader, signal);
  });
  return child.stdin;
}
