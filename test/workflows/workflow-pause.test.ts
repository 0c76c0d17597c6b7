import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { useRig } from '../support/harness.js';
import { needsWorkflowPause, pauseWorkflow, unpauseWorkflow } from '../support/workflow-pause.js';

const rig = useRig();

const newPrefix = () => `reindexconversations-${randomUUID().slice(0, 8)}`;

describe.concurrent("Temporal's Workflow Pause", () => {
  it('of a window does not make a run start a second window over its hours', async (context) => {
    await needsWorkflowPause(rig.client, context);
    const prefix = newPrefix();
    const paused = await rig.startByHand(prefix, 'slow-a', '2026-01-02--2026-01-04');
    await pauseWorkflow(rig.client, paused.workflowId);
    const run = await rig.startBackfill({ customers: ['slow-a'], start: '2026-01-01', end: '2026-01-06' }, { prefix });
    const progress = await run.until(({ totals }) => totals.running > 0);
    expect(progress.customers[0]!.days).toBe('.rr..');
    expect(progress.totals.windows).toMatchObject({ started: 0, adopted: 1 });
    await unpauseWorkflow(rig.client, paused.workflowId);
    await run.finish('slow-a', '2026-01-02--2026-01-04', '2026-01-01', '2026-01-04', '2026-01-05');
    expect(await run.report()).toMatchObject({ totals: { done: 5, windows: { started: 3, completed: 4 } } });
  });

  it('of a run loses no end of a window that comes meanwhile, of its own and of one that it adopted', async (context) => {
    await needsWorkflowPause(rig.client, context);
    const prefix = newPrefix();
    await rig.startByHand(prefix, 'slow-b', '2026-01-01');
    const range = { start: '2026-01-01', end: '2026-01-03', parallelism: 2 };
    const run = await rig.startBackfill({ customers: ['slow-a', 'slow-b'], ...range }, { prefix });
    await run.until(({ totals }) => totals.running === 2);
    await run.untilStarted(1);
    await pauseWorkflow(rig.client, run.workflowId);
    await run.finish('slow-a', '2026-01-01');
    await run.finish('slow-b', '2026-01-01');
    await Promise.all(['slow-a', 'slow-b'].map((customer) => run.child(customer, '2026-01-01').result()));
    expect(await run.started()).toEqual(['slow-a-2026-01-01']);
    await unpauseWorkflow(rig.client, run.workflowId);
    await run.until(({ customers }) => customers.every(({ days }) => days === 'dr'));
    await run.finish('slow-a', '2026-01-02');
    await run.finish('slow-b', '2026-01-02');
    expect(await run.report()).toMatchObject({ totals: { done: 4, windows: { failed: 0, adopted: 1 } } });
  });
});
