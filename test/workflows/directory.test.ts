import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres } from '../../scripts/dev/postgres.js';
import { stopAll } from '../../scripts/dev/processes.js';
import { useRig } from '../support/harness.js';
import { startProxy } from '../support/proxy.js';
import { type BackfillHandle, until } from '../support/run.js';

const folder = mkdtempSync(join(tmpdir(), 'backfill-directory-'));
afterAll(() => rmSync(folder, { recursive: true }));

function directoryFile(content: unknown): string {
  const file = join(folder, `${crypto.randomUUID()}.json`);
  writeFileSync(file, JSON.stringify(content));
  return file;
}

const range = { start: '2026-01-01', end: '2026-01-02' };

describe('customers "all" with a directory by cluster', () => {
  const rig = useRig({
    environment: {
      BACKFILL_DIRECTORY_FILE: directoryFile({
        'us-west-2-prod': [
          { id: 'oportun', conversations: 2_600 },
          { id: 'cvs', conversations: 4_200 },
          'test-account',
        ],
        'eu-west-1-prod': ['sky'],
        new: [],
        bad: ['cvs', 'cvs', 'no spaces please'],
      }),
    },
  });

  it('runs all customers of the cluster but the excluded ones, the largest first', async () => {
    const run = await rig.startBackfill({
      customers: 'all',
      exclude: ['test-account', 'nobody'],
      cluster: 'us-west-2-prod',
      ...range,
    });
    expect(await run.report()).toMatchObject({
      cluster: 'us-west-2-prod',
      totals: { days: 2, done: 2 },
      customers: [{ id: 'oportun' }, { id: 'cvs' }],
    });
    expect(await run.started()).toEqual(['cvs-2026-01-01', 'oportun-2026-01-01']);
    expect((await run.log())[0]!.effect).toBe(
      'the directory has 2 customers for this run; excluded, but not in it: nobody',
    );
  });

  it('says which clusters there are when it does not know the one asked for', async () => {
    const run = await rig.startBackfill({ customers: 'all', cluster: 'us-west-3-prod', ...range });
    expect(await causes(run.failure())).toMatch(
      /no cluster "us-west-3-prod"; it has us-west-2-prod, eu-west-1-prod, new, bad/,
    );
  });

  it('says that exclude leaves nobody, of how many, for which cluster and range', async () => {
    const run = await rig.startBackfill({ customers: 'all', exclude: ['sky'], cluster: 'eu-west-1-prod', ...range });
    expect(await run.failure()).toMatchObject({
      type: 'InvalidInput',
      message:
        'exclude: expected to leave some of the customers that the directory names for cluster "eu-west-1-prod", ' +
        '2026-01-01 to 2026-01-02, got ["sky"], which leaves none of 1',
    });
  });

  it('says which directory was asked for what when it is empty', async () => {
    const run = await rig.startBackfill({ customers: 'all', cluster: 'new', ...range });
    expect(await run.failure()).toMatchObject({
      type: 'InvalidInput',
      message:
        'customers: expected "all" with a customer directory that names some, got the directory file ' +
        '(BACKFILL_DIRECTORY_FILE) has no customers for cluster "new", 2026-01-01 to 2026-01-02; ' +
        "check the run's cluster and range, and the list in that file",
    });
    expect(await run.started()).toEqual([]);
  });

  it('fails as InvalidInput, naming each, when the directory has ids that cannot be', async () => {
    const run = await rig.startBackfill({ customers: 'all', cluster: 'bad', ...range });
    const failure = await run.failure();
    expect(failure.type).toBe('InvalidInput');
    expect(failure.message).toMatch(/from the directory.*\[1\].*each customer once/);
    expect(failure.message).toMatch(/from the directory.*\[2\].*an id of 1 to 200/);
  });
});

describe('customers "all" without a directory', () => {
  const rig = useRig();

  it('fails, and says what to set', async () => {
    const run = await rig.startBackfill({ customers: 'all', ...range });
    expect(await causes(run.failure())).toMatch(
      /customers "all" needs a customer directory; set BACKFILL_DIRECTORY_FILE/,
    );
    expect(await run.started()).toEqual([]);
  });
});

