// Long because its stories share one database and one ingestion worker, which take longer to start than a story takes.
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { stopAll, temporaryDirectory } from '../../scripts/dev/processes.js';
import { completeness } from '../../src/reference-ingestion/completeness.js';
import { createIngestionWorker, type IngestionWorker } from '../../src/reference-ingestion/create-worker.js';
import { addFault, type Database, startDatabase } from '../reference-ingestion/stack.js';
import { useRig } from '../support/harness.js';
import type { BackfillHandle } from '../support/run.js';

/** What the orchestrator's worker sees. */
const environment: NodeJS.ProcessEnv = {};
const rig = useRig({ environment });

const INGESTION_QUEUE = 'verified-ingestion';
const range = { start: '2026-01-01', end: '2026-01-04' };
const verifySql = fileURLToPath(new URL('../../src/reference-ingestion/verify.sql', import.meta.url));

let database: Database;
let ingestion: IngestionWorker;
let ingesting: Promise<void>;
let connection: NativeConnection;
let folder: string;

beforeAll(async () => {
  folder = await temporaryDirectory('verify');
  database = await startDatabase({
    customers: [
      { id: 'cvs', cluster: 'us-west-2-prod', conversations: 300 },
      { id: 'sky', cluster: 'us-west-2-prod', conversations: 60 },
    ],
    range,
  });
  Object.assign(environment, { BACKFILL_VERIFY_URL: database.verifierUrl, BACKFILL_VERIFY_SQL_FILE: verifySql });
  connection = await NativeConnection.connect({ address: inject('address') });
  const workflowsPath = fileURLToPath(new URL('../../src/reference-ingestion/workflows/index.ts', import.meta.url));
  ingestion = await createIngestionWorker({
    connection,
    namespace: 'ingestion',
    taskQueue: INGESTION_QUEUE,
    workflowBundle: await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') }),
    databaseUrl: database.reindexerUrl,
  });
  ingesting = ingestion.worker.run();
});
afterAll(async () => {
  ingestion?.worker.shutdown();
  await ingesting;
  await ingestion?.close();
  await connection?.close();
  await database?.owner.end();
  await stopAll();
});
beforeEach(async () => {
  await database.owner.query('TRUNCATE scorecards, agent_daily, agent_monthly, reference.faults');
  await database.owner.query('DELETE FROM reference.window_executions');
});

const start = (input: Record<string, unknown>) =>
  rig.startBackfill({ customers: ['cvs', 'sky'], ...range, ...input, child: { taskQueue: INGESTION_QUEUE } });

const checksIn = async (run: BackfillHandle) => (await run.inputsOf('checkWindows')).length;

/** Makes the window over noon of a day take so long. */
const slow = (customer: string, day: string, milliseconds: number) =>
  addFault(database, { customer, kind: 'slow', covers: `${day}T12:00:00Z`, parameters: { milliseconds } });

/** What is wrong with a customer's scorecards in the database. */
async function wrongIn(customer: string): Promise<{ missing: number; wrongAggregates: number }> {
  const { customers } = await completeness(database.owner, range);
  return customers.find(({ customerId }) => customerId === customer)!;
}

/** Of the days of both customers, in the database. */
async function stored(): Promise<{ conversations: number; scorecards: number }> {
  const { rows } = await database.owner.query(
    `SELECT (SELECT count(*)::integer FROM conversations) AS conversations,
       (SELECT count(*)::integer FROM scorecards) AS scorecards`,
  );
  return rows[0];
}

