/**
 * `npm run try:alerts [-- --only REGEXP]`: injects one fault after the other into real processes under a real Prometheus, and
 * insists that exactly its alert fires and that the runbook's first command shows the cause. A run over all faults writes
 * what it measured to deploy/monitoring/measured.json. Needs Debian's `prometheus`.
 */
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Measured } from '../deploy/monitoring/runbook.js';
import { stopAll } from './dev/processes.js';
import { FAULTS, type Fault } from './lab/alerts/faults.js';
import { Lab } from './lab/alerts/lab.js';

/** How long nothing may fire where nothing should, and nothing else after an alert has fired. */
const SILENT_MS = 30_000;
const AFTERWARDS_MS = 3_000;

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });

/** @returns undefined where no alert was to fire */
async function tried(lab: Lab, fault: Fault): Promise<Measured | undefined> {
  const { name, alert, run, fromStart = false, heartbeatMs, inject, shows } = fault;
  const early = fromStart ? await inject(lab) : undefined;
  await lab.startRun(run, heartbeatMs);
  if (!fromStart) {
    await lab.until('days are done, and no alert is near', async () => {
      return (await lab.progress()).totals.done >= 6 && (await lab.activeAlerts()).length === 0;
    });
  }
  const from = Date.now();
  const heal = early ?? (await inject(lab));
  const fired = new Map<string, number>();
  let line: string | undefined;
  const look = async () => {
    for (const active of await lab.activeAlerts()) {
      if (!active.fires || fired.has(active.name)) continue;
      fired.set(active.name, Math.round((Date.now() - from) / 1_000));
      if (active.name === alert) line = active.look;
    }
  };
  const watch = async (ms: number) => {
    for (const deadline = Date.now() + ms; Date.now() < deadline; await sleep(250)) {
      await look();
      if (line !== undefined) return;
    }
  };
  await watch(alert === undefined ? SILENT_MS : 120_000);
  if (line !== undefined) await sleep(AFTERWARDS_MS);
  await look();
  const text = shows && line !== undefined ? (await lab.type(line)).replace(/\s+/g, ' ') : '';
  await heal();
  const names = [...fired.keys()].join() || 'no alert';
  if (names !== (alert ?? 'no alert')) throw new Error(`${name}: expected ${alert ?? 'no alert'}, got ${names}`);
  if (alert === undefined) {
    console.log(`${name}: no alert`);
    return undefined;
  }
  const seconds = fired.get(alert)!;
  const shown = shows?.exec(text)?.[0].trim().replaceAll('|', '\\|').slice(0, 120);
  if (shows && shown === undefined) throw new Error(`${name}: \`${line}\` says nothing of it:\n${text}`);
  console.log(`${name}: ${alert} after ${seconds} s${shown ? `\n  \`${line}\`: ${shown}` : ''}`);
  return { fault: name, alert, seconds, shown: shown ? `\`${line}\`: ${shown}` : 'a command of Kubernetes' };
}

const faults = FAULTS.filter(({ name }) => new RegExp(values.only).test(name));
const measured: Measured[] = [];
try {
  const lab = await Lab.start();
  for (const fault of faults) {
    try {
      const result = await tried(lab, fault);
      if (result) measured.push(result);
    } catch (error) {
      console.error(`FAILED: ${(error as Error).message}`);
      process.exitCode = 1;
    }
    await lab.settled();
  }
  await lab.stop();
  if (faults.length === FAULTS.length && !process.exitCode) {
    const file = fileURLToPath(new URL('../deploy/monitoring/measured.json', import.meta.url));
    await writeFile(file, `${JSON.stringify(measured, null, 2)}\n`);
    console.log('written to deploy/monitoring/measured.json; `npm run generate:monitoring` puts it into the runbook');
  }
} finally {
  await stopAll();
}
