import { expect, it } from 'vitest';
import { useRig } from '../support/harness.js';
import { decoded, type HistoryEvent, inputsOf } from '../support/history-events.js';
import { type BackfillHandle, mostAtOnce, until } from '../support/run.js';

const rig = useRig();

/** A run that has continued as new twice, with the windows of all but the quick customer `cvs` in flight since the first run. */
async function withWindowsOfAnEarlierRun(slow: string[]): Promise<BackfillHandle> {
  const run = await rig.startBackfill({
    customers: [...slow, { id: 'cvs', end: '2026-01-21' }],
    start: '2026-01-01',
    end: '2026-01-02',
    parallelism: slow.length + 1,
    maxHistoryEvents: 60,
  });
  await run.until(({ customers }) => customers.at(-1)!.days === 'd'.repeat(20));
  await run.untilContinued(2);
  return run;
}

it('Every window runs exactly once, and no more at once than allowed, however often the run continues as new', async () => {
  const run = await rig.startBackfill({
    customers: Array.from({ length: 8 }, (_, i) => `brief-${i}`),
    start: '2026-01-01',
    end: '2026-01-10',
    parallelism: 8,
    maxHistoryEvents: 60,
  });
  const report = await run.report();
  expect(report.totals).toMatchObject({ days: 72, done: 72, windows: { started: 72, completed: 72, adopted: 0 } });
  expect((await run.histories()).length).toBeGreaterThanOrEqual(4);
  const started = await run.started();
  expect(new Set(started).size).toBe(72);
  expect(started).toHaveLength(72);
  const children = await run.listed(72, 72);
  expect(children).toHaveLength(72);
  expect(mostAtOnce(children)).toBe(8);
});

it('Windows in flight are carried over and followed, not drained and not started again', async () => {
  const slow = ['slow-a', 'slow-b', 'slow-c', 'slow-d'];
  const run = await withWindowsOfAnEarlierRun(slow);
  const isFollowed = (events: HistoryEvent[], customer: string) =>
    inputsOf<{ workflowId: string }>(events, 'followWindow').some(
      ({ workflowId }) => workflowId === run.childId(customer, '2026-01-01'),
    );
  await until(
    () => run.histories(),
    ([, ...laterRuns]) => laterRuns.every((events) => slow.every((customer) => isFollowed(events, customer))),
  );
  expect(await run.progress()).toMatchObject({ totals: { running: 4, done: 20 } });
  await Promise.all(slow.map((customer) => run.finish(customer, '2026-01-01')));
  expect(await run.report()).toMatchObject({
    totals: { done: 24, windows: { started: 24, completed: 24, adopted: 0 } },
  });
  expect(await run.listed(24)).toHaveLength(24);
});

it('Signals and Updates that are sent while a run continues as new again and again are neither lost nor done twice', async () => {
  const run = await rig.startBackfill({
    customers: ['slow-a', 'brief-b', 'brief-c'],
    start: '2026-01-01',
    end: '2026-01-02',
    parallelism: 3,
    maxHistoryEvents: 60,
  });
  await run.until(({ totals }) => totals.done > 0);
  // Each command has an effect of its own, which is to be found again: a customer with a day of work.
  const ids: string[] = [];
  const send = async (operator: string) => {
    for (let i = 0; i < 10; i++) {
      const [signalled, updated] = [`brief-signalled-by-${operator}-${i}`, `brief-updated-by-${operator}-${i}`];
      await run.signal('addCustomers', { customers: [signalled] });
      await run.update('addCustomers', { customers: [updated] });
      ids.push(signalled, updated);
    }
  };
  await Promise.all(['ana', 'ben', 'kim'].map(send));
  await run.finish('slow-a', '2026-01-01');
  const report = await run.report();
  expect(report.customers.map(({ id }) => id).sort()).toEqual([...ids, 'brief-b', 'brief-c', 'slow-a'].sort());
  expect(report.totals).toMatchObject({ days: 63, done: 63, windows: { started: 63, completed: 63 } });
  expect((await run.progress()).rejected).toEqual([]);
  expect((await run.log()).filter(({ what }) => what === 'addCustomers')).toHaveLength(60);
  expect((await run.histories()).length).toBeGreaterThanOrEqual(4);
});

it('The memo, the state and the log are still there after a run has continued as new', async () => {
  const run = await rig.startBackfill(
    {
      cluster: 'us-west-2-prod',
      customers: ['cvs', 'slow-b'],
      start: '2026-01-01',
      end: '2026-01-21',
      maxHistoryEvents: 60,
    },
    { memo: { ticket: 'OPS-42', owner: 'ana' } },
  );
  await run.signal('skipDay', { customer: 'slow-b', day: '2026-01-02', by: 'ana' });
  await run.until(({ customers }) => customers[1]!.days.startsWith('rs'));
  await run.untilContinued(2);
  const { memo } = await run.handle.describe();
  expect(memo).toEqual({ ticket: 'OPS-42', owner: 'ana' });
  expect(await run.log()).toContainEqual(expect.objectContaining({ what: 'skipDay', by: 'ana' }));
  expect(await run.progress()).toMatchObject({ cluster: 'us-west-2-prod', customers: [{ days: 'd'.repeat(20) }, {}] });
  // A person who opens the latest run sees what it is, though all that counts is in the second argument.
  const [start] = (await run.histories()).at(-1)!;
  expect(decoded(start?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0])).toEqual({
    cluster: 'us-west-2-prod',
    start: '2026-01-01',
    end: '2026-01-21',
    customers: '2 customers, carried in the second argument',
  });
  await run.update('finish');
  await run.finish('slow-b', '2026-01-01');
  await run.report();
});

it('A cancel reaches windows of an earlier run, and the run closes once they have ended', async () => {
  const run = await withWindowsOfAnEarlierRun(['slow-a', 'stubborn-b']);
  await run.handle.cancel();
  await run.until(({ status, totals }) => status === 'cancelling' && totals.running === 1);
  await run.finish('stubborn-b', '2026-01-01');
  expect((await run.failure()).name).toBe('CancelledFailure');
  expect((await run.child('slow-a', '2026-01-01').describe()).status.name).toBe('CANCELLED');
  expect((await run.child('stubborn-b', '2026-01-01').describe()).status.name).toBe('COMPLETED');
});

it('A window of an earlier run that somebody terminates is held for an operator', async () => {
  const run = await withWindowsOfAnEarlierRun(['slow-a', 'slow-b']);
  await run.child('slow-a', '2026-01-01').terminate('on-call');
  await run.until(({ customers }) => customers[0]!.days === 'h');
  expect((await run.progress()).attention).toMatchObject([{ customer: 'slow-a', class: 'stopped' }]);
  await run.update('finish');
  await run.finish('slow-b', '2026-01-01');
  expect(await run.report()).toMatchObject({ totals: { held: 1, done: 21 } });
});

it('A chain of runs answers queries after its end', async () => {
  const run = await rig.startBackfill({
    customers: ['cvs'],
    start: '2026-01-01',
    end: '2026-01-21',
    maxHistoryEvents: 60,
  });
  await run.report();
  expect((await run.histories()).length).toBeGreaterThan(2);
  expect(await run.progress()).toMatchObject({ status: 'completed', totals: { done: 20, windows: { started: 20 } } });
});
