/** The `backfill` command as built, in pipes, against a real server: one run, and all that an operator does to it. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Plan } from '../../src/backfill/views/plan.js';
import { BackfillCommand } from '../support/backfill.js';
import { useRig } from '../support/harness.js';
import { BackfillHandle, until } from '../support/run.js';
import { daysOf, expectPlainAndNarrow, MANY_CALLS_MS, namesOfThisFile, type StatusFields } from './clusters.js';

const { taskQueue, childQueue, prefix, clusterOf } = namesOfThisFile();
const west = clusterOf('west');
const range = ['--start', '2026-01-01', '--end', '2026-01-05'];
const rig = useRig({ taskQueue, childQueue });
let backfill: BackfillCommand;
let run: BackfillHandle;

beforeAll(async () => {
  run = new BackfillHandle(rig.client, `backfillscorecards-${west}-2026-01-01--2026-01-05`, prefix);
  backfill = await BackfillCommand.create({
    fleet: {
      clusters: {
        [west]: {
          address: inject('address'),
          taskQueue,
          directory: { customers: [{ id: 'quick', conversations: 300 }, 'slow-b'] },
          defaults: { child: { taskQueue: childQueue, workflowIdPrefix: prefix } },
        },
      },
    },
  });
});
afterAll(() => backfill.remove());

const status = (...args: string[]) => backfill.json<StatusFields>('status', ...args);

describe('A run on the command line', { timeout: MANY_CALLS_MS }, () => {
  it('is planned first: plan shows the windows of each customer, and leaves no run behind', async () => {
    const planned = await backfill.run('plan', west, ...range, '--parallelism', '2');
    expect(planned).toMatchObject({ code: 0, stderr: '' });
    expect(planned.stdout).toMatch(/8 for 2 customers, at most 2 at once/);
    expect(planned.stdout).toMatch(/quick +4 +1d +300 /);
    expectPlainAndNarrow(planned);
    const { clusters } = await backfill.json<{ plan: Plan }>('start', west, ...range, '--window', '2d', '--dry-run');
    expect(clusters[0]!.plan).toMatchObject({ dryRun: true, cluster: west, totals: { windows: 4 } });
    expect(await status(west)).toMatchObject({ code: 7, clusters: [{ run: null, progress: null }] });
  });

  it('is started with the customers and volumes of the fleet file; a second start is refused with its progress', async () => {
    const started = await backfill.run('start', west, ...range, '--parallelism', '2');
    expect(started).toMatchObject({ code: 0, stderr: '' });
    expect(started.stdout).toContain(`${run.workflowId} started`);
    await run.until((progress) => daysOf(progress) === 'quick dddd,slow-b r...');
    expect(await run.customer('quick')).toMatchObject({ conversations: 300 });
    const again = await backfill.run('start', west, ...range);
    expect(again).toMatchObject({ code: 6, stdout: '' });
    expect(again.stderr).toContain(`${run.workflowId} is already running (running, 50% done), since 20`);
  });

  it('is shown by status and customers, in 80 columns and without colour codes', async () => {
    const found = await until(
      () => status(west),
      ({ clusters: [cluster] }) => cluster!.run !== null,
    );
    expect(found).toMatchObject({ code: 3, clusters: [{ run: { workflowId: run.workflowId, status: 'running' } }] });
    expect(daysOf(found.clusters[0]!.progress)).toBe('quick dddd,slow-b r...');
    const [shown, customers, one] = await Promise.all([
      backfill.run('status', west),
      backfill.run('customers', west),
      backfill.run('customers', west, '--customer', 'slow-b'),
    ]);
    expect(shown).toMatchObject({ code: 3, stderr: '' });
    expect(shown.stdout).toMatch(/running +50%[\s\S]*why +1 window in flight/);
    expect(shown.stdout).toMatch(/slow-b +r\.\.\./);
    expect(customers.stdout).toMatch(/quick +dddd/);
    expect(one.stdout).toMatch(/2026-01-01 +running +1/);
    for (const answered of [shown, customers, one]) {
      expect(answered.stdout).not.toBe('');
      expectPlainAndNarrow(answered);
    }
  });

  it('does what commands ask, and logs who asked', async () => {
    const say = async (...args: string[]) => {
      const { code, stdout, stderr } = await backfill.run(...args, '--by', 'ana');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return stdout;
    };
    expect(await say('pause', west, '--reason', 'lunch')).toMatch(/1 window in flight will finish \(pausing\)/);
    await run.finish('slow-b', '2026-01-01');
    await run.until(({ status }) => status === 'paused');
    expect(await say('reset-day', west, 'quick', '2')).toContain('quick 2026-01-02: was done, waits to run again');
    expect(await say('skip-day', west, 'slow-b', '2026-01-04')).toContain('is skipped');
    expect(await say('set-parallelism', west, '--max', '3', '--per-customer', '2')).toContain('max 2 → 3');
    expect(await say('add', west, 'quick-z', '--end', '2026-01-03')).toContain('added quick-z');
    expect(await say('remove', west, 'quick-z', '--yes')).toContain('removed quick-z');
    expect(await say('retry-failed', west)).toContain('no failed days');
    expect(daysOf(await run.progress())).toBe('quick d.dd,slow-b d..s,quick-z ss');
    expect(await say('resume', west)).toContain('the run continues (running)');
    await run.until((progress) => daysOf(progress) === 'quick dddd,slow-b drrs,quick-z ss');
    const log = await backfill.run('log', west, '--limit', '200');
    for (const what of ['pause', 'resetDay', 'skipDay', 'setParallelism', 'addCustomers', 'removeCustomer', 'resume']) {
      expect(log.stdout).toContain(`${what} by ana: `);
    }
    const latest = await backfill.json<{ log: unknown[] }>('log', west, '--limit', '2');
    expect(latest.clusters[0]!.log).toHaveLength(2);
  });

  it('is not sent what cannot be meant; what it refuses comes back in its own words', async () => {
    const before = await run.log();
    const refused = await Promise.all([
      backfill.run('pause', west, '--customer', 'slow-d'),
      backfill.run('reset-day', west, 'quick', '2026-02-02'),
      backfill.run('add', west, 'late', 'later', '--start', '2026-03-01'),
      backfill.run('add', west, 'new one'),
      backfill.run('add', west, 'new', '--start', '2026-01-04', '--end', '2026-01-02'),
    ]);
    for (const answered of refused) expect(answered).toMatchObject({ code: 2, stdout: '' });
    const [misspelt, outside, late, nameless] = refused.map(({ stderr }) => stderr);
    expect(misspelt).toContain(`has no customer "slow-d"; did you mean slow-b?`);
    expect(outside).toBe(`${west}: 2026-02-02 is outside quick's range, 2026-01-01 to 2026-01-04\n`);
    expect(late).toBe(
      `${west}: --start: expected an end after the start, 2026-03-01; the end is exclusive, got "2026-01-05"\n`,
    );
    expect(nameless).toMatch(/^west\S+: customer: expected an id of 1 to 200 letters.*got "new one"\n$/);
    const unsure = await Promise.all([
      backfill.run('remove', west, 'quick'),
      backfill.run('finish', west),
      backfill.run('cancel', west),
      backfill.run('cancel', west, '--windows'),
    ]);
    for (const answered of unsure) {
      expect(answered).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('add --yes') });
    }
    const json = await backfill.json<{ problem: object }>('add', west, 'quick');
    expect(json).toMatchObject({ code: 6, clusters: [{ cluster: west, problem: { exitCode: 6 } }] });
    expect(await run.log()).toEqual(before);
    expect((await run.progress()).status).toBe('running');
  });

  it('outlives cancel --windows, which asks only its windows; finish --wait ends it with the rest undone', async () => {
    const cancelled = await backfill.run('cancel', west, '--windows', '--customer', 'slow-b', '--yes');
    expect(cancelled).toMatchObject({ code: 0 });
    expect(cancelled.stdout).toContain('asked 2 windows to cancel');
    await run.until((progress) => daysOf(progress)!.startsWith('quick dddd,slow-b d..s'));
    const finished = await backfill.run('finish', west, '--yes', '--wait');
    expect(finished).toMatchObject({ code: 0 });
    expect(finished.stdout).toContain('(completed)');
    const late = await backfill.run('pause', west, '--run', run.workflowId);
    expect(late).toMatchObject({ code: 7, stdout: '' });
    expect(late.stderr).toMatch(/no open run: .* is completed/);
    expect(await status(west)).toMatchObject({ code: 4, clusters: [{ run: { status: 'completed' }, ending: null }] });
  });

  it('is not repeated by mistake: the same range asks first, --resume does the rest, and --wait sees it done', async () => {
    const unsure = await backfill.run('start', west, ...range);
    expect(unsure).toMatchObject({ code: 2, stdout: '' });
    expect(unsure.stderr).toMatch(/ran before \(completed 20.*without --resume everything runs again/);
    const waiting = backfill.run('start', west, ...range, '--resume', '--exclude', 'slow-b', '--wait');
    expect(await waiting).toMatchObject({ code: 0 });
    expect((await waiting).stdout).toContain(`${run.workflowId} is completed`);
    const { totals } = await run.progress();
    expect(totals).toMatchObject({ days: 4, done: 4, windows: { started: 0 } });
    expect(
      await until(
        () => status(west),
        ({ code }) => code === 0,
      ),
    ).toMatchObject({ code: 0 });
  });
});

it('Without a fleet file the one cluster is that of TEMPORAL_ADDRESS', async () => {
  const alone = await BackfillCommand.create({ environment: { TEMPORAL_ADDRESS: inject('address') } });
  try {
    const found = await alone.run('status', '--run', run.workflowId);
    expect(found).toMatchObject({ code: 0, stderr: '' });
    expect(found.stdout).toMatch(/^default +completed +100%/);
  } finally {
    await alone.remove();
  }
});