describe('a run that verifies', () => {
  it('counts every day, and its report proves it', async () => {
    const run = await start({ verify: 'report', parallelism: 2 });
    const { proof, totals, attention } = await run.report();
    expect(attention).toEqual([]);
    expect(proof.totals).toEqual({ rows: 6, days: 6, verifiedDays: 6, conversations: 360, scorecards: 360 });
    expect(totals).toMatchObject({ done: 6 });
    expect(proof.rows[0]).toEqual([
      'cvs',
      '2026-01-01',
      expect.any(Number),
      expect.any(Number),
      run.childId('cvs', '2026-01-01'),
      expect.stringMatching(/^2\d{3}-.*Z$/),
      1,
      true,
    ]);
    // One to see whether it can be done, and one for all windows.
    expect(await checksIn(run)).toBe(2);
    expect(await run.effects()).toContain('verified 6 days: nothing is missing');
  });

  it('finds the holes that a window left, names them, and its days are done', async () => {
    await addFault(database, { customer: 'cvs', kind: 'hole', covers: '2026-01-02T12:00:00Z' });
    const run = await start({ verify: 'report', window: '10d' });
    const { attention, totals, proof } = await run.report();
    const found = attention.map(({ message }) => message)[0]!;
    expect(attention).toEqual([
      {
        customer: 'cvs',
        days: ['2026-01-01', '2026-01-02', '2026-01-03'],
        class: 'missing',
        attempts: 1,
        message: expect.stringMatching(/^\d+ of 300 conversations have no current scorecard$/),
        workflowId: run.childId('cvs', '2026-01-01--2026-01-04'),
        nextStep: expect.stringMatching(/resetDay/),
      },
    ]);
    const missing = Number(found.split(' ')[0]);
    expect(missing).toBeGreaterThan(0);
    expect(await stored()).toEqual({ conversations: 360, scorecards: 360 - missing });
    expect(totals).toMatchObject({ done: 6, failed: 0 });
    expect(proof.totals).toMatchObject({ days: 6, verifiedDays: 3, conversations: 360, scorecards: 360 - missing });
  });

  it('repairs the days with holes, and only those', async () => {
    const run = await start({ verify: 'repair', window: '10d', customers: ['sky', 'cvs'] });
    // Of one day in the middle of a window: what a crash between aggregate and scorecard leaves behind.
    await run.report();
    await database.owner.query(
      `DELETE FROM scorecards WHERE customer_id = 'cvs' AND day = '2026-01-02' AND conversation_id LIKE '%7'`,
    );
    const found = await start({ verify: 'repair', customers: [{ id: 'cvs', done: ['2026-01-01--2026-01-04'] }] });
    const { proof, totals } = await found.report();
    expect(await found.started()).toEqual(['cvs-2026-01-02']);
    expect(totals).toMatchObject({ done: 3, windows: { started: 1 } });
    expect(await stored()).toEqual({ conversations: 360, scorecards: 360 });
    expect(proof.totals).toMatchObject({ days: 3, verifiedDays: 3, conversations: 300, scorecards: 300 });
    expect(proof.rows.map(([, day, , , window, , attempts]) => [day, window, attempts])).toEqual([
      ['2026-01-01', null, 0],
      ['2026-01-02', found.childId('cvs', '2026-01-02'), 1],
      ['2026-01-03', null, 0],
    ]);
  });

  it('repairs what was lost between a window and its check, be it that the aggregates are there', async () => {
    await slow('cvs', '2026-01-03', 2_000);
    const run = await start({ verify: 'repair', customers: ['cvs'] });
    await run.until(({ totals }) => totals.windows.completed === 2);
    const lost = await database.owner.query(
      `DELETE FROM scorecards WHERE customer_id = 'cvs' AND day = '2026-01-02' AND conversation_id LIKE '%3'`,
    );
    expect(lost.rowCount).toBeGreaterThan(0);
    const { proof, attention } = await run.report();
    expect(await run.started()).toEqual([1, 2, 3, 2].map((day) => `cvs-2026-01-0${day}`));
    expect(attention).toEqual([]);
    expect(proof.totals).toMatchObject({ verifiedDays: 3, conversations: 300, scorecards: 300 });
    expect(await wrongIn('cvs')).toMatchObject({ missing: 0, wrongAggregates: 0 });
  });

  it('repairs what a crash left out, between the scorecards of a page and their aggregates', async () => {
    const parameters = { afterPages: 0, activityAttempts: 1, ahead: true };
    await addFault(database, { customer: 'sky', kind: 'unknown', covers: '2026-01-02T12:00:00Z', parameters, last: 1 });
    const run = await start({ verify: 'repair', customers: ['sky'] });
    const { proof, totals } = await run.report();
    expect(await run.started()).toEqual([1, 2, 3, 2].map((day) => `sky-2026-01-0${day}`));
    // Its worker's second attempt went on behind the page: the window completed, with nothing of the day.
    expect(totals.windows).toMatchObject({ completed: 4, failed: 0 });
    expect(await run.effects()).toContainEqual(
      expect.stringMatching(/^sky 2026-01-02: (\d+) of \1 conversations have no .*; runs again \(repair 1 of 2\)$/),
    );
    expect(proof.totals).toMatchObject({ verifiedDays: 3, conversations: 60, scorecards: 60 });
    expect(await wrongIn('sky')).toMatchObject({ missing: 0, wrongAggregates: 0 });
  });

  it('starts no check while the run is paused, and continues with them after resume', async () => {
    await slow('sky', '2026-01-02', 1_500);
    const run = await start({ verify: 'report', customers: ['sky'], window: '10d' });
    await run.until(({ totals }) => totals.windows.started === 1);
    await run.update('pause', { reason: 'backup' });
    const paused = await run.until(({ totals }) => totals.windows.completed === 1);
    expect(paused).toMatchObject({ status: 'paused', totals: { running: 0, verifying: 3, done: 0 } });
    expect(await checksIn(run)).toBe(1);
    await run.update('resume');
    expect((await run.report()).proof.totals).toMatchObject({ verifiedDays: 3 });
    expect(await checksIn(run)).toBe(2);
  });

  it('verifies as well what completed before it, and what was added on the way', async () => {
    const prefix = `earlier-${randomUUID().slice(0, 8)}`;
    const input = { ...range, child: { taskQueue: INGESTION_QUEUE } };
    const earlier = await rig.startBackfill({ ...input, customers: ['cvs', 'sky'], end: '2026-01-03' }, { prefix });
    await earlier.report();
    await earlier.listed(4, 4);
    await database.owner.query(`DELETE FROM scorecards WHERE customer_id = 'sky' AND day = '2026-01-01'`);
    await slow('cvs', '2026-01-03', 2_000);
    const run = await rig.startBackfill({ ...input, customers: ['cvs'], verify: 'repair', resume: true }, { prefix });
    await run.until(({ totals }) => totals.windows.started === 1);
    await run.update('addCustomers', { customers: ['sky'] });
    const { proof, totals } = await run.report();
    expect((await run.started()).sort()).toEqual(['cvs-2026-01-03', 'sky-2026-01-01', 'sky-2026-01-03']);
    expect(totals).toMatchObject({ days: 6, done: 6 });
    expect(proof.totals).toEqual({ rows: 6, days: 6, verifiedDays: 6, conversations: 360, scorecards: 360 });
    expect(proof.rows.filter(([, , , , window]) => window === null).map(([id, day]) => `${id} ${day}`)).toEqual([
      'cvs 2026-01-01',
      'cvs 2026-01-02',
      'sky 2026-01-02',
    ]);
  });

  it('repairs what a first try left out, and says how often it ran', async () => {
    await addFault(database, { customer: 'cvs', kind: 'hole', covers: '2026-01-02T12:00:00Z', last: 1 });
    const run = await start({ verify: 'repair', customers: ['cvs'] });
    const { proof, attention } = await run.report();
    expect(attention).toEqual([]);
    expect(await run.started()).toEqual([1, 2, 3, 2].map((day) => `cvs-2026-01-0${day}`));
    expect(proof.rows.map((row) => row.at(-2))).toEqual([1, 2, 1]);
    expect(proof.totals).toMatchObject({ verifiedDays: 3, conversations: 300, scorecards: 300 });
    expect(await run.effects()).toContainEqual(
      expect.stringMatching(
        /^cvs 2026-01-02: \d+ of \d+ conversations have no current scorecard; runs again \(repair 1 of 2\)$/,
      ),
    );
  });

  it('gives up after so many repairs, with the numbers; retryFailed counts from zero', async () => {
    await addFault(database, { customer: 'sky', kind: 'hole', covers: '2026-01-02T12:00:00Z', last: 4 });
    const run = await start({ verify: { mode: 'repair', repairs: 1 }, customers: ['sky'] });
    const waiting = await run.until(({ status }) => status === 'waitingForOperator');
    expect(waiting.customers).toEqual([{ id: 'sky', days: 'dfd' }]);
    expect(waiting.attention).toEqual([
      {
        customer: 'sky',
        days: ['2026-01-02'],
        class: 'missing',
        attempts: 2,
        message: expect.stringMatching(/^\d+ of \d+ conversations still have no current scorecard after 1 repair$/),
        workflowId: run.childId('sky', '2026-01-02'),
        nextStep: expect.stringMatching(/retryFailed/),
      },
    ]);
    await run.update('retryFailed');
    await run.until(({ totals }) => totals.windows.started === 6);
    await run.until(({ status }) => status === 'waitingForOperator');
    await run.update('retryFailed');
    expect(await run.report()).toMatchObject({ totals: { done: 3, windows: { started: 7 } }, attention: [] });
  });

  it('does not take for a gap what arrived, or changed, after its window had started', async () => {
    await slow('sky', '2026-01-03', 3_000);
    const run = await start({ verify: 'repair', customers: ['sky'] });
    await run.until(({ customers }) => customers[0]!.days === 'vvr');
    await run.until(({ totals }) => totals.windows.completed === 2);
    const late = `INSERT INTO conversations (customer_id, id, started_at, agent_id, channel, duration_seconds)
      VALUES ('sky', 'late', '2026-01-01T12:00:00Z', 'agent-0001', 'chat', 5)`;
    await database.owner.query(late);
    const changed = await database.owner.query(
      `UPDATE conversations SET revision = 2 WHERE customer_id = 'sky' AND started_at < '2026-01-02' AND id <> 'late'`,
    );
    const { proof, attention } = await run.report();
    expect(attention).toEqual([]);
    expect(await run.started()).toHaveLength(3);
    expect(proof.totals).toMatchObject({
      verifiedDays: 3,
      conversations: 60 - changed.rowCount!,
      scorecards: 60 - changed.rowCount!,
    });
    // Live ingestion brings these up to date; nobody else here does.
    await database.owner.query(`DELETE FROM conversations WHERE id = 'late'`);
    await database.owner.query(`UPDATE conversations SET revision = 1 WHERE revision = 2`);
    await database.owner.query(`UPDATE conversations SET revised_at = ingested_at`);
  });
});

