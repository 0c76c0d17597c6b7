// Long because its stories share one database, which takes longer to start than a story takes.
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { completeness } from '../../src/reference-ingestion/completeness.js';
import { createPool, inTransaction } from '../../src/reference-ingestion/database.js';
import { parseWindow } from '../../src/reference-ingestion/window.js';
import {
  addFault,
  type Database,
  eventually,
  failureOf,
  results,
  startDatabase,
  startTemporal,
  type Temporal,
  withoutTimes,
} from './stack.js';

const range = { start: '2026-01-01', end: '2026-02-01' };
const customers = [
  { cluster: 'voice-prod', id: 'acme', conversations: 300 },
  { cluster: 'voice-prod', id: 'tiny', conversations: 3 },
];
let database: Database;
let temporal: Temporal;

beforeAll(async () => {
  [database, temporal] = await Promise.all([startDatabase({ customers, range }), startTemporal()]);
});
afterAll(async () => {
  await temporal?.stop();
  await database?.stop();
});
beforeEach(async () => {
  await database.owner.query(
    'TRUNCATE scorecards, agent_daily, agent_monthly, reference.faults, reference.window_executions',
  );
});

const withWorker = async (body: () => Promise<void>) =>
  await temporal.withWorker({ databaseUrl: database.reindexerUrl }, body);
const month = async (customer = 'acme', options = {}) =>
  await (await temporal.start(customer, range.start, range.end, options)).result();
const state = async (customer: string) =>
  (await completeness(database.owner, { ...range, customers: [customer] })).total;

describe('a window', () => {
  it('leaves no conversation of its month without a current scorecard and no aggregate wrong', async () => {
    await withWorker(async () => {
      expect(await month()).toEqual({ customerId: 'acme', conversations: 300, scorecards: 300, pages: 3 });
      expect(await month('tiny')).toEqual({ customerId: 'tiny', conversations: 3, scorecards: 3, pages: 1 });
    });
    expect(await state('acme')).toMatchObject({ conversations: 300, scorecards: 300, missing: 0, wrongAggregates: 0 });
    expect(await state('tiny')).toMatchObject({ conversations: 3, scorecards: 3, missing: 0, wrongAggregates: 0 });
  });

  it('run twice, or cut into any smaller windows, leaves the same rows', async () => {
    await withWorker(async () => {
      await month('acme', { pageSize: 7 });
      const once = withoutTimes(await results(database));
      await month();
      expect(withoutTimes(await results(database))).toEqual(once);

      await database.owner.query('TRUNCATE scorecards, agent_daily, agent_monthly');
      const cuts = [range.start, '2026-01-05T13:00:00+01:00', '2026-01-05T12:34:56.789Z', '2026-01-20', range.end];
      // In no order, and the second and third overlap.
      for (const [from, to] of [
        [3, 4],
        [1, 3],
        [0, 2],
      ] as const) {
        await (await temporal.start('acme', cuts[from]!, cuts[to]!)).result();
      }
      expect(withoutTimes(await results(database))).toEqual(once);
    });
  });

  it('reads every conversation once, though they start within one millisecond', async () => {
    await database.owner.query("INSERT INTO customers VALUES ('burst', 'voice-prod') ON CONFLICT DO NOTHING");
    await database.owner.query(
      `INSERT INTO conversations (customer_id, id, started_at, agent_id, channel, duration_seconds)
       SELECT 'burst', n::text, '2026-01-10T10:00:00Z'::timestamptz + (n / 2) * interval '1 microsecond', 'a', 'chat', 1
       FROM generate_series(1, 40) n`,
    );
    await withWorker(async () => {
      expect(await month('burst', { pageSize: 3 })).toMatchObject({ conversations: 40, scorecards: 40, pages: 14 });
    });
    await database.owner.query("DELETE FROM conversations WHERE customer_id = 'burst'");
  });

  it('takes a conversation that moved to another agent off the old one', async () => {
    await withWorker(async () => {
      await month();
      await database.owner.query(
        "UPDATE conversations SET agent_id = 'agent-moved', revision = 2 WHERE id = 'acme-0000001'",
      );
      expect(await state('acme')).toMatchObject({ missing: 1, stale: 1 });
      await month();
      expect(await state('acme')).toMatchObject({ missing: 0, wrongAggregates: 0 });
    });
    await database.owner.query("UPDATE conversations SET agent_id = 'agent-0001' WHERE id = 'acme-0000001'");
  });

  it.each([
    [{ customerId: '', startTime: '2026-01-01', endTime: 7 }, /customerId: .*startTime: .*endTime: /],
    [{ customerId: 'acme', startTime: '2026-02-30T00:00:00Z', endTime: '2026-03-01T00:00:00Z' }, /startTime: expected/],
    [{ customerId: 'acme', startTime: '2026-01-02T00:00:00Z', endTime: '2026-01-02T00:00:00Z' }, /endTime: expected/],
    [
      { customerId: 'acme', startTime: '2026-01-01T00:00:00Z', endTime: '2026-01-02T00:00:00Z', options: { x: 1 } },
      /options.x/,
    ],
    ['acme', /argument: expected an object/],
  ])('refuses %j', (argument, message) => {
    expect(() => parseWindow(argument)).toThrow(message);
  });

  it('with a wrong argument fails at once and for good', async () => {
    await withWorker(async () => {
      const failure = await failureOf(await temporal.start('', range.start, range.end));
      expect(failure).toMatchObject({ type: 'InvalidArgument', nonRetryable: true });
    });
  });

  it('refuses an unknown customer', async () => {
    await withWorker(async () => {
      const failure = await failureOf(await temporal.start('nobody', range.start, range.end));
      expect(failure).toMatchObject({ type: 'NotFound', nonRetryable: true });
    });
  });
});

