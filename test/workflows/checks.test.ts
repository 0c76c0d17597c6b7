import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { stopAll } from '../../scripts/dev/processes.js';
import type { CheckQuery } from '../../src/activities/contract.js';
import { useRig } from '../support/harness.js';
import { type Holes, startHoles } from '../support/holes.js';
import { type BackfillHandle, until } from '../support/run.js';

/** What the orchestrator's worker sees. */
const environment: NodeJS.ProcessEnv = {};
const rig = useRig({ environment });

let holes: Holes;
beforeAll(async () => {
  holes = await startHoles();
  Object.assign(environment, holes.settings);
});
afterEach(() => holes.letGo());
afterAll(async () => {
  await holes?.close();
  await stopAll();
});

const days = (count: number) => ({ start: '2026-01-01', end: `2026-01-${String(count + 1).padStart(2, '0')}` });

/** How many windows each check looked at, in their order; the first looks at none. */
const checksIn = async (run: BackfillHandle) =>
  (await run.inputsOf<CheckQuery>('checkWindows')).map(({ windows }) => windows.length);

/** How many customer-days its checks have answered for, as its log says. */
const verifiedDays = async (run: BackfillHandle) =>
  (await run.log()).reduce((sum, { effect }) => sum + Number(/^verified (\d+) day/.exec(effect)?.[1] ?? 0), 0);

/** Ends the run's one window, and holds its check up. */
async function heldUp(run: BackfillHandle): Promise<void> {
  await run.until(({ totals }) => totals.windows.started === 1);
  await holes.hold();
  await run.finish('slow-a', '2026-01-01');
  await until(
    () => holes.held(),
    (held) => held > 0,
  );
}

it('Checks add hardly anything to the history: two hundred windows need a few', async () => {
  const fleet = { customers: Array.from({ length: 10 }, (_, i) => `cvs-${i}`), ...days(20), parallelism: 10 };
  const on = await rig.startBackfill({ ...fleet, verify: 'report' });
  const { proof } = await on.report();
  expect(proof.totals).toEqual({ rows: 200, days: 200, verifiedDays: 200, conversations: 20_000, scorecards: 20_000 });
  const checks = await checksIn(on);
  expect(checks.reduce((sum, windows) => sum + windows)).toBe(200);
  expect(checks.length).toBeLessThanOrEqual(5);
  // Each check is three events of its own and a workflow task; how others are shared differs from run to run.
  expect((checks.length * 6) / 200).toBeLessThan(0.2);
});

it('Windows that wait for their check are carried over when the run continues as new, and each is checked once', async () => {
  const customers = Array.from({ length: 8 }, (_, i) => `brief-${i}`);
  await holes.plant('brief-3', '2026-01-04');
  const run = await rig.startBackfill({
    customers,
    ...days(9),
    parallelism: 8,
    maxHistoryEvents: 60,
    verify: { mode: 'repair', repairs: 1 },
  });
  await run.until(({ status }) => status === 'waitingForOperator');
  expect((await run.histories()).length).toBeGreaterThanOrEqual(4);
  expect(await run.progress()).toMatchObject({
    totals: { done: 71, failed: 1, windows: { started: 73, completed: 73 } },
    attention: [
      { customer: 'brief-3', message: '12 of 100 conversations still have no current scorecard after 1 repair' },
    ],
  });
  expect(await verifiedDays(run)).toBe(73);
  await holes.repair('brief-3', '2026-01-04');
  await run.update('retryFailed');
  const { proof, attention } = await run.report();
  expect(attention).toEqual([]);
  expect(proof.totals).toMatchObject({ rows: 72, days: 72, verifiedDays: 72 });
  expect(proof.rows.find(([customer, day]) => customer === 'brief-3' && day === '2026-01-04')).toMatchObject({
    6: 1,
    7: true,
  });
});

it('A check under way when the run continues as new is begun again by the next run', async () => {
  const run = await rig.startBackfill({ customers: ['slow-a'], ...days(1), maxHistoryEvents: 60, verify: 'report' });
  await heldUp(run);
  for (let i = 0; (await run.histories()).length < 2; i++) await run.signal('setParallelism', { max: 2 + (i % 2) });
  await run.until(({ statusReason }) => statusReason === 'verifying 1 day');
  await until(
    () => checksIn(run),
    (checks) => checks.length === 3,
  );
  await holes.letGo();
  expect((await run.report()).proof.totals).toMatchObject({ days: 1, verifiedDays: 1 });
  expect(await checksIn(run)).toEqual([0, 1, 1]);
});

it('A check whose worker went away is made by the next worker', async () => {
  const run = await rig.startBackfill({ customers: ['slow-a'], ...days(1), verify: 'repair' });
  await heldUp(run);
  expect(await run.progress()).toMatchObject({ statusReason: 'verifying 1 day', totals: { verifying: 1, done: 0 } });
  await rig.stopOrchestrator();
  await holes.letGo();
  await rig.startOrchestrator();
  expect((await run.report()).proof.totals).toMatchObject({ days: 1, verifiedDays: 1 });
  expect(await checksIn(run)).toEqual([0, 1]);
});

it('A cancel, and finish, do not wait for a check', async () => {
  for (const end of ['cancel', 'finish']) {
    const run = await rig.startBackfill({ customers: ['slow-a'], ...days(1), verify: 'repair' });
    await heldUp(run);
    if (end === 'cancel') {
      await run.handle.cancel();
      await run.failure();
    } else {
      await run.update('finish');
      await run.report();
    }
    expect(await run.progress()).toMatchObject({ totals: { done: 1, verifying: 0 } });
    expect((await run.proof('slow-a')).totals).toMatchObject({ days: 1, verifiedDays: 0 });
    await holes.letGo();
  }
});

it('The proof of a customer can be asked for while the run is open', async () => {
  const run = await rig.startBackfill({ customers: ['cvs', 'slow-b'], ...days(2), parallelism: 2 });
  await run.until(({ customers }) => customers[0]!.days === 'dd');
  const proof = await run.proof('cvs');
  expect(proof.rows.map(([customer, day]) => [customer, day])).toEqual([
    ['cvs', '2026-01-01'],
    ['cvs', '2026-01-02'],
  ]);
  expect(proof.digest).toMatch(/^[0-9a-f]{64}$/);
  await run.update('finish');
  await run.finish('slow-b', '2026-01-01');
  await run.report();
});