describe('a run that cannot verify', () => {
  const failing = async (cluster: string, sql: string, mode = 'report') => {
    const file = join(folder, `${cluster}.sql`);
    await writeFile(file, sql);
    environment[`BACKFILL_VERIFY_SQL_FILE_${cluster.toUpperCase()}`] = file;
    return start({ cluster, verify: mode });
  };

  it('ends before anything starts when the worker has no settings, and names them', async () => {
    environment.BACKFILL_VERIFY_SQL_FILE_NOWHERE = join(folder, 'nowhere.sql');
    const run = await start({ cluster: 'nowhere', verify: 'report' });
    expect(await run.failure()).toMatchObject({
      type: 'InvalidInput',
      message: expect.stringMatching(/^verify: .*BACKFILL_VERIFY_SQL_FILE_NOWHERE.* can't be read: ENOENT$/),
    });
    expect(await run.started()).toEqual([]);
    const { BACKFILL_VERIFY_URL: url } = environment;
    delete environment.BACKFILL_VERIFY_URL;
    try {
      const message = (await (await start({ verify: 'repair' })).failure()).message;
      expect(message).toMatch(/^verify: .*the worker's environment lacks BACKFILL_VERIFY_URL$/);
    } finally {
      environment.BACKFILL_VERIFY_URL = url;
    }
  });

  it('never says a password or the SQL, neither in a failure nor in the history', async () => {
    const [password, table] = ['hunter2-hunter2', 'a_table_of_ours'];
    const wrong = Object.assign(new URL(database.verifierUrl), { password }).href;
    environment.BACKFILL_VERIFY_URL_LOCKED = wrong;
    const locked = await start({ cluster: 'locked', verify: 'report' });
    const unknown = await failing('unknown', `SELECT $1, $2, $3, $4 FROM ${table}`);
    for (const run of [locked, unknown]) {
      expect(await run.failure()).toMatchObject({ type: 'InvalidInput' });
      const history = JSON.stringify(await run.events()).replaceAll(/"data":"([^"]*)"/g, (_, data) =>
        Buffer.from(data, 'base64').toString(),
      );
      expect(history).toContain('BACKFILL_VERIFY_URL');
      for (const secret of [password, table, 'backfill_verifier', 'SELECT']) expect(history).not.toContain(secret);
    }
    expect((await locked.failure()).message).toMatch(/the verify database: it refuses the password/);
  });

  it('ends before anything starts when the SQL would write, whatever its role may', async () => {
    environment.BACKFILL_VERIFY_URL_WRITING = database.server.url;
    const sql = `INSERT INTO rubrics (version, introduced_at)
      SELECT 9, ($2::timestamptz[])[1] WHERE $1::text[] IS NOT NULL AND $3::text IS NULL AND $4::text IS NULL`;
    const run = await failing('writing', sql);
    expect((await run.failure()).message).toMatch(/refuses the SQL \(SQLSTATE 25006\)/);
    expect(await run.started()).toEqual([]);
  });

  it.each([
    ['parameters', 'SELECT 1 AS "window"', /refuses the SQL \(SQLSTATE 08P01\)/],
    [
      'columns',
      'SELECT ordinality AS "window", c FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[]) WITH ORDINALITY AS w (c)',
      /expected the columns window, day, conversations, missing; got window, c$/,
    ],
    ['syntax', 'SELECT secret FROM nowhere', /refuses the SQL \(SQLSTATE 42P01\)/],
  ])('ends before anything starts when the SQL is wrong: %s', async (cluster, sql, message) => {
    const run = await failing(cluster, sql);
    const failure = await run.failure();
    expect(failure).toMatchObject({ type: 'InvalidInput', message: expect.stringMatching(message) });
    expect(failure.message).not.toMatch(/secret/);
    expect(await run.started()).toEqual([]);
  });

  it('says so when a check fails later: in a report the days are done, but not verified', async () => {
    const later = `SELECT 1 AS "window", '2026-01-01' AS day, 5 AS conversations, 1 / (n - n) AS missing
      FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[]) WITH ORDINALITY AS w (a, b, c, d, n)`;
    const run = await failing('later', later);
    const { totals, proof, attention } = await run.report();
    expect(totals).toMatchObject({ done: 6 });
    expect(proof.totals).toMatchObject({ days: 6, verifiedDays: 0 });
    expect(attention).toHaveLength(6);
    expect(attention[0]).toMatchObject({
      class: 'unverified',
      message: expect.stringMatching(
        /^could not be verified: the verify database: it refuses the SQL \(SQLSTATE 22012\)/,
      ),
    });
  });

  it('says so when the SQL is too slow, after a second try', async () => {
    environment.BACKFILL_VERIFY_SECONDS_SLOW = '1';
    const sql = `SELECT n AS "window", '2026-01-01' AS day, 1 AS conversations, 0 AS missing, pg_sleep(5)
      FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[]) WITH ORDINALITY AS w (a, b, c, d, n)`;
    const run = await failing('slow', sql);
    const { attention } = await run.report();
    expect(attention).toHaveLength(6);
    expect(attention[0]!.message).toBe('could not be verified: the verify database: a query took longer than 1 s');
    const tries = (await run.events()).flatMap(
      ({ activityTaskStartedEventAttributes: started }) => started?.attempt ?? [],
    );
    expect(Math.max(...tries)).toBe(2);
  });

  it('fails the days where it should repair', async () => {
    const run = await failing(
      'failing',
      `SELECT ordinality AS "window", '2026-01-09' AS day, 1 AS conversations, 0 AS missing
      FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[]) WITH ORDINALITY`,
      'repair',
    );
    const { attention, totals } = await run.until(({ status }) => status === 'waitingForOperator');
    expect(totals).toMatchObject({ failed: 6 });
    expect(attention[0]!.message).toMatch(/^could not be verified: .*day of window 1; got 2026-01-09$/);
    await run.update('finish');
  });
});
