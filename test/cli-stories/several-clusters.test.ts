/** The `backfill` command as built, for a fleet: two clusters on the shared server, a third on its own. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTemporalServer, type TemporalServer } from '../../scripts/dev/temporal-server.js';
import { BackfillCommand } from '../support/backfill.js';
import { useRig } from '../support/harness.js';
import { BackfillHandle, until } from '../support/run.js';
import { expectPlainAndNarrow, MANY_CALLS_MS, namesOfThisFile, type StatusFields } from './clusters.js';

const { taskQueue, childQueue, prefix, clusterOf } = namesOfThisFile();
const [west, chat, lonely] = ['west', 'chat', 'lonely'].map(clusterOf) as [string, string, string];
const rig = useRig({ taskQueue, childQueue });
let backfill: BackfillCommand;
let second: TemporalServer;

beforeAll(async () => {
  second = await startTemporalServer({ namespace: 'ingestion' });
  const cluster = (customers: string[], workflowIdPrefix: string) => ({
    address: inject('address'),
    taskQueue,
    directory: { customers },
    // The days of broken-d that fail before it is paused are too few to open this breaker.
    defaults: { child: { taskQueue: childQueue, workflowIdPrefix }, breaker: { windows: 100 } },
  });
  backfill = await BackfillCommand.create({
    fleet: {
      clusters: {
        [west]: cluster(['quick'], prefix),
        [chat]: cluster(['slow-c', 'broken-d'], `${prefix}-chat`),
        [lonely]: { address: second.address },
      },
    },
  });
});
afterAll(async () => {
  await backfill.remove();
  await second.stop();
});

const runOf = (range: string) =>
  new BackfillHandle(rig.client, `backfillscorecards-${chat}-${range}`, `${prefix}-chat`);

const status = (...args: string[]) => backfill.json<StatusFields>('status', ...args);

describe('A fleet on the command line', { timeout: MANY_CALLS_MS }, () => {
  let run: BackfillHandle;
  beforeAll(() => {
    run = runOf('2026-01');
  });
  const lonelyRun = `backfillscorecards-${lonely}-2026-01`;

  it('shows failed days in status, with the next step, and in its exit code', async () => {
    const started = await backfill.run('start', chat, '--month', '2026-01', '--parallelism', '2');
    expect(started).toMatchObject({ code: 0 });
    await run.until(({ totals }) => totals.failed > 0);
    await backfill.run('pause', chat, '--customer', 'broken-d');
    const shown = await backfill.until(({ stdout }) => stdout.includes('broken-d'), 'status', chat);
    expect(shown.code).toBe(4);
    expect(shown.stdout).toMatch(/! broken-d 2026-01-01\b.* permanent: no such customer/);
    expectPlainAndNarrow(shown);
  });

  it('says at once which cluster has no worker that polls; its run waits', async () => {
    const planned = await backfill.run('plan', lonely, '--month', '2026-01', '--customers', 'acme');
    expect(planned).toMatchObject({ code: 5, stdout: '' });
    expect(planned.stderr).toContain('no worker polls task queue backfill-scorecards');
    const started = await backfill.run('start', lonely, '--month', '2026-01', '--customers', 'acme');
    expect(started).toMatchObject({ code: 0, stderr: expect.stringContaining('no worker polls') });
    await backfill.until(({ stdout }) => stdout.includes(`${lonelyRun} does not answer;`), 'status', lonely);
    const paused = await backfill.run('pause', lonely);
    expect(paused).toMatchObject({ code: 5, stdout: '' });
    expect(paused.stderr).toContain(`backfill doctor ${lonely}`);
  });

  it('is shown without the cluster that is unreachable, which hides none of the others', async () => {
    expect(await backfill.run('start', west, '--month', '2026-01', '--wait')).toMatchObject({ code: 0 });
    await second.kill();
    const all = await until(
      () => status(),
      ({ clusters: [cluster] }) => cluster!.run?.status === 'completed',
    );
    expect(all.code).toBe(5);
    expect(all.clusters).toMatchObject([
      { cluster: west, run: { status: 'completed' }, progress: { status: 'completed' } },
      { cluster: chat, run: { workflowId: run.workflowId }, progress: { status: 'running' } },
      { cluster: lonely, problem: { exitCode: 5 } },
    ]);
    expect(all.stderr).toContain(`${lonely} is unreachable`);
    const table = await backfill.run('status');
    expect(table.code).toBe(5);
    expect(table.stdout).toContain(run.workflowId);
    expectPlainAndNarrow(table);
    const sent = await backfill.json<{ did?: string }>('set-parallelism', '--all', '--max', '1');
    expect(sent.code).toBe(5);
    expect(sent.clusters).toMatchObject([
      { cluster: west, problem: { exitCode: 7 } },
      { cluster: chat, did: expect.stringContaining('max 2 → 1') },
      { cluster: lonely, problem: { exitCode: 5 } },
    ]);
  });

  it('asks which of several open runs is meant: by its range, or its workflow ID', async () => {
    const another = runOf('2026-02');
    const start = ['start', chat, '--month', '2026-02', '--customers', 'slow-c'];
    const unsure = await backfill.run(...start);
    expect(unsure).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`${run.workflowId} is also open on ${chat}`),
    });
    expect(await backfill.run(...start, '--yes')).toMatchObject({ code: 0 });
    await another.until(({ totals }) => totals.running === 1);
    const which = await backfill.until(({ code }) => code === 2, 'pause', chat);
    expect(which.stderr).toMatch(/2 open runs: .*; choose one with --run/);
    expect(await backfill.run('pause', chat, '--range', '2026-02', '--reason', 'one')).toMatchObject({ code: 0 });
    expect((await another.progress()).status).toBe('pausing');
    expect(await backfill.run('cancel', chat, '--run', another.workflowId, '--yes', '--wait')).toMatchObject({
      code: 0,
    });
    expect((await another.progress()).status).toBe('cancelled');
    expect(await status(chat, '--range', '2026-02')).toMatchObject({
      code: 4,
      clusters: [{ run: { status: 'cancelled' }, ending: expect.stringMatching(/^cancelled 20/) }],
    });
    expect(await backfill.run('status', chat, '--range', '2026-03')).toMatchObject({ code: 7 });
    expect(await backfill.run('status', chat, '--run', 'nobody')).toMatchObject({ code: 7 });
  });

  it('includes windows that were started by hand, with a run and without', async () => {
    const start = (child: string, day: string) =>
      rig.client.workflow.start('reindexconversations', {
        taskQueue: childQueue,
        workflowId: `${child}-slow-e-${day}`,
        args: [{ customerId: 'slow-e' }],
      });
    const handles = [await start(`${prefix}-chat`, '2026-01-30'), await start(prefix, '2025-01-30')];
    const found = await until(
      () => status(chat),
      ({ clusters: [cluster] }) => cluster!.startedByHand.counts.running === 1,
    );
    expect(found.clusters[0]!.startedByHand.running).toEqual([`${prefix}-chat-slow-e-2026-01-30`]);
    const without = await backfill.until(
      ({ stdout }) => stdout.includes(`${prefix}-slow-e-2025-01-30`),
      'status',
      west,
      '--range',
      '2025-01',
    );
    expect(without.code).toBe(7);
    for (const handle of handles) await handle.signal('finish');
  });

  it('keeps a run whose --wait ends by Ctrl-C, and says how a terminated run ended', async () => {
    await run.handle.signal('resume', {});
    const waiting = backfill.start('finish', chat, '--yes', '--wait');
    await run.until(({ status }) => status === 'finishing');
    // It looks at the run again and again from here on: whenever it is interrupted, it is waiting.
    waiting.kill('SIGINT');
    const code = await new Promise((resolve) => waiting.once('exit', resolve));
    expect(code).toBe(130);
    expect((await run.progress()).status).toBe('finishing');
    await run.handle.terminate('on-call');
    const shown = await backfill.until(
      ({ stdout }) => stdout.includes('terminated'),
      'status',
      chat,
      '--run',
      run.workflowId,
    );
    expect(shown.code).toBe(4);
    expect(shown.stdout).toMatch(/closed +terminated 20.* UTC: on-call/);
    expectPlainAndNarrow(shown);
  });
});
