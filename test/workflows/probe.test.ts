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
import { until } from '../support/run.js';
import { january, moves, oneDay, soon, tenDays } from './days.js';

/** What the orchestrator's worker sees; complete before any run asks. */
const environment: NodeJS.ProcessEnv = {};
const rig = useRig({ environment });

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
  environment.BACKFILL_PROBE_QUERIES_FILE = join(await temporaryDirectory('probe'), 'queries.json');
  const queries = {
    queuedJobs: 'SELECT jobs FROM queue',
    errorShare: { promql: 'sum(rate(errors[1m])) / sum(rate(requests[1m]))' },
  };
  await writeFile(environment.BACKFILL_PROBE_QUERIES_FILE, JSON.stringify(queries));
});
afterAll(async () => {
  prometheus?.close();
  await admin?.end();
  await stopAll();
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

describe('the probe', () => {
  it('starts nothing while the database is critical, says why, and continues when it is calm', async () => {
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
    const levels = (await run.effects()).filter((effect) => effect.startsWith('database: '));
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

  it('keeps the limit and the sizes when the run continues as new, and every window runs once', async () => {
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
    await run.untilContinued(2);
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
