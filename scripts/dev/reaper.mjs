// @ts-check
/**
 * Ends the processes of a parent that is gone, however it went: exit, Ctrl-C, an uncaught error or `kill -9`.
 *
 * Its only input is the pipe on stdin, one JSON command a line. The operating system closes that pipe when the
 * parent dies, which no signal handler can promise. Plain JavaScript, so that plain `node` starts it at once.
 *
 * Commands: `{"watch": pid, "signal": "SIGTERM"}`, `{"forget": pid}`, `{"watchDirectory": path}`, `{"forgetDirectory": path}`.
 */
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const GRACE_MS = 5_000;

/** @type {Map<number, NodeJS.Signals>} */
const processes = new Map();
/** @type {Set<string>} */
const directories = new Set();

/** @param {number} pid @param {NodeJS.Signals | 0} signal */
function send(pid, signal) {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

// Ctrl-C and a closing terminal are for the parent; this process must outlive it by a moment.
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => {});

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  if (command.watch) processes.set(command.watch, command.signal);
  if (command.forget) processes.delete(command.forget);
  if (command.watchDirectory) directories.add(command.watchDirectory);
  if (command.forgetDirectory) directories.delete(command.forgetDirectory);
}

for (const [pid, signal] of processes) send(pid, signal);
const deadline = Date.now() + GRACE_MS;
const alive = () => [...processes.keys()].filter((pid) => send(pid, 0));
while (alive().length > 0 && Date.now() < deadline) await sleep(50);
for (const pid of alive()) send(pid, 'SIGKILL');
for (const path of directories) await rm(path, { recursive: true, force: true, maxRetries: 10 });
