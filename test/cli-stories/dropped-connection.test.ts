import { expect, inject, it } from 'vitest';
import { BackfillCommand } from '../support/backfill.js';
import { useRig } from '../support/harness.js';
import { startProxy } from '../support/proxy.js';
import { daysOf, namesOfThisFile } from './clusters.js';

const { taskQueue, childQueue, prefix, clusterOf } = namesOfThisFile();
const rig = useRig({ taskQueue, childQueue });

it('A command whose connection drops before the answer comes is done once, and answered all the same', async () => {
  const cluster = clusterOf('drops');
  const run = await rig.startBackfill(
    { cluster, customers: ['quick', 'slow-f'], start: '2026-01-01', end: '2026-01-03', parallelism: 2 },
    { workflowId: `backfillscorecards-${cluster}-2026-01`, prefix },
  );
  await run.until((progress) => daysOf(progress) === 'quick dd,slow-f r.');
  const proxy = await startProxy(`tcp://${inject('address')}`);
  const cuts = proxy.cutAnswerTo('resetDay');
  const address = new URL(proxy.url).host;
  const command = await BackfillCommand.create({ fleet: { clusters: { [cluster]: { address } } } });
  try {
    const answered = await command.run('reset-day', 'quick', '1', '--run', run.workflowId);
    expect(answered).toMatchObject({ code: 0, stderr: '' });
    expect(answered.stdout).toContain('quick 2026-01-01: was done, waits to run again');
    expect(cuts()).toBe(1);
    expect((await run.log()).filter(({ what }) => what === 'resetDay')).toHaveLength(1);
  } finally {
    await command.remove();
    proxy.close();
  }
  await run.handle.terminate();
  await run.child('slow-f', '2026-01-01').terminate();
});
