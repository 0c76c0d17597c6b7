import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Postgres, startPostgres } from '../../scripts/dev/postgres.js';
import { stopAll, temporaryDirectory } from '../../scripts/dev/processes.js';
import { freePort } from '../../src/fleet/free-port.js';
import { useRig } from '../support/harness.js';
import { kindsOf, textOf } from '../support/history-events.js';
import { type PrometheusStandIn, startPrometheusStandIn, vector } from '../support/prometheus.js';
import { type BackfillHandle, mostAtOnce, until } from '../support/run.js';

/** What the orchestrator's worker sees; complete before any run asks. */
const environment: NodeJS.ProcessEnv = {};
const rig = useRig({ environment });

beforeAll(async () => {
  folder = await temporaryDirectory('pace');
  environment.BACKFILL_DIRECTORY_FILE = await file('directory.json', {
    sized: [{ id: 'oportun', conversations: 7_200 }, { id: 'marriott', conversations: 10 }, 'sky'],
  });
});
afterAll(() => stopAll());

let folder: string;

async function file(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, JSON.stringify(content));
  return path;
}

const january = (day: number) => `2026-01-${String(day).padStart(2, '0')}`;
const oneDay = { start: january(1), end: january(2) };
const tenDays = { start: january(1), end: january(11) };
const soon = { backoff: '100ms', maxBackoff: '200ms' };

const effects = async (run: BackfillHandle) => (await run.log()).map(({ effect }) => effect);
const moves = async (run: BackfillHandle) => (await effects(run)).filter((effect) => effect.startsWith('limit '));

/** The windows of a customer in the order of their starts, by the hours in their ids. */
const windowsOf = async (run: BackfillHandle, customer: string) =>
  (await run.started()).filter((id) => id.startsWith(`${customer}-`)).map((id) => id.slice(customer.length + 1));

describe('windows that resize', () => {
  it('are halved when they time out; the halves run one after the other, and every day is done', async () => {
    const run = await rig.startBackfill({
      customers: ['large-a'],
      ...tenDays,
      window: { initial: '10d', min: '1d' },
      parallelism: 4,
    });
    expect(await run.report()).toMatchObject({
      totals: { days: 10, done: 10, windows: { started: 6, completed: 4, failed: 2 } },
      attention: [],
    });
    expect(await windowsOf(run, 'large-a')).toEqual([
      `${january(1)}--${january(11)}`,
      `${january(1)}--${january(6)}`,
      `${january(1)}--${january(4)}`,
      `${january(4)}--${january(7)}`,
      `${january(7)}--${january(10)}`,
      january(10),
    ]);
    expect(mostAtOnce(await run.children())).toBe(1);
    expect((await run.customer('large-a')).window).toEqual({
      size: '3d',
      why: expect.stringMatching(/^halved to 3d: .*time-?out/i),
    });
    expect(await effects(run)).toContainEqual(
      expect.stringMatching(/large-a.*: timeout; windows of large-a halved to 5d/),
    );
  });

  it('are only those that may: one of a fixed size fails as it is', async () => {
    const run = await rig.startBackfill({
      customers: ['large-a'],
      ...tenDays,
      window: '10d',
      retry: { timeout: { attempts: 1 } },
    });
    expect(await run.until(({ status }) => status === 'waitingForOperator')).toMatchObject({
      totals: { failed: 10, windows: { started: 1 } },
      attention: [{ class: 'timeout' }],
    });
    await run.update('finish');
  });

  it('start at a size from the volume: given, else from the directory; unknown, at a day', async () => {
    const run = await rig.startBackfill({
      cluster: 'sized',
      customers: [{ id: 'cvs', conversations: 1_600 }, 'oportun', 'marriott', 'sky'],
      start: january(1),
      end: january(5),
      window: { initial: 'auto', target: 1_000 },
    });
    await run.report();
    expect(await windowsOf(run, 'cvs')).toEqual([`${january(1)}--${january(3)}`, `${january(3)}--${january(5)}`]);
    expect((await windowsOf(run, 'oportun')).slice(0, 2)).toEqual([
      `${january(1)}T00--${january(1)}T13`,
      `${january(1)}T13--${january(2)}T00`,
    ]);
    expect(await windowsOf(run, 'marriott')).toEqual([`${january(1)}--${january(5)}`]);
    expect(await windowsOf(run, 'sky')).toEqual([1, 2, 3, 4].map(january));
    expect((await run.customer('cvs')).window).toEqual({
      size: '2d',
      why: '400 conversations a day, at most 1000 in a window',
    });
    expect((await run.customer('oportun')).conversations).toBe(7_200);
  });

  it('grow by the conversations that the results report, and not by the time', async () => {
    const run = await rig.startBackfill({
      customers: ['measured-100', 'measured-900'],
      start: january(1),
      end: january(13),
      window: { initial: '1d', target: { conversations: 1_000, duration: '1h' } },
      parallelism: 2,
    });
    await run.report();
    expect(await windowsOf(run, 'measured-100')).toEqual([
      ...[1, 2, 3, 4].map(january),
      `${january(5)}--${january(7)}`,
      `${january(7)}--${january(9)}`,
      `${january(9)}--${january(11)}`,
      `${january(11)}--${january(13)}`,
    ]);
    expect((await run.customer('measured-100')).window).toEqual({
      size: '4d',
      why: 'grown to 4d: 3 windows in a row took at most half of the target',
    });
    expect(await windowsOf(run, 'measured-900')).toHaveLength(12);
  });
});

