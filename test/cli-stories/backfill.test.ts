/** The `backfill` command as built, in pipes, against a real server: two clusters on the shared one, a third on its own. */
import { randomUUID } from 'node:crypto';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTemporalServer, type TemporalServer } from '../../scripts/dev/temporal-server.js';
import type { Plan } from '../../src/backfill/views/plan.js';
import type { Progress } from '../../src/backfill/views/progress.js';
import { type Answered, BackfillCommand } from '../support/backfill.js';
import { useRig } from '../support/harness.js';
import { BackfillHandle, until } from '../support/run.js';

const own = randomUUID().slice(0, 8);
const [taskQueue, childQueue, prefix] = [`backfill-${own}`, `ingestion-${own}`, `reindexconversations-${own}`];
const [west, chat, lonely] = [`west-${own}`, `chat-${own}`, `lonely-${own}`];
/** Each call is a process, and the machine may be busy. */
const MANY_CALLS_MS = 180_000;
const rig = useRig({ taskQueue, childQueue });

let backfill: BackfillCommand;
let second: TemporalServer;

beforeAll(async () => {
  second = await startTemporalServer({ namespace: 'ingestion' });
  const cluster = (customers: (string | object)[], child: string) => ({
    ...{ address: inject('address'), taskQueue, directory: { customers } },
    defaults: { child: { workflowIdPrefix: child } },
  });
  backfill = await BackfillCommand.create({
    fleet: {
      defaults: { child: { taskQueue: childQueue } },
      clusters: {
        [west]: cluster([{ id: 'quick', conversations: 300 }, 'slow-b'], prefix),
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

const runOf = (cluster: string, range: string, child = prefix) =>
  new BackfillHandle(rig.client, `backfillscorecards-${cluster}-${range}`, child);

interface StatusFields {
  cluster: string;
  run: { workflowId: string; status: string } | null;
  progress: Progress | null;
  ending: string | null;
  startedByHand: { counts: Record<string, number>; running: string[] };
  problem?: { exitCode: number; message: string };
}

const status = (...args: string[]) => backfill.json<StatusFields>('status', ...args);

const days = (progress: Progress | null | undefined) =>
  progress?.customers.map(({ id, days }) => `${id} ${days}`).join();

/** Visibility shows a run a moment after it has started. */
const seen = (cluster: string) =>
  until(
    () => status(cluster),
    ({ clusters: [found] }) => found!.run !== null,
  );

function fits({ stdout, stderr }: Answered): void {
  for (const line of stdout.split('\n')) expect([...line].length, line).toBeLessThanOrEqual(80);
  expect(stdout + stderr).not.toContain('\u001b');
}

describe('one run, from its plan to its end', { timeout: MANY_CALLS_MS }, () => {
  const range = ['--start', '2026-01-01', '--end', '2026-01-05'];
  let run: BackfillHandle;
  beforeAll(() => {
    run = runOf(west, '2026-01-01--2026-01-05');
  });

  it('plan shows the windows of each customer, and leaves no run behind', async () => {
    const planned = await backfill.run('plan', west, ...range, '--parallelism', '2');
    expect(planned).toMatchObject({ code: 0, stderr: '' });
    expect(planned.stdout).toMatch(/8 for 2 customers, at most 2 at once/);
    expect(planned.stdout).toMatch(/quick +4 +1d +300 /);
    fits(planned);
    const { clusters } = await backfill.json<{ plan: Plan }>('start', west, ...range, '--window', '2d', '--dry-run');
    expect(clusters[0]!.plan).toMatchObject({ dryRun: true, cluster: west, totals: { windows: 4 } });
    expect(await status(west)).toMatchObject({ code: 7, clusters: [{ run: null, progress: null }] });
  });

  it('start starts it, with the fleet’s customers and their volumes; a second start is refused with how far it is', async () => {
    const started = await backfill.run('start', west, ...range, '--parallelism', '2');
    expect(started).toMatchObject({ code: 0, stderr: '' });
    expect(started.stdout).toContain(`${run.workflowId} started`);
    await run.until((progress) => days(progress) === 'quick dddd,slow-b r...');
    expect(await run.customer('quick')).toMatchObject({ conversations: 300 });
    const again = await backfill.run('start', west, ...range);
    expect(again).toMatchObject({ code: 6, stdout: '' });
    expect(again.stderr).toContain(`${run.workflowId} runs already (running, 50% done), since 20`);
  });

  it('status and customers show it, in 80 columns and without colour codes', async () => {
    const found = await seen(west);
    expect(found).toMatchObject({ code: 3, clusters: [{ run: { workflowId: run.workflowId, status: 'running' } }] });
    expect(days(found.clusters[0]!.progress)).toBe('quick dddd,slow-b r...');
    const shown = await backfill.run('status', west);
    expect(shown).toMatchObject({ code: 3, stderr: '' });
    expect(shown.stdout).toMatch(/running +50%[\s\S]*why +1 window in flight/);
    expect(shown.stdout).toMatch(/slow-b +r\.\.\./);
    const customers = await backfill.run('customers', west);
    expect(customers.stdout).toMatch(/quick +dddd/);
    const one = await backfill.run('customers', west, '--customer', 'slow-b');
    expect(one.stdout).toMatch(/2026-01-01 +running +1/);
    for (const answered of [shown, customers, one]) {
      expect(answered.stdout).not.toBe('');
      fits(answered);
    }
  });

  it('commands are done by the run, and it is logged who asked', async () => {
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
    expect(days(await run.progress())).toBe('quick d.dd,slow-b d..s,quick-z ss');
    expect(await say('resume', west)).toContain('the run continues (running)');
    await run.until((progress) => days(progress) === 'quick dddd,slow-b drrs,quick-z ss');
    const log = await backfill.run('log', west, '--limit', '200');
    for (const what of ['pause', 'resetDay', 'skipDay', 'setParallelism', 'addCustomers', 'removeCustomer', 'resume']) {
      expect(log.stdout).toContain(`${what} by ana: `);
    }
    const latest = await backfill.json<{ log: unknown[] }>('log', west, '--limit', '2');
    expect(latest.clusters[0]!.log).toHaveLength(2);
  });

  it('what can not be meant is not sent; what the run refuses comes in its own words', async () => {
    const before = await run.log();
    const misspelt = await backfill.run('pause', west, '--customer', 'slow-d');
    expect(misspelt).toMatchObject({ code: 2, stdout: '' });
    expect(misspelt.stderr).toContain(`has no customer "slow-d"; did you mean slow-b?`);
    expect(await backfill.run('add', west, 'new', '--start', '2026-01-04', '--end', '2026-01-02')).toMatchObject({
      code: 2,
    });
    for (const args of [
      ['remove', west, 'quick'],
      ['finish', west],
      ['cancel', west],
      ['cancel', west, '--windows'],
    ]) {
      const unsure = await backfill.run(...args);
      expect(unsure).toMatchObject({ code: 2, stdout: '' });
      expect(unsure.stderr).toContain('say --yes');
    }
    const outside = await backfill.run('reset-day', west, 'quick', '2026-02-02');
    expect(outside).toMatchObject({ code: 2, stdout: '' });
    expect(outside.stderr).toBe(`${west}: 2026-02-02 is outside quick's range, 2026-01-01 to 2026-01-04\n`);
    const late = await backfill.run('add', west, 'late', 'later', '--start', '2026-03-01');
    expect(late).toMatchObject({ code: 2, stdout: '' });
    expect(late.stderr).toBe(
      `${west}: --start: expected an end after the start, 2026-03-01; the end is exclusive, got "2026-01-05"\n`,
    );
    const nameless = await backfill.run('add', west, 'new one');
    expect(nameless).toMatchObject({ code: 2, stdout: '' });
    expect(nameless.stderr).toMatch(/^west\S+: customer: expected an id of 1 to 200 letters.*got "new one"\n$/);
    const json = await backfill.json<{ problem: object }>('add', west, 'quick');
    expect(json).toMatchObject({ code: 6, clusters: [{ cluster: west, problem: { exitCode: 6 } }] });
    expect(await run.log()).toEqual(before);
    expect((await run.progress()).status).toBe('running');
  });

  it('cancel --windows asks only the windows; finish --wait ends the run with the rest undone', async () => {
    const cancelled = await backfill.run('cancel', west, '--windows', '--customer', 'slow-b', '--yes');
    expect(cancelled).toMatchObject({ code: 0 });
    expect(cancelled.stdout).toContain('asked 2 windows to cancel');
    await run.until((progress) => days(progress)!.startsWith('quick dddd,slow-b d..s'));
    const finished = await backfill.run('finish', west, '--yes', '--wait');
    expect(finished).toMatchObject({ code: 0 });
    expect(finished.stdout).toContain('(completed)');
    const late = await backfill.run('pause', west, '--run', run.workflowId);
    expect(late).toMatchObject({ code: 7, stdout: '' });
    expect(late.stderr).toMatch(/no open run: .* is completed/);
    expect(await status(west)).toMatchObject({ code: 4, clusters: [{ run: { status: 'completed' }, ending: null }] });
  });

  it('the same range again asks first; --resume takes up the rest, and --wait sees it done', async () => {
    const unsure = await backfill.run('start', west, ...range);
    expect(unsure).toMatchObject({ code: 2, stdout: '' });
    expect(unsure.stderr).toMatch(/ran before \(completed 20.*without --resume all of it runs again/);
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

describe('several clusters', { timeout: MANY_CALLS_MS }, () => {
  let run: BackfillHandle;
  beforeAll(() => {
    run = runOf(chat, '2026-01', `${prefix}-chat`);
  });
  const lonelyRun = `backfillscorecards-${lonely}-2026-01`;

  it('failed days show in status, with the next step, and in its exit code', async () => {
    const started = await backfill.run('start', chat, '--month', '2026-01', '--parallelism', '2');
    expect(started).toMatchObject({ code: 0 });
    await run.until(({ totals }) => totals.failed > 0);
    await backfill.run('pause', chat, '--customer', 'broken-d');
    await seen(chat);
    const shown = await backfill.run('status', chat);
    expect(shown.code).toBe(4);
    expect(shown.stdout).toMatch(/! broken-d 2026-01-01\b.* permanent: no such customer/);
    fits(shown);
  });

  it('a cluster whose worker does not poll says so, at once; its run waits', async () => {
    const planned = await backfill.run('plan', lonely, '--month', '2026-01', '--customers', 'acme');
    expect(planned).toMatchObject({ code: 5, stdout: '' });
    expect(planned.stderr).toContain('no worker polls task queue backfill-scorecards');
    const started = await backfill.run('start', lonely, '--month', '2026-01', '--customers', 'acme');
    expect(started).toMatchObject({ code: 0, stderr: expect.stringContaining('no worker polls') });
    await until(
      () => backfill.run('status', lonely),
      ({ stdout }) => stdout.includes(`${lonelyRun} does not answer;`),
    );
    const paused = await backfill.run('pause', lonely);
    expect(paused).toMatchObject({ code: 5, stdout: '' });
    expect(paused.stderr).toContain(`backfill doctor ${lonely}`);
  });

  it('one that is unreachable hides none of the others', async () => {
    await second.kill();
    const all = await status();
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
    fits(table);
    const told = await backfill.json<{ did?: string }>('set-parallelism', '--all', '--max', '1');
    expect(told.code).toBe(5);
    expect(told.clusters).toMatchObject([
      { cluster: west, problem: { exitCode: 7 } },
      { cluster: chat, did: expect.stringContaining('max 2 → 1') },
      { cluster: lonely, problem: { exitCode: 5 } },
    ]);
  });

  it('several open runs: one has to be named, by its range or its workflow id', async () => {
    const another = runOf(chat, '2026-02', `${prefix}-chat`);
    const start = ['start', chat, '--month', '2026-02', '--customers', 'slow-c'];
    const unsure = await backfill.run(...start);
    expect(unsure).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`${run.workflowId} is open on ${chat} too`),
    });
    expect(await backfill.run(...start, '--yes')).toMatchObject({ code: 0 });
    await another.until(({ totals }) => totals.running === 1);
    const which = await until(
      () => backfill.run('pause', chat),
      ({ code }) => code === 2,
    );
    expect(which.stderr).toMatch(/2 open runs: .*; say which with --run/);
    expect(await backfill.run('pause', chat, '--range', '2026-02', '--reason', 'one')).toMatchObject({ code: 0 });
    expect((await another.progress()).status).toBe('pausing');
    expect(await backfill.run('cancel', chat, '--run', another.workflowId, '--yes', '--wait')).toMatchObject({
      code: 0,
    });
    expect((await another.progress()).status).toBe('cancelled');
    expect(await status(chat, '--range', '2026-02')).toMatchObject({
      ...{ code: 4, clusters: [{ run: { status: 'cancelled' }, ending: expect.stringMatching(/^cancelled 20/) }] },
    });
    expect(await backfill.run('status', chat, '--range', '2026-03')).toMatchObject({ code: 7 });
    expect(await backfill.run('status', chat, '--run', 'nobody')).toMatchObject({ code: 7 });
  });

  it('windows that somebody started by hand are found, with a run and without', async () => {
    const start = (child: string, day: string) =>
      rig.client.workflow.start('reindexconversations', {
        ...{ taskQueue: childQueue, workflowId: `${child}-slow-e-${day}`, args: [{ customerId: 'slow-e' }] },
      });
    const handles = [await start(`${prefix}-chat`, '2026-01-30'), await start(prefix, '2025-01-30')];
    const found = await until(
      () => status(chat),
      ({ clusters: [cluster] }) => cluster!.startedByHand.counts.running === 1,
    );
    expect(found.clusters[0]!.startedByHand.running).toEqual([`${prefix}-chat-slow-e-2026-01-30`]);
    const without = await until(
      () => backfill.run('status', west, '--range', '2025-01'),
      ({ stdout }) => stdout.includes(`${prefix}-slow-e-2025-01-30`),
    );
    expect(without.code).toBe(7);
    for (const handle of handles) await handle.signal('finish');
  });

  it('Ctrl-C ends --wait, and not the run; a terminated run says how it ended', async () => {
    await run.handle.signal('resume', {});
    const waiting = backfill.start('finish', chat, '--yes', '--wait');
    await run.until(({ status }) => status === 'finishing');
    // It looks at the run again and again from here on: whenever it is interrupted, it is waiting.
    waiting.kill('SIGINT');
    const code = await new Promise((resolve) => waiting.once('exit', resolve));
    expect(code).toBe(130);
    expect((await run.progress()).status).toBe('finishing');
    await run.handle.terminate('on-call');
    const shown = await until(
      () => backfill.run('status', chat, '--run', run.workflowId),
      ({ stdout }) => stdout.includes('terminated'),
    );
    expect(shown.code).toBe(4);
    expect(shown.stdout).toMatch(/closed +terminated 20.* UTC: on-call/);
    fits(shown);
  });
});

describe('a connection that drops before the answer comes', () => {
  it('does not make a command happen twice', async () => {
    const cluster = `drops-${own}`;
    const run = runOf(cluster, '2026-01', `${prefix}-drops`);
    const child = { taskQueue: childQueue, workflowIdPrefix: run.prefix };
    await rig.startBackfill(
      { cluster, customers: ['quick', 'slow-f'], start: '2026-01-01', end: '2026-01-03', parallelism: 2, child },
      { workflowId: run.workflowId, prefix: run.prefix },
    );
    await run.until((progress) => days(progress) === 'quick dd,slow-f r.');
    const way = await cutOnce(inject('address'), 'resetDay');
    const command = await BackfillCommand.create({ fleet: { clusters: { [cluster]: { address: way.address } } } });
    try {
      const answered = await command.run('reset-day', 'quick', '1', '--run', run.workflowId);
      expect(answered).toMatchObject({ code: 0, stderr: '' });
      expect(answered.stdout).toContain('quick 2026-01-01: was done, waits to run again');
      expect(way.cuts()).toBe(1);
      expect((await run.log()).filter(({ what }) => what === 'resetDay')).toHaveLength(1);
    } finally {
      await command.remove();
      await way.close();
    }
    await run.handle.terminate();
    await run.child('slow-f', '2026-01-01').terminate();
  });
});

describe('without a fleet file', () => {
  it('the one cluster is that of TEMPORAL_ADDRESS', async () => {
    const alone = await BackfillCommand.create({ environment: { TEMPORAL_ADDRESS: inject('address') } });
    const { workflowId } = runOf(west, '2026-01-01--2026-01-05');
    try {
      const found = await alone.run('status', '--run', workflowId);
      expect(found).toMatchObject({ code: 0, stderr: '' });
      expect(found.stdout).toMatch(/^default +completed +100%/);
    } finally {
      await alone.remove();
    }
  });
});

/**
 * A way to the server that passes everything on, but once: when `word` comes by, the server gets it, and the connection is
 * cut before its answer can come back.
 */
async function cutOnce(address: string, word: string) {
  const [host, port] = address.split(':') as [string, string];
  let cuts = 0;
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), host);
    let cut = false;
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => {}).on('close', () => open.delete(socket));
    }
    near.on('data', (data) => {
      far.write(data);
      if (cuts > 0 || !data.includes(word)) return;
      cuts++;
      cut = true;
    });
    far.on('data', (data) => {
      if (cut) near.destroy();
      else near.write(data);
    });
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cuts: () => cuts,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
