import { describe, expect, it } from 'vitest';
import { useRig } from '../support/harness.js';
import { type BackfillHandle, until } from '../support/run.js';

const rig = useRig();

const days = { start: '2026-01-01', end: '2026-01-04' };

const newPrefix = () => `reindexconversations-${crypto.randomUUID().slice(0, 8)}`;

describe.concurrent('a cancelled run', () => {
  it('asks its windows to cancel, awaits them, and closes as Cancelled', async () => {
    const run = await rig.startBackfill({ customers: ['slow-a', 'stubborn-b'], ...days, parallelism: 2 });
    await run.untilStarted(2);
    await run.handle.cancel();
    const cancelling = await run.until(({ status, totals }) => status === 'cancelling' && totals.running === 1);
    expect(cancelling.statusReason).toBe('cancel was requested; waiting for 1 window in flight to end');
    expect((await run.handle.describe()).status.name).toBe('RUNNING');
    await run.finish('stubborn-b', '2026-01-01');
    const failure = await run.failure();
    expect(failure.name).toBe('CancelledFailure');
    expect((await run.handle.describe()).status.name).toBe('CANCELLED');
    expect((await run.child('slow-a', '2026-01-01').describe()).status.name).toBe('CANCELLED');
    expect((await run.child('stubborn-b', '2026-01-01').describe()).status.name).toBe('COMPLETED');
    expect(await run.progress()).toMatchObject({
      status: 'cancelled',
      customers: [{ days: '...' }, { days: 'd..' }],
      totals: { held: 0, failed: 0 },
    });
  });

  it('refuses commands, with a sentence', async () => {
    const run = await rig.startBackfill({ customers: ['stubborn-a'], ...days });
    await run.untilStarted(1);
    await run.handle.cancel();
    await run.until(({ status }) => status === 'cancelling');
    expect(await run.refusal('resetDay', { customer: 'stubborn-a', day: '2026-01-01' })).toBe(
      'resetDay: the run is cancelling',
    );
    await run.signal('pause');
    await run.until(({ rejected }) => rejected.length === 1);
    await run.finish('stubborn-a', '2026-01-01');
    await run.failure();
  });

  it('with nothing in flight closes at once', async () => {
    const run = await rig.startBackfill({ customers: ['broken-a'], ...days });
    await run.until(({ status }) => status === 'waitingForOperator');
    await run.handle.cancel();
    expect((await run.failure()).name).toBe('CancelledFailure');
  });

  it('reaches a window that has continued as new', async () => {
    const run = await rig.startBackfill({ customers: ['renewed-a'], start: '2026-01-01', end: '2026-01-02' });
    const [first] = await run.untilStarted(1);
    await until(
      () => run.child('renewed-a', '2026-01-01').describe(),
      ({ runId }) => runId !== first!.runId,
    );
    await run.handle.cancel();
    expect((await run.failure()).name).toBe('CancelledFailure');
    expect((await run.child('renewed-a', '2026-01-01').describe()).status.name).toBe('CANCELLED');
  });
});

describe.concurrent('a terminated run', () => {
  it('leaves its windows running, and a new start adopts them and completes', async () => {
    const prefix = newPrefix();
    const input = { customers: ['slow-a', 'slow-b'], ...days, end: '2026-01-03', parallelism: 2 };
    const first = await rig.startBackfill(input, { prefix });
    await first.untilStarted(2);
    await first.listed(2);
    await first.handle.terminate('on-call');
    const second = await rig.startBackfill(input, { prefix });
    const progress = await second.until(({ totals }) => totals.running === 2);
    expect(progress.totals.windows).toMatchObject({ started: 0, adopted: 2 });
    expect((await second.effects()).sort()).toEqual([
      `adopted ${prefix}-slow-a-2026-01-01: it was running already`,
      `adopted ${prefix}-slow-b-2026-01-01: it was running already`,
    ]);
    for (const day of ['2026-01-01', '2026-01-02']) {
      await Promise.all([second.finish('slow-a', day), second.finish('slow-b', day)]);
    }
    expect(await second.report()).toMatchObject({
      totals: { done: 4, windows: { started: 2, completed: 4, adopted: 2 } },
    });
    expect(await second.listed(4, 4)).toHaveLength(4);
  });
});

describe.concurrent('a run that an operator resets', () => {
  /** As `temporal workflow reset` does: a new run that replays the history up to a workflow task, and continues from there. */
  async function reset(run: BackfillHandle, which: 'first' | 'latest') {
    const tasks = (await run.events()).filter((event) => event.workflowTaskCompletedEventAttributes);
    await rig.client.workflowService.resetWorkflowExecution({
      namespace: rig.namespace,
      workflowExecution: { workflowId: run.workflowId },
      reason: 'a trial',
      requestId: crypto.randomUUID(),
      workflowTaskFinishEventId: tasks.at(which === 'first' ? 0 : -1)!.eventId!,
    });
  }
  const input = { customers: ['slow-a'], ...days };

  it('to its latest workflow task continues where it was: nothing starts twice', async () => {
    const run = await rig.startBackfill(input);
    await run.finish('slow-a', '2026-01-01');
    await run.untilStarted(2);
    await reset(run, 'latest');
    await run.until(({ customers }) => customers[0]!.days === 'dr.');
    await run.finish('slow-a', '2026-01-02', '2026-01-03');
    expect(await run.report()).toMatchObject({ totals: { done: 3, windows: { failed: 0 } } });
    expect(await run.listed(3)).toHaveLength(3);
  });

  it('to its first one, with resume: true, adopts what runs and counts what is done', async () => {
    const run = await rig.startBackfill({ ...input, resume: true });
    await run.finish('slow-a', '2026-01-01');
    await run.untilStarted(2);
    await run.listed(2, 1);
    await reset(run, 'first');
    await run.until(({ customers, totals }) => customers[0]!.days === 'dr.' && totals.windows.adopted === 1);
    await run.finish('slow-a', '2026-01-02', '2026-01-03');
    expect(await run.report()).toMatchObject({ totals: { done: 3, windows: { started: 1, adopted: 1 } } });
    expect(await run.listed(3)).toHaveLength(3);
  });
});

describe.concurrent('a completed run', () => {
  it('answers every query', async () => {
    const run = await rig.startBackfill({ customers: ['cvs'], ...days });
    await run.report();
    expect(await run.progress()).toMatchObject({
      status: 'completed',
      statusReason: 'every day is done or skipped',
      customers: [{ id: 'cvs', days: 'ddd' }],
      eta: null,
    });
    expect(await run.customer('cvs')).toMatchObject({ totals: { done: 3 }, counts: { completed: 3 } });
    expect((await run.log()).at(-1)).toMatchObject({ effect: 'the run ends: completed' });
  });
});