describe('an interrupted window', () => {
  it('continues after the last committed page', async () => {
    await addFault(database, { customer: 'acme', kind: 'unknown', parameters: { afterPages: 2, activityAttempts: 1 } });
    await withWorker(async () => {
      const { resumedFrom, ...result } = await month('acme', { pageSize: 100 });
      expect(resumedFrom).toBe('acme-0000200');
      expect(result).toEqual({ customerId: 'acme', conversations: 300, scorecards: 300, pages: 3 });
    });
    expect(await state('acme')).toMatchObject({ missing: 0, wrongAggregates: 0 });
    // A row that an upsert found and wrote again carries the mark of the lock it took.
    const { rows } = await database.owner.query("SELECT FROM scorecards WHERE xmax <> '0'");
    expect(rows).toHaveLength(0);
  });

  it('ends as cancelled when it is asked to between pages, and its log says so', async () => {
    await addFault(database, { customer: 'acme', kind: 'slow', parameters: { afterPages: 1, milliseconds: 60_000 } });
    await withWorker(async () => {
      const handle = await temporal.start('acme', range.start, range.end);
      await eventually(async () => (await scored()) === 100, 'the first page');
      await handle.cancel();
      expect(await failureOf(handle)).toBeInstanceOf(CancelledFailure);
    });
    expect(await scored()).toBe(100);
    const { rows } = await database.owner.query('SELECT outcome, ended_at FROM reference.window_executions');
    expect(rows).toEqual([{ outcome: 'cancelled', ended_at: expect.any(Date) }]);
  });

  it('ends as cancelled when it is asked to while a statement waits for a lock', async () => {
    const blocker = await database.owner.connect();
    try {
      await blocker.query('BEGIN');
      await blocker.query('LOCK TABLE agent_monthly IN EXCLUSIVE MODE');
      await withWorker(async () => {
        const handle = await temporal.start('acme', range.start, range.end, { heartbeatTimeoutMs: 1_000 });
        await eventually(waitingForLock, 'the worker to wait');
        await handle.cancel();
        expect(await failureOf(handle)).toBeInstanceOf(CancelledFailure);
        await eventually(async () => !(await waitingForLock()), 'the statement to end');
      });
    } finally {
      blocker.release(true);
    }
  });

  it('fails with the real SQLSTATE when the database finds a deadlock', async () => {
    const other = await database.owner.connect();
    await withWorker(async () => {
      await month();
      const { rows } = await database.owner.query(
        "SELECT agent_id, min(day)::text AS day FROM scorecards WHERE customer_id = 'acme' GROUP BY 1 ORDER BY min(started_at)",
      );
      const refresh = async ({ agent_id, day }: { agent_id: string; day: string }) =>
        await other.query("SELECT refresh_agent_day('acme', $1, $2)", [agent_id, day]);
      // The window comes to the last agent when it already holds the first; the other way round for this transaction,
      // which is more patient, so that the window is the victim.
      await other.query("SET deadlock_timeout = '1min'");
      await other.query('BEGIN');
      await refresh(rows.at(-1));
      const handle = await temporal.start('acme', range.start, range.end, { activityAttempts: 1 });
      await eventually(waitingForLock, 'the worker to wait');
      await refresh(rows[0]);
      const failure = await failureOf(handle);
      expect(failure).toBeInstanceOf(ApplicationFailure);
      expect(failure).toMatchObject({
        type: 'DatabaseError',
        message: 'deadlock detected (SQLSTATE 40P01)',
        details: [{ sqlstate: '40P01' }],
        nonRetryable: false,
      });
    });
    await other.query('ROLLBACK');
    other.release(true);
  });

  it('does not keep the worker from working after the database was restarted', async () => {
    await withWorker(async () => {
      await month('tiny');
      await database.server.restart();
      expect(await month('tiny', { activityAttempts: 5 })).toMatchObject({ scorecards: 3 });
    });
  });
});