describe('the writers of one customer', () => {
  it('become several where its windows go well, never more than the run may have, and the log says why', async () => {
    const parallelism = { max: 4, perCustomer: 'auto' };
    const run = await rig.startBackfill({
      customers: ['brief-whale'],
      start: '2026-01-01',
      end: '2026-02-01',
      parallelism,
    });
    expect((await run.report()).totals).toMatchObject({ days: 31, done: 31 });
    const most = mostAtOnce(await run.children());
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
    const moved = expect.stringMatching(/^brief-whale: writers 1 → 2: \+\d+% conversations a second, compared with 1$/);
    expect(await effects(run)).toContainEqual(moved);
  });
});

describe('an adaptive limit', () => {
  it('starts at min and grows to max while windows go well, each step with its reason, and never over max', async () => {
    const customers = Array.from({ length: 24 }, (_, i) => `brief-${i}`);
    const parallelism = { min: 2, max: 5, adaptive: true };
    const run = await rig.startBackfill({ customers, ...oneDay, parallelism });
    await run.report();
    const why = 'windows went well with every slot taken';
    expect(await moves(run)).toEqual([`limit 2 → 5: ${why}, 3 times`]);
    expect((await run.progress()).parallelism).toMatchObject({ limit: 5, reason: `4 → 5: ${why}` });
    expect(mostAtOnce(await run.children())).toBeLessThanOrEqual(5);
  });

  it.each([
    ['overload', 'overloaded'],
    ['contention', 'deadlocked'],
  ])('is halved for %s, once for all windows that were in flight together', async (name, behaviour) => {
    const run = await rig.startBackfill({
      customers: ['a', 'b', 'c', 'd'].map((id) => `${behaviour}-${id}`),
      ...oneDay,
      parallelism: { min: 4, max: 4, adaptive: true },
      retry: { [name]: soon },
    });
    expect(await run.report()).toMatchObject({ totals: { done: 4, windows: { completed: 4, failed: 4 } } });
    expect(await moves(run)).toEqual([expect.stringMatching(new RegExp(`^limit 4 → 2: \\d ${name} in 60s$`))]);
    expect((await run.progress()).parallelism).toMatchObject({ limit: 2, reason: expect.stringMatching(/^4 → 2: /) });
    // The tries that followed the cut, by the times that Temporal recorded.
    expect(mostAtOnce((await run.children()).slice(4))).toBeLessThanOrEqual(2);
  });

  it('is switched off and on while the run goes on', async () => {
    const customers = ['slow-a', 'slow-b', 'slow-c', 'slow-d', 'slow-e'];
    const run = await rig.startBackfill({ customers, ...oneDay, parallelism: { min: 1, max: 4, adaptive: true } });
    const limits = async (inFlight: number) =>
      (await run.until(({ parallelism }) => parallelism.inFlight === inFlight)).parallelism;
    expect(await limits(1)).toMatchObject({ limit: 1, reason: 'slow start from 1' });
    await run.update('setParallelism', { adaptive: false });
    expect(await limits(4)).toMatchObject({ limit: 4, reason: "the run's most", adaptive: false });
    await run.update('setParallelism', { adaptive: true });
    expect(await limits(4)).toMatchObject({ limit: 4, reason: 'slow start from 4', adaptive: true });
    await run.update('setParallelism', { max: 2 });
    expect(await limits(4)).toMatchObject({ limit: 2, max: 2 });
    for (const customer of customers.slice(0, 3)) await run.finish(customer, january(1));
    expect(await limits(2)).toMatchObject({ limit: 2 });
    for (const customer of customers.slice(3)) await run.finish(customer, january(1));
    expect(await run.report()).toMatchObject({ totals: { done: 5, windows: { started: 5 } } });
    expect(mostAtOnce(await run.children())).toBe(4);
  });
});

