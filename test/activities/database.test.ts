import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger, type LogEntry } from '@temporalio/worker';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Postgres, startPostgres } from '../../scripts/dev/postgres.js';
import { stopAll, temporaryDirectory } from '../../scripts/dev/processes.js';
import { listCustomers } from '../../src/activities/directory.js';
import { probeDatabase } from '../../src/activities/probe.js';
import { checkWindows } from '../../src/activities/verify.js';
import { startProxy } from '../support/proxy.js';

let postgres: Postgres;
let admin: pg.Client;
let queriesFile: string;

beforeAll(async () => {
  postgres = await startPostgres();
  admin = new pg.Client(postgres.url);
  await admin.connect();
  queriesFile = join(await temporaryDirectory('metrics'), 'queries.json');
});
afterAll(async () => {
  await admin?.end();
  await stopAll();
});

/** An attempt of each activity that reads a database: this SQL, at this URL. */
const readers = {
  directory: (url: string, sql: string) =>
    listCustomers(
      { start: '2026-01-01', end: '2026-02-01' },
      { BACKFILL_DIRECTORY_DATABASE_URL: url, BACKFILL_DIRECTORY_SQL: sql },
      Context.current(),
    ),
  verify: (url: string, sql: string) =>
    checkWindows({ windows: [] }, { BACKFILL_VERIFY_URL: url, BACKFILL_VERIFY_SQL: sql }),
  async probe(url: string, sql: string) {
    await writeFile(queriesFile, JSON.stringify({ own: sql }));
    const query = { maxLoad: { own: 9 }, criticalLoad: {}, every: 3_600_000, last: 'ok' as const };
    return probeDatabase(query, { BACKFILL_PROBE_URL: url, BACKFILL_PROBE_QUERIES_FILE: queriesFile });
  },
};
type Reader = keyof typeof readers;
const names = Object.keys(readers) as Reader[];

const logged: LogEntry[] = [];
const activity = (attempt = 1) =>
  new MockActivityEnvironment(
    { attempt, heartbeatTimeoutMs: 30_000 },
    { logger: new DefaultLogger('WARN', (entry) => logged.push(entry)) },
  );

async function sessions(reader: Reader, condition = 'true'): Promise<number> {
  const { rows } = await admin.query(
    `SELECT count(*)::integer AS count FROM pg_stat_activity WHERE application_name = $1 AND ${condition}`,
    [`backfill-scorecards ${reader}`],
  );
  return rows[0].count;
}

const NO_PARAMETERS = `WHERE $1::text IS NULL OR $2::text IS NULL OR $3::text IS NULL OR $4::text IS NULL`;
/** As many parameters as each activity gives. */
const parametersOf: Record<Reader, string> = {
  directory: NO_PARAMETERS.replace(' OR $4::text IS NULL', ''),
  verify: NO_PARAMETERS,
  probe: '',
};
const sleeping = (reader: Reader) => `SELECT pg_sleep(60) ${parametersOf[reader].replace('WHERE', 'WHERE true OR')}`;

