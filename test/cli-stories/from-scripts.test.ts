/** Every row of docs/from-scripts.md: what a folder of scripts did by hand, by the `backfill` command on a real server. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ScheduleOverlapPolicy } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Progress } from '../../src/backfill/views/progress.js';
import { BackfillCommand } from '../support/backfill.js';
import { useRig } from '../support/harness.js';
import { BackfillHandle, type Execution, mostAtOnce, until } from '../support/run.js';
import { namesOfThisFile } from './clusters.js';

const names = ['jobs', 'failed', 'days', 'sequential', 'hand', 'files', 'decade', 'nightly'] as const;
type Name = (typeof names)[number];
const { taskQueue, childQueue, prefix, clusterOf } = namesOfThisFile();
const rig = useRig({ taskQueue, childQueue });

const prefixOf = (name: Name) => `${prefix}-${name}`;
const customers: Partial<Record<Name, string[]>> = { jobs: ['cvs', 'oportun', 'marriott'] };

let backfill: BackfillCommand;

beforeAll(async () => {
  const clusters = names.map((name) => [
    clusterOf(name),
    {
      address: inject('address'),
      taskQueue,
      ...(customers[name] && { directory: { customers: customers[name] } }),
      defaults: { child: { taskQueue: childQueue, workflowIdPrefix: prefixOf(name) } },
    },
  ]);
  backfill = await BackfillCommand.create({ fleet: { clusters: Object.fromEntries(clusters) } });
});

afterAll(() => backfill.remove());

const runOf = (name: Name, range: string) =>
  new BackfillHandle(rig.client, `backfillscorecards-${clusterOf(name)}-${range}`, prefixOf(name));

async function done(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await backfill.run(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

describe.concurrent('What was done by hand is one command', () => {
  it('createjob.sh: backfill start, with all customers of the cluster for the month', async () => {
    const run = runOf('jobs', '2026-01');
    const start = ['start', clusterOf('jobs'), '--month', '2026-01', '--window', '1mo', '--parallelism', '2', '--wait'];
    const { code, stdout } = await backfill.run(...start);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('is completed') });
    expect((await run.progress()).totals).toMatchObject({ days: 93, done: 93, windows: { started: 3 } });
    expect((await run.started()).sort()).toEqual(
      ['cvs', 'marriott', 'oportun'].map((id) => `${id}-2026-01-01--2026-02-01`),
    );
  });

  it('rerun_failed.sh: backfill retry-failed', async () => {
    const run = runOf('failed', '2026-01-01--2026-01-03');
    const range = ['--start', '2026-01-01', '--end', '2026-01-03'];
    await done('start', clusterOf('failed'), ...range, '--customers', 'broken-a,cvs');
    await run.until(({ status }) => status === 'waitingForOperator');
    const before = await run.listed(4);
    const said = await done('retry-failed', clusterOf('failed'), '--customer', 'broken-a');
    expect(said).toContain('broken-a 2026-01-01 to 2026-01-02 waits again');
    await run.until(({ status, totals }) => status === 'waitingForOperator' && totals.windows.failed === 4);
    expect(await run.listed(6)).toHaveLength(before.length + 2);
    await done('finish', clusterOf('failed'), '--yes');
  });

  it('rerun_single_day.sh: backfill reset-day; rerun_all_days.sh: a parallel start with a limit', async () => {
    const run = runOf('days', '2026-01');
    const start = ['start', clusterOf('days'), '--month', '2026-01', '--customers', 'cvs,oportun,slow-last'];
    await done(...start, '--parallelism', '4', '--per-customer', '2');
    const all = (progress: Progress) => progress.customers.map(({ days }) => days);
    await run.until((progress) =>
      all(progress)
        .slice(0, 2)
        .every((days) => days === 'd'.repeat(31)),
    );
    const quick = (await finishedOnes(run)).filter(({ workflowId }) => !workflowId.includes('slow-last'));
    expect(quick).toHaveLength(62);
    expect(mostAtOnce(await finishedOnes(run))).toBeLessThanOrEqual(4);
    for (const id of ['cvs', 'oportun']) {
      expect(mostAtOnce(quick.filter(({ workflowId }) => workflowId.includes(`-${id}-`)))).toBeLessThanOrEqual(2);
    }
    expect(await done('reset-day', clusterOf('days'), 'cvs', '2026-01-15')).toContain('was done, waits to run again');
    await run.until(({ totals }) => totals.windows.completed === 63);
    const fifteenth = (await finishedOnes(run)).filter(({ workflowId }) => workflowId.endsWith('-cvs-2026-01-15'));
    expect(fifteenth).toHaveLength(2);
    await done('cancel', clusterOf('days'), '--yes');
    await run.failure();
  });

  it('rerun_sequential.py, --status and --reset 15: backfill start, status, reset-day 15', async () => {
    const run = runOf('sequential', '2026-01');
    const cluster = clusterOf('sequential');
    await done('start', cluster, '--month', '2026-01', '--customers', 'cvs,slow-z');
    await run.until(({ customers }) => customers[0]!.days === 'd'.repeat(31) && customers[1]!.days.startsWith('r'));
    const status = await backfill.until(({ stdout }) => stdout.includes('50%'), 'status', cluster);
    expect(status).toMatchObject({ code: 3, stdout: expect.stringMatching(/31 of 62 done, 1 running, 30 waiting/) });
    expect(await done('reset-day', cluster, 'cvs', '15')).toContain('cvs 2026-01-15: was done, waits to run again');
    await run.finish('slow-z', '2026-01-01');
    await run.until(({ totals }) => totals.windows.completed === 33);
    expect(mostAtOnce(await finishedOnes(run))).toBe(1);
    await done('cancel', cluster, '--yes');
    await run.failure();
  });

  it('check_status.py: backfill status, which shows windows that were started by hand as well', async () => {
    const workflowId = `${prefixOf('hand')}-slow-a-2026-01-15`;
    const args = [{ customerId: 'slow-a', startTime: 'by hand', endTime: 'by hand' }];
    const window = await rig.client.workflow.start('reindexconversations', { workflowId, taskQueue: childQueue, args });
    const status = await backfill.until(({ stdout }) => stdout.includes(workflowId), 'status', clusterOf('hand'));
    expect(status.stdout).toMatch(/1 running/);
    await window.signal('finish');
  });

  it('tracking files: backfill import shows first, then starts a run in which their days are done; export gives them back', async () => {
    const cluster = clusterOf('files');
    const [bulk, sequential] = ['backfill_tracking.json', 'sequential_tracking.json'];
    const write = (name: string, json: unknown) => writeFile(join(backfill.folder, name), JSON.stringify(json));
    const other = `${prefixOf('files')}-united-2026-01-01--2026-01-06`;
    await write(bulk, {
      [cluster]: [`${prefixOf('files')}-oportun-2026-01-01--2026-01-06`],
      [clusterOf('jobs')]: [other],
    });
    await write(sequential, {
      cvs: { '2026-01-01': { status: 'completed' }, '2026-01-02': { status: 'completed' }, '2026-01-03': 'running' },
      oportun: { completed: [1, 2, 3], failed: [4] },
    });
    const args = [cluster, bulk, sequential, '--start', '2026-01-01', '--end', '2026-01-06'];
    const shown = await backfill.run('import', ...args);
    expect(shown).toMatchObject({ code: 0, stderr: expect.stringContaining('nothing has started') });
    expect(shown.stdout).toMatch(/oportun +3 +2 +1/);
    expect(shown.stdout).toMatch(/cvs +2 +3 +0/);
    expect((await backfill.run('status', cluster)).code).toBe(7);

    const imported = await backfill.run('import', ...args, '--yes', '--wait');
    expect(imported.code).toBe(0);
    const run = runOf('files', '2026-01-01--2026-01-06');
    expect((await run.started()).sort()).toEqual([
      'cvs-2026-01-03',
      'cvs-2026-01-04',
      'cvs-2026-01-05',
      'oportun-2026-01-04',
      'oportun-2026-01-05',
    ]);
    await backfill.until(({ code }) => code === 0, 'export', cluster, '--out', 'exported.json');
    const exported = JSON.parse(await readFile(join(backfill.folder, 'exported.json'), 'utf8'));
    expect(exported.customers.cvs).toEqual(
      Object.fromEntries([1, 2, 3, 4, 5].map((day) => [`2026-01-0${day}`, 'completed'])),
    );
    const again = await backfill.run('import', cluster, 'exported.json', '--month', '2026-01');
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/cvs +5 +26 +0/) });
  });

  it('tracking files: backfill export has every customer, each day under its own date, however many there are', async () => {
    const decade = { start: '2016-01-01', end: '2026-01-01' };
    const customers = ['slow-a', { id: 'shifted', start: '2016-01-11', end: '2026-01-11' }];
    for (let i = 0; i < 412; i++) customers.push(`customer-${i}`);
    const run = await rig.startBackfill({ customers, ...decade, window: '1mo' }, { prefix: prefixOf('decade') });
    await run.until(({ totals }) => totals.running > 0);
    for (const day of ['2016-01-11', '2026-01-10']) await run.update('skipDay', { customer: 'shifted', day });
    const { customersLeftOut } = await run.progress();
    expect(customersLeftOut!.count).toBeGreaterThan(5);
    const exported = await backfill.run('export', clusterOf('decade'), '--run', run.workflowId);
    expect(exported).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^asking one by one for \d+ customers .*\n$/),
    });
    const days = JSON.parse(exported.stdout).customers as Record<string, Record<string, string>>;
    expect(Object.keys(days)).toHaveLength(414);
    expect(Object.keys(days[customersLeftOut!.ids![0]!]!)).toHaveLength(3_653);
    const shifted = Object.entries(days.shifted!);
    expect([shifted[0], shifted.at(-1)]).toEqual([
      ['2016-01-11', 'skipped'],
      ['2026-01-10', 'skipped'],
    ]);
    await run.handle.terminate();
  });

  it('tracking files: backfill import does nothing at all when one entry of a file is unreadable', async () => {
    await writeFile(join(backfill.folder, 'bad.json'), JSON.stringify({ cvs: { '2026-01-32': 'completed' } }));
    const args = ['import', clusterOf('files'), 'bad.json', '--month', '2026-02', '--yes'];
    const refused = await backfill.run(...args);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/^error: bad\.json: cvs\["2026-01-32"\]: expected a UTC day/);
    expect((await backfill.run('status', clusterOf('files'), '--range', '2026-02')).code).toBe(7);
  });

  it('the cron job: backfill schedule, which skips a night while a run is open', async () => {
    const cluster = clusterOf('nightly');
    const id = `backfillscorecards-${cluster}-nightly`;
    const create = ['schedule', 'create', cluster, '--last-days', '2', '--at', '02:30', '--customers', 'slow-a'];
    expect(await done(...create)).toMatch(/active[\s\S]*the last 2 days at 02:30 UTC/);
    const schedule = rig.client.schedule.getHandle(id);
    await schedule.trigger(ScheduleOverlapPolicy.SKIP);
    const { info } = await until(
      () => schedule.describe(),
      ({ info }) => info.recentActions.length === 1,
    );
    const { workflowId } = info.recentActions[0]!.action.workflow;
    const run = new BackfillHandle(rig.client, workflowId, prefixOf('nightly'));
    const { range, startedAt } = await run.until(({ totals }) => totals.running === 1);
    expect(range.end).toBe(startedAt.slice(0, 10));
    expect(Date.parse(range.end) - Date.parse(range.start)).toBe(2 * 86_400_000);
    await schedule.trigger(ScheduleOverlapPolicy.SKIP);
    await until(
      () => schedule.describe(),
      ({ info }) => info.numActionsSkippedOverlap === 1,
    );
    expect(await done('schedule', 'show', cluster)).toContain('skipped   1, because the previous run was still open');
    expect(await done('schedule', 'pause', cluster, '--reason', 'upgrade')).toMatch(/paused[\s\S]*why +upgrade/);
    expect(await done('schedule', 'pause', cluster)).toMatch(/paused[\s\S]*why +upgrade/);
    expect(await done('schedule', 'create', cluster, '--last-days', '3', '--customers', 'slow-a')).toMatch(
      /paused[\s\S]*the last 3 days at 02:00 UTC/,
    );
    expect(await backfill.run('schedule', 'delete', cluster)).toMatchObject({ code: 2, stdout: '' });
    await done('schedule', 'delete', cluster, '--yes');
    expect(await backfill.run('schedule', 'show', cluster)).toMatchObject({ code: 7, stdout: '' });
    expect((await run.progress()).status).toBe('running');
    await run.handle.cancel();
    await run.failure();
  });
});

/** All executions that have ended, once visibility has caught up with the run. */
async function finishedOnes(run: BackfillHandle): Promise<Execution[]> {
  const { windows } = (await run.progress()).totals;
  const count = windows.completed + windows.failed;
  const ended = (executions: readonly Execution[]) => executions.filter(({ to }) => Number.isFinite(to));
  return ended(
    await until(
      () => run.listed(count),
      (executions) => ended(executions).length >= count,
    ),
  );
}