describe('the probe', () => {
  let postgres: Postgres;
  let admin: pg.Client;
  let prometheus: PrometheusStandIn;

  beforeAll(async () => {
    postgres = await startPostgres();
    admin = new pg.Client(postgres.url);
    // Unheard, its end with the server's would end the process.
    admin.on('error', () => {});
    await admin.connect();
    await admin.query('CREATE TABLE queue AS SELECT 0 AS jobs');
    await admin.query('CREATE DATABASE carried');
    environment.BACKFILL_PROBE_URL_QUEUED = postgres.url;
    prometheus = await startPrometheusStandIn(() => vector('0'));
    environment.BACKFILL_PROBE_PROMETHEUS_URL_QUEUED = prometheus.url.replace('//', '//kim:hunter2@');
    environment.BACKFILL_PROBE_URL_CARRIED = Object.assign(new URL(postgres.url), { pathname: '/carried' }).href;
    environment.BACKFILL_PROBE_QUERIES_FILE = await file('queries.json', {
      queuedJobs: 'SELECT jobs FROM queue',
      errorShare: { promql: 'sum(rate(errors[1m])) / sum(rate(requests[1m]))' },
    });
  });
  afterAll(async () => {
    prometheus?.close();
    await admin?.end();
  });

  const queued = (jobs: number) => admin.query('UPDATE queue SET jobs = $1', [jobs]);

  /** Waits until the probe has asked so often, as its connection shows. */
  async function looks(count: number): Promise<void> {
    const seen = new Set<string>();
    await until(
      async () => {
        const { rows } = await admin.query<{ at: string }>(
          `SELECT query_start::text AS at FROM pg_stat_activity WHERE application_name ~ 'probe' AND datname = 'postgres'`,
        );
        for (const { at } of rows) seen.add(at);
        return seen.size;
      },
      (size) => size > count,
    );
  }

  it('starts nothing while the database is critical, says why, and goes on when it is calm', async () => {
    const run = await rig.startBackfill({
      cluster: 'queued',
      customers: ['slow-a', 'cvs'],
      ...oneDay,
      probe: { maxLoad: { errorShare: 0.01 }, criticalLoad: { queuedJobs: 5 }, every: '1s' },
    });
    const calm = await run.until(({ database, totals }) => database.level === 'ok' && totals.running === 1);
    expect(calm.database).toMatchObject({ utilization: 0, reason: 'queuedJobs 0 of 5, errorShare 0 of 0.01' });
    await queued(9);
    const reason = 'queuedJobs is 9, at or over criticalLoad 5';
    expect((await run.until(({ database }) => database.level === 'critical')).database.reason).toBe(reason);
    await run.finish('slow-a', january(1));
    const held = await run.until(({ totals }) => totals.done === 1);
    const before = kindsOf(await run.events());
    await looks(8);
    // While nothing changes the probe leaves no trace, and nothing has started.
    expect(kindsOf(await run.events())).toEqual(before);
    expect(await run.started()).toEqual([`slow-a-${january(1)}`]);
    expect(held).toMatchObject({
      status: 'running',
      statusReason: `the database is critical: ${reason}`,
      parallelism: { limit: 0, inFlight: 0, reason: `the database is critical: ${reason}` },
      customers: [{ days: 'd' }, { days: '.' }],
    });
    await queued(0);
    expect(await run.report()).toMatchObject({ totals: { done: 2 } });
    const levels = (await effects(run)).filter((effect) => effect.startsWith('database: '));
    expect(levels).toEqual([
      expect.stringContaining('unknown → ok'),
      `database: ok → critical: ${reason}`,
      expect.stringContaining('critical → ok'),
    ]);
    const { password, port } = new URL(postgres.url);
    const said = [textOf(await run.events()), JSON.stringify([await run.progress(), await run.log()])].join();
    expect(said).toContain('queuedJobs');
    for (const secret of [postgres.url, password, `:${port}/`, prometheus.url, 'hunter2', 'kim', 'rate('])
      expect(said).not.toContain(secret);
  });

  it('that has no connection is unknown, with the reason, and keeps nothing from running', async () => {
    const run = await rig.startBackfill({
      cluster: 'elsewhere',
      customers: ['slow-a', 'cvs'],
      ...oneDay,
      probe: { maxLoad: { activeSessions: 1 }, every: '1s' },
    });
    const { database } = await run.until(({ database }) => database.reason.includes('environment'));
    expect(database).toEqual({
      level: 'unknown',
      reason: "the worker's environment has no BACKFILL_PROBE_URL_ELSEWHERE or BACKFILL_PROBE_URL",
    });
    await run.finish('slow-a', january(1));
    expect(await run.report()).toMatchObject({ outcome: 'completed', totals: { done: 2 } });
  });

  it('is refused before anything starts where it names metrics that nobody measures, and says which there are', async () => {
    const run = await rig.startBackfill({
      cluster: 'queued',
      customers: ['cvs'],
      ...oneDay,
      probe: { maxLoad: { queuedJob: 5, activeSessions: 3 }, criticalLoad: { queuedJobs: 9, blocked: 1 } },
    });
    const known =
      'activeSessions, competingSessions, blockedSessions, longestTransactionSeconds, connectionsShare, deadlocksPerMinute, ' +
      'walMegabytesPerMinute, archiveBacklog, transactionIdAge, autovacuumWorkers, replicationLagSeconds, queuedJobs, errorShare';
    expect(await run.failure()).toMatchObject({
      type: 'InvalidInput',
      message: ['maxLoad.queuedJob', 'criticalLoad.blocked']
        .map((field) => `probe.${field}: expected a metric that the worker knows (${known}), got one that it does not`)
        .join('; '),
    });
    expect(await run.started()).toEqual([]);
  });

  it('whose database is unreachable keeps nothing from starting', async () => {
    environment.BACKFILL_PROBE_URL_AWAY = `postgresql://kim:x@127.0.0.1:${await freePort()}/postgres`;
    const probe = { maxLoad: { queuedJobs: 5 }, every: '1s' };
    const run = await rig.startBackfill({ cluster: 'away', customers: ['cvs'], ...oneDay, probe });
    expect(await run.report()).toMatchObject({ outcome: 'completed', totals: { done: 1 } });
  });

  it('goes on with the limit and the sizes when the run continues as new, and every window runs once', async () => {
    const run = await rig.startBackfill({
      cluster: 'carried',
      customers: [
        'overloaded-a',
        'slow-a',
        'large-a',
        'brief-a',
        ...['brief-b', 'brief-c', 'brief-d', 'brief-e'].map((id) => ({ id, end: january(2) })),
      ],
      ...tenDays,
      window: { initial: '10d', min: '1d', max: '10d' },
      parallelism: { min: 4, max: 4, adaptive: true },
      probe: { maxLoad: { activeSessions: 1_000 }, every: '1s' },
      retry: { overload: soon },
      maxHistoryEvents: 50,
    });
    const carried = await run.until(({ totals }) => totals.done === 34);
    await until(
      () => run.histories(),
      (histories) => histories.length > 2,
    );
    expect(carried.database.level).toBe('ok');
    expect(carried.parallelism.reason).toBe('4 → 2: 1 overload in 60s');
    expect((await run.customer('large-a')).window.size).toBe('3d');
    expect(await moves(run)).toHaveLength(1);
    await run.finish('slow-a', `${january(1)}--${january(11)}`);
    expect(await run.report()).toMatchObject({
      totals: { days: 44, done: 44, windows: { started: 14, completed: 11, failed: 3, adopted: 0 } },
    });
    const completed = (await run.children()).filter(({ status }) => status === 'COMPLETED');
    expect(new Set(completed.map(({ workflowId }) => workflowId)).size).toBe(11);
    expect(completed).toHaveLength(11);
  });
});

