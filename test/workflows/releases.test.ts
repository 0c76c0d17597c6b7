import type { WorkflowFailedError } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Alteration, OTHER_ORDER } from '../../scripts/dev/altered-build.js';
import { stopAll } from '../../scripts/dev/processes.js';
import { workflowBundle } from '../../src/built.js';
import { useRig } from '../support/harness.js';
import { buildOfRun, isStuck, Release } from '../support/release.js';
import { type BackfillHandle, until } from '../support/run.js';

const rig = useRig();
const CUSTOMERS = 200;
const customers = Array.from({ length: CUSTOMERS }, (_, i) => `slow-${i}`);

/** Takes customers in another order, and cannot read what the release before it hands over. */
const BAD: readonly Alteration[] = [
  OTHER_ORDER,
  ['workflows.bundle.js', 'CARRIED_VERSION = 1', 'CARRIED_VERSION = 2'],
  ['backfill/state/packed.js', 'CARRIED_VERSION = 1', 'CARRIED_VERSION = 2'],
];

describe('A release', { timeout: 180_000 }, () => {
  let first: Release;
  let bad: Release;
  let fixed: Release;
  let run: BackfillHandle;

  /** A run finds out about a new version in its next task, and the server itself is a moment behind. */
  const untilAfterTasks = <T>(ask: () => Promise<T>, wanted: (answer: T) => boolean) =>
    until(async () => {
      await run.signal('setParallelism', { max: CUSTOMERS });
      return ask();
    }, wanted);

  beforeAll(async () => {
    await rig.stopOrchestrator();
    first = await Release.start(rig, 'first');
    await first.makeCurrent();
    run = await rig.startBackfill({ customers, start: '2026-01-01', end: '2026-01-03', parallelism: CUSTOMERS });
    await run.untilStarted(CUSTOMERS);
  });
  afterAll(() => stopAll());

  it('is refused before it is current if it cannot continue a run in flight', async () => {
    bad = await Release.start(rig, 'bad', BAD);
    const { exitCode, output } = await bad.replayGate();
    expect(output).toContain(`✗ ${run.workflowId}  this build cannot continue it: `);
    expect(exitCode).toBe(1);
    const failure = (await bad.gateWorkflow().catch((error) => error)) as WorkflowFailedError;
    expect(failure.cause).toMatchObject({ type: 'ReplayGateRefused' });
    expect(failure.cause!.message).toContain(`this build cannot continue 1 of 1 open runs:\n${run.workflowId}: `);
  });

  it('that was made current all the same loses no window once it is taken back', async () => {
    await bad.makeCurrent();
    await untilAfterTasks(
      () => isStuck(rig.client, run.workflowId),
      (stuck) => stuck,
    );
    expect((await bad.replayGate()).exitCode).toBe(1);
    expect((await first.replayGate()).exitCode).toBe(0);
    await first.makeCurrent();
    await Promise.all(customers.map((customer) => run.finish(customer, '2026-01-01')));
    // The stuck task is tried again after a while, and until then no query is answered.
    await until(
      () => run.progress().catch(() => undefined),
      (progress) => progress?.totals.done === CUSTOMERS && progress.totals.running === CUSTOMERS,
    );
    expect(await buildOfRun(rig.client, run.workflowId)).toBe('first');
  });

  it('that can continue it is let through, and gets the run at its next good moment', async () => {
    fixed = await Release.start(rig, 'fixed');
    const { exitCode, output } = await fixed.replayGate();
    expect(output).toContain(`✓ ${run.workflowId}`);
    expect(exitCode).toBe(0);
    expect(await fixed.gateWorkflow()).toBe('this build can continue all 1 open runs');
    const runsBefore = (await run.histories()).length;
    await fixed.makeCurrent();
    await untilAfterTasks(
      () => buildOfRun(rig.client, run.workflowId),
      (build) => build === 'fixed',
    );
    await run.untilContinued(runsBefore);
    await first.worker.stop();
    await Promise.all(customers.map((customer) => run.finish(customer, '2026-01-02')));
    expect((await run.report()).totals).toMatchObject({
      done: 2 * CUSTOMERS,
      windows: { started: 2 * CUSTOMERS, completed: 2 * CUSTOMERS, adopted: 0 },
    });
    expect(new Set(await run.started()).size).toBe(2 * CUSTOMERS);
    const { workflowId } = run;
    const histories = (await run.histories()).map((events) => ({ workflowId, history: { events } }));
    for await (const { error } of Worker.runReplayHistories({ workflowBundle }, histories))
      expect(error).toBeUndefined();
  });
});
