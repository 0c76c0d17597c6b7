import { describe, expect, it } from 'vitest';
import { useRig } from '../support/harness.js';
import { kindsOf } from '../support/history-events.js';
import { until } from '../support/run.js';

const rig = useRig();

const days = { start: '2026-01-01', end: '2026-01-04' };

const newPrefix = () => `reindexconversations-${crypto.randomUUID().slice(0, 8)}`;

describe.concurrent('a window that is already running', () => {
  it('started by hand after the run has looked is adopted when its turn comes', async () => {
    const run = await rig.startBackfill({ customers: ['slow-a'], ...days, end: '2026-01-03' });
    await run.untilStarted(1);
    await rig.startByHand(run.prefix, 'slow-a', '2026-01-02');
    await run.finish('slow-a', '2026-01-01');
    const progress = await run.until(({ totals }) => totals.windows.adopted === 1);
    expect(progress.customers[0]!.days).toBe('dr');
    expect((await run.customer('slow-a')).windows[0]).toMatchObject({ state: 'running', adopted: true });
    await run.finish('slow-a', '2026-01-02');
    expect(await run.report()).toMatchObject({
      totals: { done: 2, windows: { started: 1, completed: 2, adopted: 1 } },
    });
    expect(kindsOf(await run.events())).toContain('startChildWorkflowExecutionFailed');
    expect(await run.listed(2)).toHaveLength(2);
  });

  it('with another size over the same hours is waited for, and its hours count', async () => {
    const prefix = newPrefix();
    await rig.startByHand(prefix, 'slow-a', '2026-01-02--2026-01-04');
    const run = await rig.startBackfill({ customers: ['slow-a'], start: '2026-01-01', end: '2026-01-06' }, { prefix });
    // One customer, one window at a time: nothing else starts meanwhile.
    await run.until(({ customers }) => customers[0]!.days === '.rr..');
    await run.finish('slow-a', '2026-01-02--2026-01-04', '2026-01-01', '2026-01-04', '2026-01-05');
    expect(await run.report()).toMatchObject({
      totals: { done: 5, windows: { started: 3, completed: 4, adopted: 1 } },
    });
    expect((await run.started()).sort()).toEqual(['slow-a-2026-01-01', 'slow-a-2026-01-04', 'slow-a-2026-01-05']);
  });

  it('of a customer that is added later is waited for as well', async () => {
    const prefix = newPrefix();
    await rig.startByHand(prefix, 'slow-b', '2026-01-01--2026-01-03');
    await rig.startByHand(prefix, 'slow-b-2', '2026-01-01');
    const run = await rig.startBackfill({ customers: ['slow-a'], ...days, parallelism: 2 }, { prefix });
    await run.update('addCustomers', { customers: ['slow-b'] });
    await run.until(({ customers }) => customers[1]?.days === 'rr.');
    await run.finish('slow-b', '2026-01-01--2026-01-03', '2026-01-03');
    await run.finish('slow-a', '2026-01-01', '2026-01-02', '2026-01-03');
    expect(await run.report()).toMatchObject({ totals: { done: 6, windows: { adopted: 1, started: 4 } } });
    await run.finish('slow-b-2', '2026-01-01');
  });

  it('and reaches over the range counts for what it has of it', async () => {
    const prefix = newPrefix();
    await rig.startByHand(prefix, 'slow-a', '2025-12-30--2026-01-02');
    const run = await rig.startBackfill({ customers: ['slow-a'], ...days }, { prefix });
    await run.until(({ customers }) => customers[0]!.days === 'r..');
    await run.finish('slow-a', '2025-12-30--2026-01-02', '2026-01-02', '2026-01-03');
    expect(await run.report()).toMatchObject({ totals: { done: 3 } });
  });

  it('for another customer whose id begins alike is left alone', async () => {
    const prefix = newPrefix();
    await rig.startByHand(prefix, 'slow-a-2', '2026-01-01');
    const run = await rig.startBackfill({ customers: ['slow-a'], start: '2026-01-01', end: '2026-01-02' }, { prefix });
    await run.finish('slow-a', '2026-01-01');
    expect(await run.report()).toMatchObject({ totals: { windows: { started: 1, adopted: 0 } } });
    await run.finish('slow-a-2', '2026-01-01');
  });

  it('and was adopted is asked to cancel when the run is cancelled', async () => {
    const prefix = newPrefix();
    const window = await rig.startByHand(prefix, 'slow-a', '2026-01-01');
    const run = await rig.startBackfill({ customers: ['slow-a'], ...days }, { prefix });
    await run.until(({ totals }) => totals.windows.adopted === 1);
    await run.handle.cancel();
    await run.failure();
    expect((await window.describe()).status.name).toBe('CANCELLED');
  });

  it('and fails after it was adopted is tried again like any other', async () => {
    const prefix = newPrefix();
    const window = await rig.startByHand(prefix, 'slow-a', '2026-01-01');
    const run = await rig.startBackfill({ customers: ['slow-a'], ...days, end: '2026-01-02' }, { prefix });
    await run.until(({ totals }) => totals.windows.adopted === 1);
    await window.terminate('enough');
    await run.until(({ totals }) => totals.held === 1);
    await run.update('resume');
    await run.finish('slow-a', '2026-01-01');
    expect(await run.report()).toMatchObject({ totals: { done: 1 } });
  });
});

