/** Two clusters whose runs are in one namespace, the name of one the beginning of the other's. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { BackfillCommand } from '../support/backfill.js';
import { useRig } from '../support/harness.js';
import { type BackfillHandle, until } from '../support/run.js';

const east = `us-east-${randomUUID().slice(0, 8)}`;
const prod = `${east}-prod`;
const taskQueue = `backfill-${east}`;
const rig = useRig({ taskQueue });
let backfill: BackfillCommand;

beforeAll(async () => {
  const cluster = { address: inject('address'), taskQueue };
  backfill = await BackfillCommand.create({ fleet: { clusters: { [east]: cluster, [prod]: cluster } } });
});
afterAll(() => backfill.remove());

interface Found {
  run: { workflowId: string } | null;
}

/** The workflow id of the run that a command for the cluster would mean. */
async function runOf(cluster: string): Promise<string | undefined> {
  const { clusters } = await backfill.json<Found>('status', cluster);
  return clusters[0]!.run?.workflowId;
}

it.each([
  ['the run of a month', '2026-01', {}],
  ['a run of the schedule', 'nightly-2026-01-04T02:00:00Z', {}],
  ['a run that an operator named', 'again', { cluster: prod }],
])(
  'A pause of the cluster us-east does not reach %s of us-east-prod',
  async (_, name, label) => {
    const workflowId = `backfillscorecards-${prod}-${name}`;
    const days = { start: '2026-01-01', end: '2026-01-04' };
    const run: BackfillHandle = await rig.startBackfill({ customers: ['slow-a'], ...days, ...label }, { workflowId });
    await until(
      () => runOf(prod),
      (id) => id === workflowId,
    );
    expect(await runOf(east)).toBeUndefined();
    expect(await backfill.run('pause', east)).toMatchObject({ code: 7, stderr: expect.stringContaining('no run') });
    expect((await run.progress()).status).toBe('running');
    expect(await backfill.run('pause', prod)).toMatchObject({ code: 0 });
    expect((await run.progress()).status).toBe('pausing');
    await run.update('finish');
    await run.finish('slow-a', '2026-01-01');
    await run.report();
  },
  120_000,
);
