import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Postgres, startPostgres } from '../../scripts/dev/postgres.js';
import { stopAll, temporaryDirectory } from '../../scripts/dev/processes.js';
import type { ProbeAnswer, ProbeQuery } from '../../src/activities/contract.js';
import { probeDatabase } from '../../src/activities/probe.js';
import { freePort } from '../../src/fleet/free-port.js';

let postgres: Postgres;
let own: string;
const clients: pg.Client[] = [];

beforeAll(async () => {
  postgres = await startPostgres({ settings: { deadlock_timeout: '100ms', autovacuum_naptime: '1s' } });
  const admin = await connect();
  await admin.query('CREATE TABLE rows AS SELECT n FROM generate_series(1, 9) n');
  await admin.query(
    `CREATE ROLE watcher LOGIN PASSWORD 'watch-me'; GRANT pg_monitor TO watcher; GRANT SELECT ON rows TO watcher`,
  );
  await admin.query(`CREATE ROLE nobody LOGIN PASSWORD 'see-nothing'`);
  own = join(await temporaryDirectory('probe'), 'queries.json');
  const queries = {
    rows: 'SELECT count(*) FROM rows',
    slow: 'SELECT pg_sleep(60)',
    nothing: 'SELECT n FROM rows WHERE n > 99',
    words: `SELECT 'many'`,
    empty: `SELECT ''`,
    vacuums: { vacuumsOn: 'closed.Events' },
    vacuumsElsewhere: { vacuumsOn: 'public.rows' },
    noTable: { vacuumsOn: `closed.x'; DROP TABLE rows; --` },
    wrong: 'SELECT no_such_column FROM rows',
    writes: 'WITH gone AS (DELETE FROM rows RETURNING n) SELECT count(*) FROM gone',
    leaves: 'COMMIT; DELETE FROM rows',
    tells: `SELECT current_setting('backfill.' || 'watch-me')`,
  };
  await writeFile(own, JSON.stringify(queries));
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end().catch(() => {})));
});
afterAll(() => stopAll());

async function connect(url = postgres.url): Promise<pg.Client> {
  const client = new pg.Client(url);
  client.on('error', () => {});
  await client.connect();
  clients.push(client);
  return client;
}

function urlFor(user: string, password: string): string {
  const url = new URL(postgres.url);
  Object.assign(url, { username: user, password });
  return url.href;
}

const worker = (heartbeatTimeoutMs: number) =>
  new MockActivityEnvironment({ heartbeatTimeoutMs }, { logger: new DefaultLogger('ERROR') });

const asking: Omit<ProbeQuery, 'maxLoad' | 'last'> = { criticalLoad: {}, every: 40 };

/** What the activity answers, with a worker that has this environment. */
function probe(query: Partial<ProbeQuery>, environment: NodeJS.ProcessEnv = {}): Promise<ProbeAnswer> {
  const defaults: NodeJS.ProcessEnv = {
    BACKFILL_PROBE_URL: urlFor('watcher', 'watch-me'),
    BACKFILL_PROBE_QUERIES_FILE: own,
  };
  const asked: ProbeQuery = { ...asking, maxLoad: {}, last: 'unknown', ...query };
  return worker(30_000).run(probeDatabase, asked, { ...defaults, ...environment }) as Promise<ProbeAnswer>;
}

/** Sessions that wait for the same lock, until the function returned is called. */
async function blocked(count: number): Promise<() => Promise<void>> {
  const holder = await connect();
  await holder.query('BEGIN; LOCK TABLE rows');
  const waiting: Promise<unknown>[] = [];
  for (let i = 0; i < count; i++) waiting.push((await connect()).query('SELECT FROM rows'));
  return async () => {
    await holder.query('ROLLBACK');
    await Promise.all(waiting);
  };
}

