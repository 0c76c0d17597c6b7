/**
 * A process of its own that ends the programs of a parent that is gone, however it went: exit, Ctrl-C, an uncaught error
 * or `kill -9`. The operating system closes the pipe on stdin when the parent dies, which no signal handler can promise.
 *
 * Each line on stdin is `+pid` (leads a process group that has to end with the parent) or `-pid` (has ended).
 */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const GRACE_MS = 2_000;
const groups = new Set<number>();

// Ctrl-C and a closing terminal are for the parent; this process must outlive it by a moment.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

for await (const line of createInterface({ input: process.stdin })) {
  const pid = Number(line.slice(1));
  if (line.startsWith('+')) groups.add(pid);
  else groups.delete(pid);
}

const alive = () => [...groups].filter((pid) => send(pid, 0));
for (const pid of groups) send(pid, 'SIGTERM');
for (const deadline = Date.now() + GRACE_MS; alive().length > 0 && Date.now() < deadline; ) await sleep(50);
for (const pid of alive()) send(pid, 'SIGKILL');

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