describe('working hours', () => {
  it('let an operator raise the limit at once, and not only when they are looked up again', async () => {
    const run = await rig.startBackfill({
      customers: ['slow-a', 'slow-b', 'slow-c'],
      ...oneDay,
      hours: [{ from: '00:00', to: '24:00', timeZone: 'UTC' }],
    });
    await run.until(({ parallelism }) => parallelism.inFlight === 1);
    await run.update('setParallelism', { max: 3 });
    await run.until(({ parallelism }) => parallelism.inFlight === 3);
    await run.update('cancelWindows');
    await run.update('finish');
  });

  const timeOfDay = (hoursFromNow: number) =>
    new Date(Date.now() + hoursFromNow * 3_600_000).toISOString().slice(11, 16);
  const hours = (from: number, to: number) => ({ from: timeOfDay(from), to: timeOfDay(to), timeZone: 'UTC' });

  it('that are over keep everything from starting, and progress says until when', async () => {
    const open = hours(6, 7);
    const run = await rig.startBackfill({ customers: ['cvs'], ...oneDay, hours: [open] });
    const closed = await run.until(({ parallelism }) => parallelism.reason.includes('until'));
    expect(closed).toMatchObject({ parallelism: { limit: 0, inFlight: 0 }, customers: [{ days: '.' }] });
    const [, opens] = /^outside the working hours until (\S+)$/.exec(closed.parallelism.reason)!;
    expect(opens).toContain(`T${open.from}:00.000Z`);
    expect((await run.until(({ statusReason }) => statusReason.includes('hours'))).statusReason).toBe(
      closed.parallelism.reason,
    );
    await run.update('finish');
    expect(await run.report()).toMatchObject({ totals: { waiting: 1, windows: { started: 0 } } });
  });

  it('that are open let it run, at their own limit', async () => {
    const customers = Array.from({ length: 6 }, (_, i) => `brief-${i}`);
    const run = await rig.startBackfill({ customers, ...oneDay, parallelism: 4, hours: [{ ...hours(-2, 6), max: 2 }] });
    expect(await run.report()).toMatchObject({ totals: { done: 6 } });
    expect(mostAtOnce(await run.children())).toBe(2);
  });
});