/** Two sessions that lock two rows in opposite orders. */
async function deadlock(): Promise<void> {
  const [one, other] = [await connect(), await connect()];
  const touch = (client: pg.Client, n: number) => client.query('UPDATE rows SET n = n WHERE n = $1', [n]);
  await Promise.all([one.query('BEGIN'), other.query('BEGIN')]);
  await Promise.all([touch(one, 1), touch(other, 2)]);
  const ended = await Promise.allSettled([touch(one, 2), touch(other, 1)]);
  expect(ended.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  // Else a session tells the statistics up to ten seconds later.
  await Promise.all([one, other].map((client) => client.query('ROLLBACK; SELECT pg_stat_force_next_flush()')));
}

describe('probeDatabase', () => {
  it('answers when sessions are blocked, and again when they no longer are', async () => {
    const thresholds = { maxLoad: { blockedSessions: 2 }, criticalLoad: { blockedSessions: 4 } };
    expect(await probe(thresholds)).toEqual({ level: 'ok', reason: 'blockedSessions 0 of 2' });
    const high = probe({ ...thresholds, last: 'ok' });
    const releaseTwo = await blocked(2);
    expect(await high).toEqual({ level: 'high', reason: 'blockedSessions is 2, at or over maxLoad 2' });
    const releaseMore = probe({ ...thresholds, last: 'high' });
    const waiting = Array.from({ length: 3 }, async () => (await connect()).query('SELECT FROM rows'));
    expect((await releaseMore).level).toBe('critical');
    const calm = probe({ ...thresholds, last: 'critical' });
    await releaseTwo();
    await Promise.all(waiting);
    expect((await calm).level).toBe('ok');
  });

  it('counts the active sessions of others, and the age of their transactions', async () => {
    const thresholds = { maxLoad: { activeSessions: 2, longestTransactionSeconds: 0.3, connectionsShare: 0.9 } };
    expect(await probe(thresholds)).toMatchObject({ level: 'ok' });
    const busy = [await connect(), await connect()].map((client) => client.query('SELECT pg_sleep(0.6)'));
    expect((await probe({ ...thresholds, last: 'ok' })).reason).toMatch(/activeSessions is 2/);
    await Promise.all(busy);
    const idle = await connect();
    await idle.query('BEGIN; SELECT 1');
    expect((await probe({ ...thresholds, last: 'ok' })).reason).toMatch(/longestTransactionSeconds is/);
  });

  it('counts deadlocks, also for the probe after the one that saw them', async () => {
    const thresholds = { maxLoad: { deadlocksPerMinute: 1 } };
    expect(await probe(thresholds)).toMatchObject({ level: 'ok' });
    const high = probe({ ...thresholds, last: 'ok' });
    await deadlock();
    expect(await high).toEqual({ lag: 60_000, level: 'high', reason: 'deadlocksPerMinute is 1, at or over maxLoad 1' });
    expect(await probe({ ...thresholds, last: 'unknown' })).toMatchObject({ level: 'high' });
  });

  it('says that the level is unknown while the database is down, and measures it again once it is back', async () => {
    const thresholds = { maxLoad: { activeSessions: 50 } };
    const gone = probe({ ...thresholds, last: 'ok' });
    await postgres.kill();
    const answer = await gone;
    expect(answer.level).toBe('unknown');
    expect(answer.reason).toMatch(/refuses connections|connection broke/);
    const back = probe({ ...thresholds, last: 'unknown', reason: answer.reason });
    await postgres.restart();
    expect((await back).level).toBe('ok');
  });

  it('measures the log that is written and archived, the age of transactions and what vacuums', async () => {
    const metrics = [
      'competingSessions',
      'walMegabytesPerMinute',
      'archiveBacklog',
      'transactionIdAge',
      'autovacuumWorkers',
    ];
    const maxLoad = Object.fromEntries(metrics.map((name) => [name, 1e9]));
    const answer = await probe({ maxLoad });
    expect(answer.level).toBe('ok');
    for (const name of metrics) expect(answer.reason).toMatch(new RegExp(`${name} \\d+(\\.\\d+)? of 1000000000`));
  });

  it('sees a vacuum of a named table, also of a partition in a schema that is closed to it, and none of others', async () => {
    const admin = await connect();
    // It would take an hour.
    const slow = 'autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1';
    await admin.query(`
      CREATE SCHEMA closed; CREATE TABLE closed."Events" (n int, words text) PARTITION BY LIST (n);
      CREATE TABLE closed.part PARTITION OF closed."Events" DEFAULT
        WITH (${slow}, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 0);`);
    const thresholds = { maxLoad: { vacuumsElsewhere: 1, vacuums: 1 } };
    expect(await probe(thresholds)).toEqual({ level: 'ok', reason: 'vacuumsElsewhere 0 of 1, vacuums 0 of 1' });
    const vacuumed = probe({ ...thresholds, last: 'ok' });
    await admin.query(`INSERT INTO closed."Events" SELECT n, repeat('words', 99) FROM generate_series(1, 9999) n`);
    await admin.query(`DELETE FROM closed."Events"; SELECT pg_stat_force_next_flush()`);
    expect(await vacuumed).toEqual({ level: 'high', reason: 'vacuums is 1, at or over maxLoad 1' });
    const blind = { BACKFILL_PROBE_URL: urlFor('nobody', 'see-nothing') };
    expect((await probe(thresholds, blind)).reason).toMatch(/vacuums: the probe's role needs pg_monitor/);
    const elsewhere = { BACKFILL_PROBE_URL: postgres.url.replace(/postgres$/, 'template1') };
    expect((await probe(thresholds, elsewhere)).reason).toMatch(/vacuums: there is no such table in the probe's/);
    // Autovacuum gives way to any session that wants the table.
    await admin.query('DROP SCHEMA closed CASCADE');
  }, 60_000);

  it('measures what operators wrote in SQL, read-only', async () => {
    expect(await probe({ maxLoad: { rows: 9 } })).toMatchObject({
      level: 'high',
      reason: 'rows is 9, at or over maxLoad 9',
    });
    const log = "the worker's log has the server's message";
    for (const [name, reason] of Object.entries({
      nothing: 'nothing: its SQL returned no value',
      words: 'words: its SQL returned no number',
      empty: 'empty: its SQL returned no number',
      noTable: "noTable: there is no such table in the probe's database",
      wrong: `wrong: it refuses the SQL (SQLSTATE 42703): it names a column that does not exist; ${log}`,
      writes: `writes: it refuses the SQL (SQLSTATE 25006): it writes, in a read-only transaction; ${log}`,
      leaves: `leaves: it refuses the SQL (SQLSTATE 42601): it has a syntax error, or is more than one statement; ${log}`,
      tells: `tells: it refuses the SQL (SQLSTATE 42704); ${log}`,
      activeSession: /^activeSession: unknown metric; known are activeSessions, .*replicationLagSeconds, rows, slow/,
      replicationLagSeconds: 'replicationLagSeconds: no standby is connected',
    })) {
      const answer = await probe({ maxLoad: { [name]: 5, activeSessions: 100 } });
      expect(answer, name).toEqual({
        level: 'unknown',
        reason: reason instanceof RegExp ? expect.stringMatching(reason) : reason,
      });
    }
    expect((await (await connect()).query('SELECT FROM rows')).rowCount).toBe(9);
  });

  it('does not wait long for a query, nor for a server that does not answer', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const [slow, mute] = await Promise.all([
      probe({ maxLoad: { slow: 1 }, criticalLoad: {} }),
      probe({ maxLoad: { rows: 1 } }, { BACKFILL_PROBE_URL: `postgresql://a:b@127.0.0.1:${port}/c` }),
    ]);
    silent.close();
    expect(slow.reason).toBe('slow: a query took longer than 5 s');
    expect(mute.reason).toBe('no answer within 5 s');
  }, 60_000);

  it('does not count sessions without permission to see them as idle', async () => {
    const answer = await probe(
      { maxLoad: { activeSessions: 5 } },
      { BACKFILL_PROBE_URL: urlFor('nobody', 'see-nothing') },
    );
    expect(answer).toEqual({ level: 'unknown', reason: "activeSessions: the probe's role needs pg_monitor" });
  });

  it("finds the connection by the cluster's name, and says when there is none", async () => {
    const query = { maxLoad: { activeSessions: 50 }, cluster: 'us-west-2-prod' };
    const environment = {
      BACKFILL_PROBE_URL: 'postgresql://127.0.0.1:1/x',
      BACKFILL_PROBE_URL_US_WEST_2_PROD: postgres.url,
    };
    expect((await probe(query, environment)).level).toBe('ok');
    expect(await probe(query, { BACKFILL_PROBE_URL: '' })).toEqual({
      level: 'unknown',
      reason: "the worker's environment has no BACKFILL_PROBE_URL_US_WEST_2_PROD or BACKFILL_PROBE_URL",
    });
    const file = { BACKFILL_PROBE_QUERIES_FILE: '/no/such/file' };
    const wrong = `${own}.wrong`;
    expect((await probe({ maxLoad: { rows: 1 } }, file)).reason).toMatch(
      /^BACKFILL_PROBE_QUERIES_FILE names no readable/,
    );
    expect(await probe({ maxLoad: { activeSessions: 50 } }, file)).toMatchObject({ level: 'ok' });
    await writeFile(wrong, JSON.stringify({ rows: { promql: 'up', sql: 'SELECT 1' } }));
    expect((await probe({ maxLoad: { rows: 1 } }, { BACKFILL_PROBE_QUERIES_FILE: wrong })).reason).toMatch(
      /^BACKFILL_PROBE_QUERIES_FILE names no readable/,
    );
  });

  it('never shows a part of the connection string', async () => {
    const { port } = new URL(postgres.url);
    const urls = [
      urlFor('watcher', 'wrong-secret'),
      urlFor('stranger', 'wrong-secret'),
      postgres.url.replace(/postgres$/, 'wrong-secret'),
      `postgresql://stranger:wrong-secret@no-such-host.invalid:${port}/postgres`,
      `postgresql://stranger:wrong-secret@127.0.0.1:${await freePort()}/postgres`,
      'stranger wrong-secret is no URL',
      'postgresql://stranger:wrong-secret@[::1',
    ];
    for (const url of urls) {
      const { level, reason } = await probe({ maxLoad: { activeSessions: 5 } }, { BACKFILL_PROBE_URL: url });
      expect(level, reason).toBe('unknown');
      expect(reason).not.toMatch(/wrong-secret|stranger|watcher|no-such-host|127\.0\.0\.1|::1/);
    }
  });

  it('heartbeats while nothing changes, and ends as a retryable failure when cancelled', async () => {
    const environment = worker(60);
    let beats = 0;
    environment.on('heartbeat', () => {
      if (++beats === 5) environment.cancel();
    });
    const query: ProbeQuery = { ...asking, maxLoad: { activeSessions: 50 }, last: 'ok' };
    const ended = environment.run(probeDatabase, query, { BACKFILL_PROBE_URL: postgres.url });
    await expect(ended).rejects.toMatchObject({ type: 'Interrupted', nonRetryable: false });
    expect(beats).toBeGreaterThanOrEqual(5);
  });

  it('leaves no connection behind', async () => {
    await probe({ maxLoad: { activeSessions: 50 } });
    const watching = await connect();
    await expect
      .poll(async () => {
        const sql = `SELECT FROM pg_stat_activity WHERE application_name = 'backfill-scorecards probe'`;
        return (await watching.query(sql)).rowCount;
      })
      .toBe(0);
  });
});
