import { TimeoutType } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { completeness } from '../../src/reference-ingestion/completeness.js';
import { applies, type FaultRule, parseFaultRules } from '../../src/reference-ingestion/faults.js';
import { addFault, type Database, failureOf, startDatabase, startTemporal, type Temporal } from './stack.js';

const range = { start: '2026-01-01', end: '2026-02-01' };
let database: Database;
let temporal: Temporal;

beforeAll(async () => {
  const customers = [{ cluster: 'voice-prod', id: 'acme', conversations: 100 }];
  [database, temporal] = await Promise.all([startDatabase({ customers, range }), startTemporal()]);
});
afterAll(async () => {
  await temporal?.stop();
  await database?.stop();
});
beforeEach(async () => {
  await database.owner.query('TRUNCATE scorecards, agent_daily, agent_monthly');
  await database.owner.query('TRUNCATE reference.faults, reference.window_executions');
});

const once = { activityAttempts: 1 };
const failures: [Omit<FaultRule, 'customerId'>, object][] = [
  [
    { kind: 'contention', parameters: {} },
    {
      name: 'ApplicationFailure',
      type: 'DatabaseError',
      message: 'deadlock detected (SQLSTATE 40P01)',
      details: [{ sqlstate: '40P01' }],
      nonRetryable: false,
    },
  ],
  [
    { kind: 'contention', parameters: { sqlstate: '40001', message: 'could not serialize access' } },
    { message: 'could not serialize access (SQLSTATE 40001)', details: [{ sqlstate: '40001' }] },
  ],
  [
    { kind: 'overload', parameters: {} },
    {
      type: 'DatabaseError',
      message: 'sorry, too many clients already (SQLSTATE 53300)',
      details: [{ sqlstate: '53300' }],
    },
  ],
  [
    { kind: 'permanent', parameters: {} },
    { name: 'ApplicationFailure', type: 'InvalidArgument', nonRetryable: true },
  ],
  [
    { kind: 'permanent', parameters: { type: 'PermissionDenied' } },
    { type: 'PermissionDenied', nonRetryable: true },
  ],
  [
    { kind: 'unknown', parameters: {} },
    { name: 'ApplicationFailure', type: 'Error', nonRetryable: false },
  ],
  [{ kind: 'stopped', parameters: {} }, { name: 'CancelledFailure' }],
  [{ kind: 'stopped', parameters: { how: 'terminate' } }, { name: 'TerminatedFailure' }],
  [
    { kind: 'heartbeat-timeout', parameters: {} },
    { name: 'TimeoutFailure', timeoutType: TimeoutType.HEARTBEAT },
  ],
  [
    { kind: 'start-to-close-timeout', parameters: {} },
    { name: 'TimeoutFailure', timeoutType: TimeoutType.START_TO_CLOSE },
  ],
  [
    { kind: 'execution-timeout', parameters: {} },
    { name: 'TimeoutFailure', timeoutType: TimeoutType.START_TO_CLOSE },
  ],
];

/** Starts one window a day, all at once, each with another fault, and checks what a parent would see. */
async function expectFailures(customer: string): Promise<void> {
  const seen = failures.map(async ([{ kind }], index) => {
    const options = {
      ...once,
      ...(kind === 'heartbeat-timeout' && { heartbeatTimeoutMs: 500 }),
      ...(kind === 'start-to-close-timeout' && { startToCloseTimeoutMs: 500 }),
    };
    const timeout = kind === 'execution-timeout' ? '2s' : '1m';
    return await failureOf(await temporal.start(customer, day(index), day(index + 1), options, timeout));
  });
  for (const [index, failure] of (await Promise.all(seen)).entries()) {
    const [rule, expected] = failures[index]!;
    expect(failure, JSON.stringify(rule)).toMatchObject(expected);
  }
}

const day = (index: number) => `2026-01-${String(index + 1).padStart(2, '0')}`;