describe('two transactions', () => {
  it('that meet on one agent leave aggregates with the conversations of both', async () => {
    const { rows } = await database.owner.query(
      `SELECT agent_id, array_agg(id ORDER BY id) AS ids, (started_at AT TIME ZONE 'UTC')::date::text AS day
       FROM conversations WHERE customer_id = 'acme' GROUP BY 1, 3 ORDER BY count(*) DESC LIMIT 1`,
    );
    const { agent_id: agent, ids, day } = rows[0];
    const pool = createPool(database.reindexerUrl, 2, () => undefined);
    const write = async (client: pg.PoolClient, id: string) => {
      await client.query('BEGIN');
      await client.query(
        `INSERT INTO scorecards (customer_id, conversation_id, conversation_revision, rubric_version, agent_id,
           started_at, score, criteria)
         SELECT customer_id, id, revision, 1, agent_id, started_at, 50, '{}' FROM conversations WHERE id = $1`,
        [id],
      );
    };
    const refresh = async (client: pg.PoolClient) =>
      await client.query("SELECT refresh_agent_day('acme', $1, $2)", [agent, day]);
    const [first, second] = [await pool.connect(), await pool.connect()];
    await write(first, ids[0]);
    await write(second, ids[1]);
    await refresh(first);
    const waiting = refresh(second);
    await eventually(waitingForLock, 'the second to wait for the first');
    await first.query('COMMIT');
    await waiting;
    await second.query('COMMIT');
    first.release();
    second.release();
    await pool.end();
    const daily = await database.owner.query('SELECT conversations, score_total::float8 FROM agent_daily');
    expect(daily.rows).toEqual([{ conversations: 2, score_total: 100 }]);
    expect(await state('acme')).toMatchObject({ scorecards: 2, wrongAggregates: 0 });
  });
});

describe('a transaction', () => {
  it('that is called off ends its statement on the server and gives its connection back usable', async () => {
    const pool = createPool(database.reindexerUrl, 2, () => undefined);
    const controller = new AbortController();
    const sleeping = async () => {
      const { rows } = await database.owner.query("SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(%'");
      return rows.length > 0;
    };
    const limits = { signal: controller.signal, statementTimeoutMs: 60_000 };
    const running = inTransaction(pool, limits, async (transaction) => {
      await transaction.query('SELECT pg_sleep(600)');
    });
    const outcome = running.catch((error: unknown) => error);
    await eventually(sleeping, 'the statement to run');
    controller.abort(new Error('called off'));
    expect(await outcome).toMatchObject({ message: 'called off' });
    expect((await pool.query('SELECT count(*)::integer AS n FROM customers')).rows).toEqual([
      { n: expect.any(Number) },
    ]);
    await pool.end();
  });
});

async function scored(): Promise<number> {
  return (await database.owner.query('SELECT count(*)::integer AS n FROM scorecards')).rows[0].n;
}

async function waitingForLock(): Promise<boolean> {
  const { rows } = await database.owner.query(
    "SELECT FROM pg_stat_activity WHERE usename = 'reindexer' AND wait_event_type = 'Lock'",
  );
  return rows.length > 0;
}
