/** What people see of real runs: the screen of `watch`, and the report. */
import { describe, expect, inject, it } from 'vitest';
import { placedDays } from '../../src/backfill/views/placed-days.js';
import { type Cluster, openCluster } from '../../src/fleet/index.js';
import { collectRun } from '../../src/presentation/report/collect.js';
import { documentOf } from '../../src/presentation/report/document.js';
import { formatted, REPORT_FORMATS } from '../../src/presentation/report/formats.js';
import { childPrefixOf } from '../../src/runs/run-input.js';
import { ClusterWatch } from '../../src/watch/cluster-watch.js';
import { openWindows, takeSnapshot } from '../../src/watch/run-snapshot.js';
import { useRig } from '../support/harness.js';
import type { BackfillHandle } from '../support/run.js';

const rig = useRig();

const cluster = (): Cluster => ({
  name: 'us-west-2-prod',
  namespace: rig.namespace,
  taskQueue: rig.taskQueue,
  defaults: {},
  connection: { address: inject('address') },
});

const collected = (run: BackfillHandle) =>
  collectRun(rig.client, { cluster: 'us-west-2-prod', workflowId: run.workflowId }, Date.now());

const watchOf = ({ workflowId }: BackfillHandle) =>
  new ClusterWatch({
    name: 'us-west-2-prod',
    open: (signal) => openCluster(cluster(), { environment: {}, signal }),
    findRun: async () => ({ workflowId }),
  });

/** Visibility learns of starts and ends a moment after they happen. */
const PATIENT = { timeout: 30_000 };

const never = new AbortController().signal;

describe('The screen of a real run', () => {
  it('shows progress, windows in flight, and where a customer with a range of its own begins', async () => {
    const run = await rig.startBackfill({
      customers: ['quick', 'slow-cvs', { id: 'slow-early', start: '2025-12-01', end: '2025-12-06' }],
      start: '2026-01-01',
      end: '2026-01-06',
      parallelism: 3,
    });
    await run.until(({ totals }) => totals.done === 5 && totals.running === 2);
    const look = () => takeSnapshot(rig.client, run.workflowId, run.prefix, 10_000);
    await expect
      .poll(async () => (await look()).windows.list.map(({ workflowId }) => workflowId).sort(), PATIENT)
      .toEqual([run.childId('slow-cvs', '2026-01-01'), run.childId('slow-early', '2025-12-01')]);
    const { progress } = await look();
    expect(placedDays(progress)).toContainEqual({ id: 'slow-early', start: '2025-12-01', days: 'r....' });
    const report = await collected(run);
    expect(report.customers).toContainEqual(expect.objectContaining({ id: 'slow-early', start: '2025-12-01' }));
    expect(report.windows.map(({ workflowId }) => workflowId)).toContain(run.childId('slow-early', '2025-12-01'));
    await run.handle.terminate();
  });

  it('knows the prefix of windows after the run continued as new', async () => {
    const run = await rig.startBackfill({
      customers: ['quick', 'slow-cvs'],
      start: '2026-01-01',
      end: '2026-01-21',
      parallelism: 2,
      maxHistoryEvents: 60,
    });
    await run.until(({ totals }) => totals.done === 20);
    const description = await run.handle.describe();
    expect(description.raw.workflowExecutionInfo?.firstRunId).not.toBe(description.runId);
    expect(await childPrefixOf(rig.client, run.workflowId)).toBe(run.prefix);
    await run.handle.terminate();
  });

  it('pauses and resumes the run, and says why a command was refused', async () => {
    const run = await rig.startBackfill({ customers: ['slow-a'], start: '2026-01-01', end: '2026-01-03' });
    await run.until(({ totals }) => totals.running === 1);
    const watch = watchOf(run);
    await watch.refresh(never);
    expect(watch.picture.progress?.status).toBe('running');
    expect(await watch.sendCommand('pause', 'kim', 'update-1')).toContain('us-west-2-prod: ');
    await watch.refresh(never);
    expect(watch.picture.progress?.statusReason).toContain('paused by kim');
    await watch.sendCommand('resume', 'kim', 'update-2');
    await watch.refresh(never);
    expect(watch.picture.progress?.status).toBe('running');
    await run.handle.terminate();
    expect(await watch.sendCommand('pause', 'kim', 'update-3')).toContain('pause failed');
    await watch.close();
  });

  it('says that a run which refused its input answers no queries', async () => {
    const run = await rig.startBackfill({ customers: [], start: 'yesterday' });
    await run.failure();
    const watch = watchOf(run);
    await watch.refresh(never);
    expect(watch.picture.note).toContain('the run answers no queries');
    expect(watch.picture.unreachable).toBeUndefined();
    await watch.close();
  });
});

describe('The report of a real run', () => {
  it('has every window as Temporal recorded it, with the class of each failure', async () => {
    const run = await rig.startBackfill({
      customers: ['quick', 'broken-a', 'shaky-b'],
      start: '2026-01-01',
      end: '2026-01-03',
      parallelism: 3,
      operatorTimeout: '0s',
      retry: { unknown: { backoff: '10ms' } },
    });
    await run.failure();
    await expect
      .poll(async () => (await collected(run)).windows.filter(({ closedAt }) => closedAt).length, PATIENT)
      .toBe(10);
    const report = await collected(run);
    expect(report.windowsTruncated).toBe(false);
    expect(report).toMatchObject({ status: 'waitingForOperator', endedAt: expect.any(String) });
    expect(report.failures).toEqual([
      expect.objectContaining({ class: 'unknown', windows: 4, customers: 1 }),
      expect.objectContaining({ class: 'permanent', windows: 2, customers: 1 }),
    ]);
    expect(report.customers).toContainEqual(
      expect.objectContaining({
        id: 'shaky-b',
        days: 'dd',
        start: '2026-01-01',
        windows: { completed: 2, unsuccessful: 4, busyMs: expect.any(Number) },
      }),
    );
    expect(report.attention).toMatchObject([{ customer: 'broken-a', days: [expect.any(String), expect.any(String)] }]);
    for (const format of REPORT_FORMATS) {
      expect(formatted(documentOf([report], Date.now()), format, 'windows')).toContain('shaky-b');
    }
  });

  it('leaves out windows that ran before the run, and others of the prefix', async () => {
    const input = { customers: ['quick'], start: '2026-01-01', end: '2026-01-03' };
    const first = await rig.startBackfill(input);
    await first.report();
    await first.listed(2, 2);
    const { prefix } = first;
    const other = await rig.startBackfill({ ...input, customers: ['quick-b'] }, { prefix });
    await other.report();
    const second = await rig.startBackfill(input, { prefix });
    await second.report();
    await expect
      .poll(async () => (await collected(second)).windows.filter(({ closedAt }) => closedAt).length, PATIENT)
      .toBe(2);
    const { windows } = await collected(second);
    const recorded = await Promise.all((await second.children()).map(({ runId }) => runId));
    expect(windows.map(({ runId }) => runId).sort()).toEqual(recorded.sort());
  });

  it('can be made while the run is still working', async () => {
    const run = await rig.startBackfill({ customers: ['slow-a'], start: '2026-01-01', end: '2026-01-03' });
    await run.until(({ totals }) => totals.running === 1);
    await expect.poll(async () => (await openWindows(rig.client, run.prefix)).list.length, PATIENT).toBe(1);
    const report = await collected(run);
    expect(report).toMatchObject({
      status: 'running',
      endedAt: null,
      windows: [{ status: 'running', closedAt: null }],
    });
    await run.handle.terminate();
  });
});
