// @ts-check
/**
 * Cleans up after a parent that is gone, however it went: exit, Ctrl-C, an uncaught error or `kill -9`. The operating
 * system closes the pipe on stdin when the parent dies, which no signal handler can promise.
 *
 * Each line on stdin is all that the parent would leave behind at that moment; the last one counts. Plain JavaScript,
 * so that plain `node` starts it at once and without a build.
 */
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { signalGroup } from './signal-group.mjs';

const GRACE_MS = 5_000;

// Ctrl-C and a closing terminal are for the parent; this process must outlive it by a moment.
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => {});

/** @type {import('./reaper.js').Belongings} */
let { groups, directories } = { groups: [], directories: [] };
for await (const line of createInterface({ input: process.stdin })) ({ groups, directories } = JSON.parse(line));

for (const [pid, signal] of groups) signalGroup(pid, signal);
const alive = () => groups.filter(([pid]) => signalGroup(pid, 0));
for (const deadline = Date.now() + GRACE_MS; alive().length > 0 && Date.now() < deadline; ) await sleep(50);
for (const [pid] of alive()) signalGroup(pid, 'SIGKILL');
for (const path of directories) await rm(path, { recursive: true, force: true, maxRetries: 10 });
