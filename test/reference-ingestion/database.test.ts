import { readdir } from 'node:fs/promises';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completeness } from '../../src/reference-ingestion/completeness.js';
import { withClient } from '../../src/reference-ingestion/database.js';
import { loadFleet } from '../../src/reference-ingestion/load-fleet.js';
import { migrate } from '../../src/reference-ingestion/migrate.js';
import { setPassword, urlForRole } from '../../src/reference-ingestion/roles.js';
import { type Database, startDatabase } from './stack.js';

const range = { start: '2026-01-01', end: '2026-01-08' };
const customers = [{ cluster: 'voice-prod', id: 'acme', conversations: 50 }];
let database: Database;

beforeAll(async () => {
  database = await startDatabase({ customers, range });
});
afterAll(async () => await database?.stop());

describe('migrations', () => {
  it('do nothing the second time, also when several processes start at once', async () => {
    expect(await Promise.all([migrate(database.server.url), migrate(database.server.url)])).toEqual([[], []]);
  });

  it('are all applied once when several processes meet an empty database', async () => {
    await database.owner.query('CREATE DATABASE another');
    const url = new URL(database.server.url);
    url.pathname = '/another';
    const applied = await Promise.all([migrate(url.href), migrate(url.href), migrate(url.href)]);
    const files = (await readdir('src/reference-ingestion/sql')).sort();
    expect(applied.sort((a, b) => a.length - b.length)).toEqual([[], [], files]);
  });

  it('refuse to continue when an applied file has changed', async () => {
    const checksum =
      "UPDATE schema_migrations SET checksum = $1 WHERE name = '001_conversations.sql' RETURNING checksum";
    const { rows } = await database.owner.query("SELECT checksum FROM schema_migrations WHERE name LIKE '001%'");
    await database.owner.query(checksum, ['another']);
    await expect(migrate(database.server.url)).rejects.toThrow(/001_conversations.sql was applied with other contents/);
    await database.owner.query(checksum, [rows[0].checksum]);
  });
});

describe('loading a fleet into the database', () => {
  it('changes nothing the second time', async () => {
    await loadFleet(database.server.url, { customers, range });
    const { rows } = await database.owner.query('SELECT count(*)::integer AS n FROM conversations');
    expect(rows[0].n).toBe(50);
  });

  it('refuses a fleet of another size and leaves the database as it was', async () => {
    const larger = [
      { ...customers[0]!, conversations: 60 },
      { ...customers[0]!, id: 'new' },
    ];
    await expect(loadFleet(database.server.url, { customers: larger, range })).rejects.toThrow(/another scale/);
    await expect(loadFleet(database.server.url, { customers, range, seed: 1 })).rejects.toThrow(/another scale/);
    const { rows } = await database.owner.query('SELECT count(*)::integer AS n FROM conversations');
    expect(rows[0].n).toBe(50);
  });
});

describe('roles', () => {
  const refused = { code: '42501' };
  const as = async (url: string, sql: string) => await withClient(url, async (client) => await client.query(sql));

  it('accept a password with any characters', async () => {
    const password = `it's "quoted" \\ $1 / @ : ? # %20 é`;
    await setPassword(database.server.url, 'backfill_reader', password);
    const url = urlForRole(database.server.url, 'backfill_reader', password);
    expect((await as(url, 'SELECT current_user')).rows).toEqual([{ current_user: 'backfill_reader' }]);
    await setPassword(database.server.url, 'backfill_reader', 'reader');
    await expect(setPassword(database.server.url, 'backfill_reader', '')).rejects.toThrow(/expected a password/);
  });

  it.each([
    "UPDATE conversations SET channel = 'chat'",
    'DELETE FROM conversations',
    "INSERT INTO customers VALUES ('x', 'y')",
    'DELETE FROM scorecards',
    'TRUNCATE agent_daily',
    'INSERT INTO rubrics (version) VALUES (2)',
    'DELETE FROM reference.faults',
    'CREATE TABLE mine ()',
    'CREATE TEMPORARY TABLE mine ()',
    'CREATE SCHEMA mine',
    'DROP TABLE scorecards',
    'SELECT * FROM schema_migrations',
  ])('the worker may not: %s', async (sql) => {
    await expect(as(database.reindexerUrl, sql)).rejects.toSatisfy(
      (error: pg.DatabaseError) => error.code === refused.code,
    );
  });

  it.each([
    'UPDATE scorecards SET score = 1',
    "INSERT INTO reference.faults (customer_id, kind) VALUES ('*', 'slow')",
    "SELECT refresh_agent_day('acme', 'agent-0001', '2026-01-01')",
    'CREATE TEMPORARY TABLE mine ()',
  ])('the reader may not: %s', async (sql) => {
    await expect(as(database.readerUrl, sql)).rejects.toSatisfy(
      (error: pg.DatabaseError) => error.code === refused.code,
    );
  });

  it("lets the reader see every session's query for a probe", async () => {
    const { rows } = await as(
      database.readerUrl,
      "SELECT pg_has_role('pg_monitor', 'USAGE') AS monitor, (SELECT count(*) FROM pg_stat_activity) > 0 AS sessions",
    );
    expect(rows).toEqual([{ monitor: true, sessions: true }]);
  });
});

describe('completeness', () => {
  it('counts absent and stale scorecards and wrong aggregates, and only those', async () => {
    const total = async (query = {}) =>
      await withClient(
        database.readerUrl,
        async (client) => (await completeness(client, { ...range, ...query })).total,
      );
    expect(await total()).toMatchObject({
      conversations: 50,
      scorecards: 0,
      missing: 50,
      stale: 0,
      wrongAggregates: 0,
    });

    await database.owner.query(
      `INSERT INTO scorecards (customer_id, conversation_id, conversation_revision, rubric_version, agent_id,
         started_at, score, criteria)
       SELECT customer_id, id, revision, 1, agent_id, started_at, 50, '{}' FROM conversations`,
    );
    const { rows } = await database.owner.query(
      `SELECT refresh_agent_day(customer_id, agent_id, day)
       FROM (SELECT DISTINCT customer_id, agent_id, day FROM scorecards) d`,
    );
    expect(await total()).toMatchObject({ scorecards: 50, missing: 0, stale: 0, wrongAggregates: 0 });

    await database.owner.query("UPDATE conversations SET revision = 2 WHERE id = 'acme-0000001'");
    expect(await total()).toMatchObject({ scorecards: 49, missing: 1, stale: 1, wrongAggregates: 0 });
    await database.owner.query("DELETE FROM scorecards WHERE conversation_id = 'acme-0000002'");
    // The agent's day, and its month.
    expect(await total()).toMatchObject({ scorecards: 48, missing: 2, stale: 1, wrongAggregates: 2 });
    await database.owner.query('INSERT INTO rubrics (version) VALUES (2)');
    expect(await total()).toMatchObject({ scorecards: 0, missing: 50, stale: 49 });

    expect(rows.length).toBeGreaterThan(7);
    expect(await total({ customers: ['nobody'] })).toMatchObject({ conversations: 0 });
    expect(await total({ cluster: 'voice-prod' })).toMatchObject({ conversations: 50 });
    expect(await total({ start: '2026-01-08', end: '2026-01-09' })).toMatchObject({ conversations: 0 });
  });
});
