/** What operators see of a run that was paused with `temporal workflow pause`: open, and not ended. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { BackfillCommand } from '../support/backfill.js';
import { useRig } from '../support/harness.js';
import { BackfillHandle, until } from '../support/run.js';
import { needsWorkflowPause, pauseWorkflow, unpauseWorkflow } from '../support/workflow-pause.js';
import { namesOfThisFile } from './clusters.js';

const { taskQueue, childQueue, prefix, clusterOf } = namesOfThisFile();
const [west, chat] = [clusterOf('west'), clusterOf('chat')];
const rig = useRig({ taskQueue, childQueue });
const range = ['--start', '2026-01-01', '--end', '2026-01-03'];

let backfill: BackfillCommand;

beforeAll(async () => {
  const cluster = (customer: string) => ({
    address: inject('address'),
    taskQueue,
    directory: { customers: [customer] },
    defaults: { child: { workflowIdPrefix: `${prefix}-${customer}` } },
  });
  backfill = await BackfillCommand.create({
    fleet: {
      defaults: { child: { taskQueue: childQueue } },
      clusters: { [west]: cluster('slow-a'), [chat]: cluster('slow-b') },
    },
  });
});

afterAll(() => backfill.remove());

describe('A run that was paused with temporal workflow pause', { timeout: 180_000 }, () => {
  const workflowId = `backfillscorecards-${west}-2026-01-01--2026-01-03`;
  const run = () => new BackfillHandle(rig.client, workflowId, `${prefix}-slow-a`);
  const nextStep = `temporal workflow unpause --namespace ingestion --workflow-id ${workflowId}`;

  beforeEach((context) => needsWorkflowPause(rig.client, context));

  it('is not taken for ended: status says who paused it and how to unpause it', async () => {
    await backfill.run('start', west, chat, ...range, '--yes');
    await run().untilStarted(1);
    await pauseWorkflow(rig.client, workflowId);
    const { code, clusters } = await backfill.json('status', west);
    expect(code).toBe(4);
    expect(clusters).toMatchObject([
      { run: { status: 'paused', closedAt: null }, ending: null, problem: { exitCode: 4 } },
    ]);
    const { stdout } = await backfill.run('status', west);
    const words = stdout.replace(/\s+/g, ' ');
    expect(words).toContain("is paused by kim with Temporal's Workflow Pause (maintenance)");
    expect(words).toContain(nextStep);
  });

  it('is not started a second time', async () => {
    const { code, stderr } = await backfill.run('start', west, ...range, '--yes');
    expect(code).toBe(6);
    expect(stderr).toContain(nextStep);
  });

  it('takes no commands, which say so and what to do', async () => {
    const { code, stderr } = await backfill.run('set-parallelism', west, '--max', '2');
    expect(code).toBe(4);
    expect(stderr).toContain(nextStep);
  });

  it('is named as missing in the report of the fleet, with the reason', async () => {
    await new BackfillHandle(rig.client, `backfillscorecards-${chat}-2026-01-01--2026-01-03`, '').until(
      ({ totals }) => totals.running === 1,
    );
    const { code, stdout } = await backfill.run('report', '--format', 'md');
    expect(code).toBe(4);
    expect(stdout).toContain(`## ${chat}`);
    expect(stdout).toContain(`**${west}** is not in this report`);
    expect(stdout).toContain(nextStep);
  });

  it('has a window that was paused as well listed as in flight, and as paused', async () => {
    const other = new BackfillHandle(
      rig.client,
      `backfillscorecards-${chat}-2026-01-01--2026-01-03`,
      `${prefix}-slow-b`,
    );
    await pauseWorkflow(rig.client, other.childId('slow-b', '2026-01-01'));
    const { stdout } = await backfill.run('status', chat);
    expect(stdout).toMatch(/1 window in flight\n.*slow-b.*2026-01-01.*\s+paused/);
    await unpauseWorkflow(rig.client, other.childId('slow-b', '2026-01-01'));
    await other.handle.terminate();
  });

  it('is awaited by cancel --wait until it is unpaused and has ended', async () => {
    const cancel = backfill.start('cancel', west, '--yes', '--wait');
    const lines: string[] = [];
    createInterface({ input: cancel.stderr! }).on('line', (line) => lines.push(line));
    await until(
      async () => lines.join('\n'),
      (said) => said.includes(`${nextStep}; waiting`),
    );
    await unpauseWorkflow(rig.client, workflowId);
    const [code] = (await once(cancel, 'exit')) as [number];
    expect(code, lines.join('\n')).toBe(0);
    expect((await run().handle.describe()).status.name).toBe('CANCELLED');
  });
});