describe('customers "all" with a directory in a database', () => {
  const environment: NodeJS.ProcessEnv = {};
  const rig = useRig({ environment });
  let url: string;
  let admin: pg.Client;

  beforeAll(async () => {
    ({ url } = await startPostgres());
    admin = new pg.Client(url);
    await admin.connect();
    await admin.query(`CREATE TABLE customers (id text); INSERT INTO customers VALUES ('cvs'), ('sky')`);
    environment.BACKFILL_DIRECTORY_DATABASE_URL = url;
  });
  afterAll(async () => {
    await admin?.end();
    await stopAll();
  });

  const asking = (sql: string) => Object.assign(environment, { BACKFILL_DIRECTORY_SQL: sql });
  const EVERYBODY = `SELECT id FROM customers WHERE $1::text IS DISTINCT FROM id AND $2::date < $3`;

  it('survives that its connection ends in mid-query, or is cut: the worker lives, and asks again', async () => {
    const proxy = await startProxy(url);
    environment.BACKFILL_DIRECTORY_DATABASE_URL = proxy.url;
    asking(`${EVERYBODY} AND pg_advisory_xact_lock_shared(7) IS NOT NULL`);
    const waiting = async () => {
      const { rows } = await admin.query(`SELECT pid FROM pg_stat_activity WHERE wait_event = 'advisory'`);
      return rows.map(({ pid }) => pid as number);
    };
    await admin.query('SELECT pg_advisory_lock(7)');
    const run = await rig.startBackfill({ customers: 'all', ...range });
    const [first] = await until(waiting, (pids) => pids.length > 0);
    await admin.query('SELECT pg_terminate_backend($1)', [first]);
    const second = (await until(waiting, (pids) => pids.some((pid) => pid !== first))).find((pid) => pid !== first);
    proxy.cut();
    await until(waiting, (pids) => pids.some((pid) => pid !== first && pid !== second));
    await admin.query('SELECT pg_advisory_unlock(7)');
    expect(await run.report()).toMatchObject({ totals: { done: 2 } });
    expect(await attempts(run)).toEqual([1, 1, 1]);
    proxy.close();
    environment.BACKFILL_DIRECTORY_DATABASE_URL = url;
  });

  it('ends after one attempt when its SQL is wrong, with a sentence that has neither SQL nor host', async () => {
    asking(EVERYBODY.replace('customers', 'customer_list'));
    const run = await rig.startBackfill({ customers: 'all', ...range });
    const failure = await run.failure();
    expect(failure).toMatchObject({
      type: 'InvalidInput',
      message: expect.stringMatching(/^customers: .* it names a table that does not exist; the worker's log/),
    });
    expect(await attempts(run)).toEqual([1]);
    expect(await run.started()).toEqual([]);
    const history = JSON.stringify(await run.events()).replaceAll(/"data":"([^"]*)"/g, (_, data) =>
      Buffer.from(data, 'base64').toString(),
    );
    for (const secret of ['customer_list', 'SELECT', '127.0.0.1']) expect(history).not.toContain(secret);
  });

  it('ends when its SQL is wrong and windows are to be sized by its volumes, naming the field that needs it', async () => {
    asking('SELECT id FROM customer_list');
    const run = await rig.startBackfill({ customers: ['cvs'], window: { initial: 'auto' }, ...range });
    expect(await run.failure()).toMatchObject({
      type: 'InvalidInput',
      message: expect.stringMatching(/^window\.initial: expected a size, or "auto" with .*refuses the SQL/),
    });
    expect(await run.started()).toEqual([]);
  });

  it('says which directory was asked for what when it is empty', async () => {
    asking(`${EVERYBODY} AND false`);
    const run = await rig.startBackfill({ customers: 'all', cluster: 'us-west-2-prod', ...range });
    expect(await run.failure()).toMatchObject({
      type: 'InvalidInput',
      message:
        'customers: expected "all" with a customer directory that names some, got the directory database ' +
        '(BACKFILL_DIRECTORY_SQL) has no customers for cluster "us-west-2-prod", 2026-01-01 to 2026-01-02; ' +
        "check the run's cluster and range, and what the SQL returns for them",
    });
  });

  /** How often each look-up of the directory was tried. */
  async function attempts(run: BackfillHandle): Promise<number[]> {
    const events = await run.events();
    const ids = events.flatMap(({ eventId, activityTaskScheduledEventAttributes: activity }) =>
      activity?.activityType?.name === 'listCustomers' ? [String(eventId)] : [],
    );
    return events.flatMap(({ activityTaskStartedEventAttributes: started }) =>
      started && ids.includes(String(started.scheduledEventId)) ? [started.attempt!] : [],
    );
  }
});

/** Every message of a failure's cause chain. */
async function causes(failure: Promise<Error>): Promise<string> {
  const messages: string[] = [];
  for (let at: unknown = await failure; at instanceof Error; at = at.cause) messages.push(at.message);
  return messages.join(': ');
}