it('The canary: the smallest customers go first until so many windows succeeded, then the real order begins', async () => {
  const run = await rig.startBackfill({
    customers: [
      { id: 'medium', conversations: 200 },
      { id: 'tiny', conversations: 10 },
      { id: 'whale', conversations: 9_000 },
      { id: 'small', conversations: 50 },
    ],
    start: january(1),
    end: january(3),
    canary: 3,
  });
  await run.report();
  expect(await run.started()).toEqual(
    ['tiny 1', 'tiny 2', 'small 1', 'whale 1', 'whale 2', 'medium 1', 'medium 2', 'small 2'].map((window) =>
      window.replace(' ', '-2026-01-0'),
    ),
  );
});

it('A dry run completes at once with the plan, its warnings, and nothing started', async () => {
  const run = await rig.startBackfill({
    customers: [
      { id: 'cvs', conversations: 4_200_000 },
      { id: 'oportun', conversations: 9_000 },
    ],
    start: january(1),
    end: '2026-02-01',
    window: '1mo',
    parallelism: 2,
    dryRun: true,
  });
  expect(await run.handle.result()).toMatchObject({
    dryRun: true,
    totals: { customers: 2, windows: 2, conversations: 4_209_000 },
    customers: [{ id: 'cvs', windows: 1, window: '1mo' }, { id: 'oportun' }],
    criticalPath: { customer: 'cvs', windows: 1 },
    warnings: ['cvs: one window of 1mo would hold 4.2M conversations; it may time out'],
  });
  expect(kindsOf(await run.events()).filter((kind) => /child|activity|timer/i.test(kind))).toEqual([]);
});

describe('the breaker', () => {
  const named = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}-${i}`);

  it('stops a run whose windows mostly fail, and resume continues it', async () => {
    const run = await rig.startBackfill({ customers: [...named('fine', 9), ...named('broken', 13)], ...oneDay });
    expect(await run.until(({ status }) => status === 'paused')).toMatchObject({
      statusReason: expect.stringMatching(/^breaker: 11 of the latest 20 windows failed/),
      totals: { done: 9, failed: 11, waiting: 2 },
      attention: expect.arrayContaining([expect.objectContaining({ class: 'breaker' })]),
    });
    await run.update('resume', { by: 'ana' });
    expect(await run.until(({ status }) => status === 'waitingForOperator')).toMatchObject({
      totals: { done: 9, failed: 13 },
    });
    await run.update('finish');
  });

  it('tries one window by itself, and the run continues without anybody once that succeeds', async () => {
    const run = await rig.startBackfill({
      customers: [...named('broken', 4), ...named('fine', 6)],
      ...oneDay,
      retry: { unknown: { attempts: 1 } },
      breaker: { windows: 4, retryAfter: '1s' },
    });
    await run.until(({ statusReason }) => statusReason.startsWith('breaker:'));
    expect(await run.until(({ status }) => status === 'waitingForOperator')).toMatchObject({ totals: { done: 6 } });
    expect(await effects(run)).toContainEqual(expect.stringMatching(/^the breaker closes/));
    await run.update('finish');
  });
});