describe.each(names)('the connection of an attempt: %s', (reader) => {
  it('is closed when the attempt is cancelled or has timed out, and its statement ends', async () => {
    const environment = activity();
    const reading = environment.run(readers[reader], postgres.url, sleeping(reader));
    const ended = expect(reading).rejects.toMatchObject({ type: 'Interrupted', nonRetryable: false });
    await expect.poll(() => sessions(reader, `wait_event = 'PgSleep'`)).toBe(1);
    environment.cancel();
    await ended;
    await expect.poll(() => sessions(reader), { timeout: 20_000 }).toBe(0);
  });

  it.each(['in mid-query', 'before it is made'])('does not stay open when the network goes silent %s', async (when) => {
    const proxy = await startProxy(postgres.url);
    if (when === 'before it is made') proxy.silence();
    const environment = activity();
    const reading = environment.run(readers[reader], proxy.url, sleeping(reader));
    const ended = expect(reading).rejects.toMatchObject({ nonRetryable: false });
    if (when === 'in mid-query') {
      await expect.poll(() => sessions(reader, `wait_event = 'PgSleep'`)).toBe(1);
      proxy.silence();
    } else await expect.poll(() => proxy.held()).toBe(1);
    environment.cancel();
    await ended;
    await expect.poll(() => proxy.held(), { timeout: 20_000 }).toBe(0);
    proxy.close();
    await expect.poll(() => sessions(reader), { timeout: 20_000 }).toBe(0);
  });

  it('may break in mid-query: the attempt fails and is retried, and the worker survives', async () => {
    const proxy = await startProxy(postgres.url);
    const environment = activity();
    const reading = environment.run(readers[reader], proxy.url, sleeping(reader));
    const ended = expect(reading).rejects.toMatchObject({ nonRetryable: false });
    await expect.poll(() => sessions(reader, `wait_event = 'PgSleep'`)).toBe(1);
    proxy.cut();
    // The probe has noticed when it asks again.
    if (reader === 'probe') {
      await expect.poll(() => sessions(reader, `wait_event = 'PgSleep'`)).toBe(1);
      environment.cancel();
    }
    await ended;
    proxy.close();
    await expect.poll(() => sessions(reader), { timeout: 20_000 }).toBe(0);
  });

  it('sends no start-up parameter that PgBouncer refuses', async () => {
    const asked: string[] = [];
    const server = createServer((socket) => {
      socket.once('data', (startup) => {
        const words = startup.subarray(8).toString().split('\0');
        asked.push(...words.filter((_, i) => i % 2 === 0 && words[i]));
        socket.end(fatal('08P01', `unsupported startup parameter at db-1.internal`));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const environment = activity();
    const reading = environment.run(readers[reader], `postgresql://kim:x@127.0.0.1:${port}/y`, 'SELECT 1');
    const ended = reading.catch((error: unknown) => error);
    await expect.poll(() => asked.length).toBeGreaterThan(0);
    // The probe tries again, and says so only after some time.
    if (reader === 'probe') environment.cancel();
    const failure = await ended;
    server.close();
    const known = ['user', 'database', 'application_name', 'client_encoding'];
    expect(known).toEqual(expect.arrayContaining([...new Set(asked)]));
    // PgBouncer says the same of a server that is down: another attempt may find it up.
    expect(failure).toMatchObject({ nonRetryable: false });
    expect(String(failure)).not.toMatch(/db-1|kim|127/);
  });
});

it('the connection of an idle probe does not stay open when the network goes silent', async () => {
  const proxy = await startProxy(postgres.url);
  const environment = activity();
  const reading = environment.run(readers.probe, proxy.url, 'SELECT 1');
  const ended = expect(reading).rejects.toMatchObject({ type: 'Interrupted' });
  await expect.poll(() => sessions('probe', `state = 'idle'`)).toBe(1);
  proxy.silence();
  environment.cancel();
  await ended;
  await expect.poll(() => proxy.held(), { timeout: 20_000 }).toBe(0);
  proxy.close();
});

describe('a directory whose SQL is wrong is not asked again, and says in one sentence what is wrong', () => {
  const where = parametersOf.directory;
  it.each([
    ['syntax', 'SELEC secret', /it has a syntax error/],
    ['a missing table', `SELECT id FROM secret ${where}`, /it names a table that does not exist/],
    ['a missing column', `SELECT secret ${where}`, /it names a column that does not exist/],
    ['a permission', `SELECT rolpassword AS id FROM pg_authid ${where}`, /its role lacks a permission/],
    ['writing', `CREATE TABLE secret AS SELECT 1 ${where}`, /it writes, in a read-only transaction/],
    ['parameters', 'SELECT 1 AS id', /it does not use exactly the parameters/],
    ['an unused parameter', 'SELECT $3::text AS id', /the type of a parameter is not clear; use each, with a cast/],
    ['two statements', 'SELECT 1; SELECT 2', /or is more than one statement/],
    [
      'other columns',
      `SELECT 1 AS secret_free ${where}`,
      /expected the columns id and, if it can, .*; got secret_free/,
    ],
    [
      'other values',
      `SELECT 'a' AS id, 'many' AS conversations ${where.replace('WHERE', 'WHERE true OR')}`,
      /got many/,
    ],
  ])('%s', async (_, sql, sentence) => {
    await admin.query(
      `DO $$ BEGIN CREATE ROLE lister LOGIN PASSWORD 'hunter2'; EXCEPTION WHEN others THEN NULL; END $$`,
    );
    const url = Object.assign(new URL(postgres.url), { username: 'lister', password: 'hunter2' }).href;
    const failure = await activity()
      .run(readers.directory, url, sql)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({
      type: 'DirectoryInvalid',
      nonRetryable: true,
      message: expect.stringMatching(sentence),
    });
    expect(JSON.stringify([failure, (failure as Error).message])).not.toMatch(/secret(?!_)|lister|hunter2|127\.0/);
  });
});

/** As PgBouncer ends a connection. */
function fatal(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}