describe('a window with an injected fault', () => {
  it('from a row fails in exactly that way, and writes nothing', async () => {
    for (const [index, [{ kind, parameters }]] of failures.entries()) {
      await addFault(database, { customer: 'acme', kind, parameters, covers: `${day(index)}T12:00:00Z` });
    }
    await temporal.withWorker({ databaseUrl: database.reindexerUrl }, async () => await expectFailures('acme'));
    const written = await database.owner.query('SELECT FROM scorecards');
    expect(written.rows).toHaveLength(0);
  });

  it('from the variable, without a database, fails in exactly that way', async () => {
    const rules = failures.map(([rule], index) => ({ customerId: '*', covers: `${day(index)}T12:00:00Z`, ...rule }));
    const faults = parseFaultRules(JSON.stringify(rules));
    await temporal.withWorker({ faults }, async () => await expectFailures('any'));
  });

  it('fails in the executions that were named and no other, and each is logged', async () => {
    await addFault(database, { customer: 'acme', kind: 'contention', first: 2, last: 3 });
    const outcomes: string[] = [];
    await temporal.withWorker({ databaseUrl: database.reindexerUrl }, async () => {
      for (let execution = 1; execution <= 4; execution++) {
        const handle = await temporal.start('acme', range.start, range.end);
        outcomes.push(
          await handle.result().then(
            () => 'completed',
            () => 'failed',
          ),
        );
      }
    });
    expect(outcomes).toEqual(['completed', 'failed', 'failed', 'completed']);
    const { rows } = await database.owner.query(
      'SELECT attempt, activity_attempts, outcome, error FROM reference.window_executions ORDER BY attempt',
    );
    expect(rows).toMatchObject([
      { attempt: 1, activity_attempts: 1, outcome: 'completed', error: null },
      { attempt: 2, activity_attempts: 2, outcome: 'failed', error: expect.stringContaining('deadlock') },
      { attempt: 3, activity_attempts: 2, outcome: 'failed' },
      { attempt: 4, activity_attempts: 1, outcome: 'completed' },
    ]);
  });

  it('fails only in windows that contain the instant, or are longer than said', async () => {
    await addFault(database, { customer: 'acme', kind: 'permanent', covers: '2026-01-15T12:00:00Z' });
    await addFault(database, { customer: '*', kind: 'unknown', longerThan: '1 day' });
    const outcome = async (from: string, to: string) =>
      await (await temporal.start('acme', from, to, once)).result().then(
        () => 'completed',
        (error: { cause: { cause: { type: string } } }) => error.cause.cause.type,
      );
    await temporal.withWorker({ databaseUrl: database.reindexerUrl }, async () => {
      expect(await outcome('2026-01-15', '2026-01-16')).toBe('InvalidArgument');
      expect(await outcome('2026-01-14', '2026-01-15')).toBe('completed');
      expect(await outcome('2026-01-15T12:00:00.001Z', '2026-01-16T00:00:00Z')).toBe('completed');
      expect(await outcome('2026-01-01', '2026-01-03')).toBe('Error');
    });
  });

  it('that leaves a hole completes, and the hole can be counted', async () => {
    await addFault(database, { customer: 'acme', kind: 'hole', parameters: { every: 4 }, last: 1 });
    await temporal.withWorker({ databaseUrl: database.reindexerUrl }, async () => {
      const result = await (await temporal.start('acme', range.start, range.end)).result();
      expect(result).toMatchObject({ conversations: 100, scorecards: 75 });
      expect((await completeness(database.owner, range)).total).toMatchObject({ missing: 25, wrongAggregates: 0 });
      await (await temporal.start('acme', range.start, range.end)).result();
      expect((await completeness(database.owner, range)).total).toMatchObject({ missing: 0, wrongAggregates: 0 });
    });
  });

  it('that makes it slow takes that long and completes', async () => {
    await addFault(database, { customer: 'acme', kind: 'slow', parameters: { milliseconds: 2_500 } });
    await temporal.withWorker({ databaseUrl: database.reindexerUrl }, async () => {
      const handle = await temporal.start('acme', range.start, range.end, { heartbeatTimeoutMs: 2_000 });
      expect(await handle.result()).toMatchObject({ scorecards: 100 });
      const { rows } = await database.owner.query(
        "SELECT ended_at - started_at >= interval '2.5 s' AS slow FROM reference.window_executions",
      );
      expect(rows).toEqual([{ slow: true }]);
    });
  });
});

describe('a rule', () => {
  const window = { customerId: 'acme', startTime: '2026-01-01T00:00:00Z', endTime: '2026-01-02T00:00:00Z' };
  const rule: FaultRule = { customerId: 'acme', kind: 'unknown', parameters: {} };
  it.each<[Partial<FaultRule>, number, boolean]>([
    [{}, 9, true],
    [{ customerId: '*' }, 1, true],
    [{ customerId: 'other' }, 1, false],
    [{ covers: '2026-01-01T00:00:00Z' }, 1, true],
    [{ covers: '2026-01-02T00:00:00Z' }, 1, false],
    [{ longerThanMs: 86_400_000 }, 1, false],
    [{ longerThanMs: 86_399_999 }, 1, true],
    [{ firstAttempt: 2 }, 1, false],
    [{ lastAttempt: 2 }, 2, true],
    [{ lastAttempt: 2 }, 3, false],
  ])('with %j applies in execution %i: %s', (part, attempt, expected) => {
    expect(applies({ ...rule, ...part }, window, attempt)).toBe(expected);
  });

  it('with an unknown kind is refused', () => {
    expect(() => parseFaultRules('[{"customerId":"acme","kind":"fire"}]')).toThrow(/expected a customerId and a kind/);
    expect(() => parseFaultRules('{}')).toThrow(/expected a JSON array/);
  });
});