describe.concurrent('resume: true', () => {
  const input = { customers: ['slow-a'], start: '2026-01-01', end: '2026-01-05' };

  it('counts days whose windows have completed as done, also when the earlier run was deleted', async () => {
    const prefix = newPrefix();
    const first = await rig.startBackfill(input, { prefix });
    await first.finish('slow-a', '2026-01-01', '2026-01-02');
    await first.untilStarted(3);
    await first.handle.cancel();
    await first.failure();
    const { runId } = await first.handle.describe();
    await rig.client.workflowService.deleteWorkflowExecution({
      namespace: rig.namespace,
      workflowExecution: { workflowId: first.workflowId, runId },
    });
    await until(
      () =>
        first.handle.describe().then(
          () => false,
          () => true,
        ),
      (gone) => gone,
    );
    await first.listed(3, 2);
    const second = await rig.startBackfill({ ...input, resume: true }, { prefix });
    expect((await second.until(({ totals }) => totals.running === 1)).customers[0]!.days).toBe('ddr.');
    expect((await second.log())[0]!.effect).toBe('resumed: 2 days count as done, by windows that completed before');
    await second.finish('slow-a', '2026-01-03', '2026-01-04');
    expect(await second.report()).toMatchObject({ totals: { done: 4, windows: { started: 2 } } });
  });

  it('counts completed windows of customers that are added later, and of no others', async () => {
    const prefix = newPrefix();
    const first = await rig.startBackfill({ customers: ['slow-b', 'cvs'], ...days, parallelism: 2 }, { prefix });
    await first.finish('slow-b', '2026-01-01', '2026-01-02', '2026-01-03');
    await first.report();
    await first.listed(6, 6);
    const second = await rig.startBackfill(
      { customers: ['slow-a'], ...days, parallelism: 2, resume: true },
      { prefix },
    );
    await second.update('addCustomers', { customers: [{ id: 'slow-b', end: '2026-01-05' }] });
    await second.until(({ customers }) => customers[1]?.days === 'dddr');
    expect((await second.log()).at(-1)!.effect).toBe('resumed: 3 days count as done, by windows that completed before');
    await second.finish('slow-a', '2026-01-01', '2026-01-02', '2026-01-03');
    await second.finish('slow-b', '2026-01-04');
    expect(await second.report()).toMatchObject({ totals: { done: 7, windows: { started: 4 } } });
  });

  it('counts windows of any size, and completes at once when nothing is left', async () => {
    const prefix = newPrefix();
    const month = await rig.startBackfill({ customers: ['cvs'], ...days, window: '1mo' }, { prefix });
    await month.report();
    await month.listed(1, 1);
    const second = await rig.startBackfill({ customers: ['cvs'], ...days, resume: true }, { prefix });
    expect(await second.report()).toMatchObject({ totals: { done: 3, windows: { started: 0 } } });
  });

  it('left out runs everything again', async () => {
    const prefix = newPrefix();
    await (await rig.startBackfill({ customers: ['cvs'], ...days }, { prefix })).report();
    const second = await rig.startBackfill({ customers: ['cvs'], ...days }, { prefix });
    expect(await second.report()).toMatchObject({ totals: { done: 3, windows: { started: 3, adopted: 0 } } });
  });
});
