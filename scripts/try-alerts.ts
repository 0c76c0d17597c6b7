/**
 * `npm run try:alerts [-- --only TEXT]`: injects one fault after the other into real processes under a real Prometheus, and
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
  const { name, alert, run, inject, look } = fault;
  const early = run ? await inject(lab) : undefined;
  await lab.startRun(run);
  if (!run) {
    await lab.until('days are done, and no alert is near', async () => {
      return (await lab.progress()).totals.done >= 6 && (await lab.alerts({ pending: true })).length === 0;
    });
  }
  const from = Date.now();
  const heal = early ?? (await inject(lab));
  const fired = new Map<string, number>();
  const watch = async (ms: number) => {
    for (const deadline = Date.now() + ms; Date.now() < deadline; await sleep(250)) {
      for (const fires of await lab.alerts()) if (!fired.has(fires)) fired.set(fires, Date.now() - from);
      if (alert !== undefined && fired.has(alert)) return;
    }
  };
  await watch(alert === undefined ? SILENT_MS : 120_000);
  await sleep(alert === undefined ? 0 : AFTERWARDS_MS);
  for (const fires of await lab.alerts()) if (!fired.has(fires)) fired.set(fires, Date.now() - from);
  const text = look ? (await lab.backfill(look.command)).replace(/\s+/g, ' ') : '';
  await heal();
  const wanted = alert === undefined ? [] : [alert];
  const names = [...fired.keys()];
  if (names.length !== wanted.length || !wanted.every((one) => names.includes(one))) {
    throw new Error(`${name}: expected ${wanted.join() || 'no alert'}, got ${names.join() || 'none'}`);
  }
  const shown = look?.shows.exec(text)?.[0].trim().replaceAll('|', '\\|');
  if (look && shown === undefined)
    throw new Error(`${name}: \`backfill ${look.command.join(' ')}\` says nothing of it:\n${text}`);
  console.log(`${name}: ${alert ?? 'no alert'}${alert ? ` after ${Math.round(fired.get(alert)! / 1_000)} s` : ''}`);
  if (shown) console.log(`  shown: ${shown}`);
  if (alert === undefined) return undefined;
  return {
    fault: name,
    alert,
    seconds: Math.round(fired.get(alert)! / 1_000),
    shown: look ? `\`backfill ${look.command.join(' ')}\`: ${shown!.slice(0, 120)}` : 'a command of Kubernetes',
  };
}

const faults = FAULTS.filter(({ name }) => name.includes(values.only));
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
