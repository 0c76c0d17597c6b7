// Long because it is one table: chains of failures, by the class that they mean.
import { WorkflowFailedError } from '@temporalio/client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classify, FAILURE_CLASSES, type FailureClass } from '../../../src/backfill/failures/classify.js';
import type { FailureLink } from '../../../src/backfill/failures/link.js';
import { causeChain } from '../../../src/workflows/cause-chain.js';
import { errorOf, failureFixtures } from '../../other-languages/fixtures.js';
import { KINDS } from '../../other-languages/kinds.js';

describe('a failure recorded from a real worker', () => {
  it.each(failureFixtures)('of $language, $kind, is of class $expectedClass to its parent', (fixture) => {
    const chain = causeChain(errorOf(fixture.failure));
    expect(chain[0]?.kind).toBe('child');
    expect(classify(chain)).toMatchObject({ class: fixture.expectedClass });
  });

  it.each(failureFixtures)('of $language, $kind, is of the same class to a client', (fixture) => {
    // A client throws the child's own failure, where a parent gets it under a link for the child.
    const cause = errorOf(fixture.failure).cause as Error;
    const seen = fixture.client ?? causeChain(new WorkflowFailedError('Workflow execution failed', cause, 'TIMEOUT'));
    expect(seen[0]?.kind).toBe('child');
    expect(classify(seen)).toMatchObject({ class: fixture.expectedClass });
  });

  it('is there for every kind of every language, with the class that the list of kinds expects', () => {
    const listed = Object.entries(KINDS).flatMap(([kind, { expected, expectedIn, languages }]) =>
      languages.map((language) => `${language}-${kind}: ${expectedIn?.[language] ?? expected}`),
    );
    expect(failureFixtures.map(({ name, expectedClass }) => `${name}: ${expectedClass}`)).toEqual(listed.sort());
  });

  it('names no machine and no place on one', () => {
    expect(JSON.stringify(failureFixtures)).not.toMatch(/(?<![\w.~:/-])\/(?:[\w.-]+\/)+|\d+@/);
  });
});

const child: FailureLink = { kind: 'child', message: 'Child Workflow execution failed' };

const activity: FailureLink = { kind: 'activity', message: 'Activity task failed', type: 'reindexWindow' };

const app = (message: string, more: Partial<FailureLink> = {}): FailureLink => ({
  kind: 'application',
  message,
  ...more,
});

const timeout = (timeoutType: string): FailureLink => ({ kind: 'timeout', message: 'activity timeout', timeoutType });

const cancelled: FailureLink = { kind: 'cancelled', message: '' };

const terminated: FailureLink = { kind: 'terminated', message: 'Terminated' };

const deadlock = app('ERROR: deadlock detected (SQLSTATE 40P01)', { type: 'PgError' });

const said = (message: string, type?: string) => [child, activity, app(message, type ? { type } : {})];

const detailed = (...details: unknown[]) => [child, activity, app('writing failed', { details })];

const cases: Record<string, [FailureClass, FailureLink[]][]> = {
  'who stopped it': [
    ['stopped', [child, terminated]],
    ['stopped', [child, cancelled]],
    ['stopped', [child, child, terminated]],
    ['stopped', [cancelled]],
    // A child that wraps its own cancellation, or whose own child was terminated.
    ['stopped', [child, app('stopped before the end'), cancelled]],
    ['stopped', [child, app('part failed'), child, terminated]],
    ['stopped', [child, app('deadlock detected'), cancelled]],
    // The child failed; that it cancelled an activity on its way was its own doing.
    ['unknown', [child, { ...activity, retryState: 'CANCEL_REQUESTED' }, cancelled]],
    ['unknown', [child, app('reindex failed'), activity, cancelled]],
    ['contention', [child, app('ERROR: deadlock detected (SQLSTATE 40P01)'), activity, cancelled]],
    // What stands below a time-out happened to an earlier attempt.
    ['timeout', [child, activity, timeout('HEARTBEAT'), terminated]],
  ],
  'which time-out': [
    ['timeout', [child, activity, timeout('HEARTBEAT')]],
    ['timeout', [child, activity, timeout('START_TO_CLOSE')]],
    ['timeout', [child, timeout('EXECUTION')]],
    ['timeout', [child, activity, timeout('')]],
    ['timeout', [child, activity, timeout('SCHEDULE_TO_CLOSE')]],
    ['overload', [child, activity, timeout('SCHEDULE_TO_START')]],
    // The failure below is the attempt before: an attempt that hung outranks it, a budget that ran out does not.
    ['timeout', [child, activity, timeout('HEARTBEAT'), deadlock]],
    ['timeout', [child, activity, timeout('START_TO_CLOSE'), app('RESOURCE_EXHAUSTED: quota')]],
    ['contention', [child, activity, timeout('SCHEDULE_TO_CLOSE'), deadlock]],
    ['overload', [child, activity, timeout('SCHEDULE_TO_CLOSE'), app('sorry, too many clients already')]],
    ['permanent', [child, activity, timeout('SCHEDULE_TO_CLOSE'), app('rpc error: code = NotFound desc = gone')]],
    ['timeout', [child, activity, timeout('SCHEDULE_TO_CLOSE'), app('template has no criteria')]],
    ['timeout', [child, activity, timeout('SCHEDULE_TO_CLOSE'), timeout('HEARTBEAT')]],
    // Wrapped by the child's workflow, also as something not to repeat.
    ['timeout', [child, app('gave up', { nonRetryable: true }), activity, timeout('HEARTBEAT')]],
    ['timeout', [child, app('gave up', { nonRetryable: true }), activity, timeout('SCHEDULE_TO_CLOSE')]],
    // The server sets this state for schedule-to-close, whatever the policy says.
    ['timeout', [child, { ...activity, retryState: 'NON_RETRYABLE_FAILURE' }, timeout('SCHEDULE_TO_CLOSE')]],
    // Kept as text only, as by Go's %v or a new error.
    ['timeout', said('reindex: activity error (type: x): activity Heartbeat timeout (type: Heartbeat)')],
    ['timeout', [child, app('reindex failed: activity StartToClose timeout', { nonRetryable: true })]],
    ['contention', [child, app('activity ScheduleToClose timeout (type: ScheduleToClose): pq: deadlock detected')]],
    ['overload', [child, app('activity ScheduleToStart timeout (type: ScheduleToStart)')]],
    ['timeout', [child, app('reindex failed: Activity task timed out')]],
    ['contention', [child, app('failed: Activity task timed out'), activity, timeout('SCHEDULE_TO_CLOSE'), deadlock]],
  ],
  'a SQLSTATE, in the forms that drivers and frameworks write': [
    ['contention', said('ERROR: deadlock detected (SQLSTATE 40P01)')],
    ['contention', said('SQLSTATE[40P01]: Deadlock detected: 7 ERROR: Verklemmung entdeckt')],
    ['contention', said('StatementCallback; SQL state [40001]; error code [0]; FEHLER')],
    ['contention', said('could not execute batch, SQLState: 55P03')],
    ['contention', said('ERROR:  40P01: Verklemmung entdeckt')],
    ['contention', said('40P01: Verklemmung entdeckt', 'Npgsql.PostgresException')],
    ['contention', said('pq: Verklemmung entdeckt (40P01)')],
    ['contention', said("query failed { code: '40P01', severity: 'FEHLER' }")],
    ['contention', said('write failed', '40P01')],
    ['overload', said('write failed', '57014')],
    ['overload', said('ABBRUCH (SQLSTATE 57P01)')],
    ['overload', said('pq: Abbruch (57014)')],
    ['overload', said('database error, code: 53100')],
    ['overload', said('{"sqlstate":"08001"}')],
    ['overload', said('transaction took too long (SQLSTATE 25P04)')],
    ['permanent', said('ERROR: permission denied for table scorecards (SQLSTATE 42501)')],
    ['permanent', said('password authentication failed (SQLSTATE 28P01)')],
    ['contention', detailed({ sqlstate: '40P01' })],
    ['contention', detailed({ SQLState: '40001' })],
    ['contention', detailed('page 3', { error: { code: '55P03' } })],
    ['overload', detailed({ pgcode: '53200' })],
    ['unknown', detailed({ sqlstate: '23505' })],
    ['unknown', said('ERROR: value too long (SQLSTATE 22001)')],
    // A code outranks words, which may be data.
    ['unknown', said('ERROR: duplicate key "deadlock detected" (SQLSTATE 23505)')],
    ['unknown', said('duplicate key\nDETAIL:  Key (note)=(deadlock detected) already exists.', 'UniqueViolation')],
    ['unknown', said('duplicate key\n  Detail: Key (note)=(deadlock detected) already exists.')],
  ],
  'five characters that are no SQLSTATE': [
    ['unknown', said('order 57014 has no owner')],
    ['unknown', said('57014: no such order')],
    ['unknown', said('order (57014) has no owner')],
    ['unknown', said('post code 08006 is in Barcelona')],
    ['unknown', said('exit code 53300')],
    ['unknown', said('conversation 40P01 has no agent')],
    ['unknown', said('customer 40001 is not known')],
    ['unknown', detailed({ order: '57014' })],
    ['unknown', detailed('57014')],
    ['unknown', detailed({ code: 'E4711' })],
    ['unknown', [child, app('customer 53300 has no scorecards')]],
  ],
  words: [
    ['contention', said('write scorecards: deadlock detected')],
    ['overload', said('pq: canceling statement due to user request')],
    ['overload', said('FATAL: the database system is starting up')],
    ['overload', said('read conversations: context deadline exceeded')],
    ['overload', said('dial tcp 10.0.0.5:5432: connect: connection refused')],
    // What Go's drivers say of a PostgreSQL that was killed, or whose name or socket is gone with it.
    ['overload', [child, app('write scorecards of cvs: unexpected EOF', { type: 'wrapError', nonRetryable: true })]],
    ['overload', said('driver: bad connection')],
    ['overload', said('read tcp 10.0.0.7:41922->10.0.0.5:5432: i/o timeout')],
    ['overload', said('dial tcp: lookup db.prod on 10.0.0.2:53: no such host')],
    ['overload', said('dial unix /run/postgresql/.s.PGSQL.5432: connect: no such file or directory')],
    ['overload', said('getaddrinfo EAI_AGAIN db.prod')],
    ['unknown', said('unexpected end of JSON input')],
    ['overload', said('rate limited, try again later')],
    ['unknown', said('corporate limited liability')],
    ['unknown', said('context canceled')],
    // Temporal's own detector of workflow code that does not yield. No database is involved.
    ['unknown', [child, app("[TMPRL1101] Potential deadlock detected: workflow goroutine didn't yield")]],
    ['unknown', [child, app('Potential deadlock detected', { type: 'PotentialDeadlockException' })]],
    ['permanent', said('Namespace ingestion is not found.')],
    ['permanent', said('unable to find workflow type: reindex. Supported types: [reindexconversations]')],
    ['unknown', said('no scorecard template found')],
  ],
  'class names': [
    ['contention', said('', 'psycopg.errors.DeadlockDetected')],
    ['contention', said('', 'PG::TRDeadlockDetected')],
    ['contention', said('', 'ActiveRecord::Deadlocked')],
    ['contention', said('', 'org.springframework.dao.CannotAcquireLockException')],
    ['contention', said('', 'LockNotAvailable')],
    ['contention', said('', 'lock_not_available')],
    ['overload', said('', 'CannotConnectNowError')],
    ['overload', said('', 'query_canceled')],
    ['overload', said('', 'InsufficientResources')],
    ['overload', said('', 'OutOfMemory')],
    ['overload', said('', 'DiskFull')],
    ['overload', said('', 'TooManyRequests')],
    ['permanent', said('', 'NotFoundError')],
    ['unknown', said('', 'SerializationError')],
    // An activity may be called anything.
    ['unknown', [child, { ...activity, type: 'Throttled' }, app('template has no criteria')]],
  ],
  'codes of gRPC and HTTP': [
    ['overload', said('rpc error: code = ResourceExhausted desc = quota')],
    ['overload', said('io.grpc.StatusRuntimeException: UNAVAILABLE: io exception')],
    ['overload', said('<AioRpcError of RPC that terminated with:\n\tstatus = StatusCode.UNAVAILABLE')],
    ['overload', said('14 UNAVAILABLE: No connection established')],
    ['overload', said('RESOURCE_EXHAUSTED')],
    ['contention', said('rpc error: code = Aborted desc = transaction was aborted')],
    ['contention', said('rpc error: code = Internal desc = deadlock detected')],
    ['permanent', said('rpc error: code = Unauthenticated desc = token expired')],
    ['permanent', said('7 PERMISSION_DENIED: no')],
    ['permanent', detailed({ code: 'INVALID_ARGUMENT' })],
    ['overload', detailed({ status: 503 })],
    ['overload', said('HTTP 503')],
    ['permanent', said('404 Not Found')],
    ['unknown', said('indexed 429 of 500 pages')],
  ],
  'several at once': [
    // A deadlock is known to pass, whatever its wrapper says.
    ['contention', [child, activity, app('gave up', { nonRetryable: true }), deadlock]],
    ['contention', [child, { ...activity, retryState: 'NON_RETRYABLE_FAILURE' }, deadlock]],
    ['contention', [child, app('rpc error: code = InvalidArgument desc = rolled back'), activity, deadlock]],
    ['overload', [child, activity, app('gave up', { nonRetryable: true }), app('sorry, too many clients already')]],
    ['contention', [child, activity, app('the connection is lost', { type: 'ConnectionFailure' }), deadlock]],
    ['permanent', [child, activity, app('scorecards are not enabled', { nonRetryable: true })]],
    ['permanent', [child, { ...activity, retryState: 'NON_RETRYABLE_FAILURE' }, app('bad', { type: 'ByPolicy' })]],
    // The state of the child's own policy is not the child's word.
    ['unknown', [{ ...child, retryState: 'NON_RETRYABLE_FAILURE' }, app('template has no criteria')]],
    ['unknown', []],
    ['unknown', [child]],
  ],
};

describe.each(Object.entries(cases))('classify: %s', (_, table) => {
  it.each(table)('%s: %j', (expected, chain) => {
    expect(classify(chain)).toMatchObject({ class: expected });
  });
});

describe('what an operator reads', () => {
  it('is the innermost telling link, on one line, with what decided', () => {
    const chain = [
      child,
      app(`reindex: ${deadlock.message}`),
      activity,
      { ...deadlock, message: `${deadlock.message}\n` },
    ];
    expect(classify(chain)).toEqual({
      class: 'contention',
      message: 'ERROR: deadlock detected (SQLSTATE 40P01)',
      evidence: 'SQLSTATE 40P01',
    });
    expect(classify([child, app('no template'), { kind: 'activity', message: 'Activity task failed' }])).toMatchObject({
      message: 'no template',
    });
  });

  it('is never empty and at most 300 characters', () => {
    expect(classify([child, cancelled])).toMatchObject({ message: 'cancelled', evidence: 'cancelled' });
    expect(classify(said('x'.repeat(5_000))).message).toHaveLength(300);
  });
});

describe('classify', () => {
  const link: fc.Arbitrary<FailureLink> = fc.record(
    {
      kind: fc.constantFrom(
        ...(['child', 'activity', 'application', 'timeout', 'cancelled', 'terminated', 'server', 'other'] as const),
      ),
      message: fc.oneof(
        fc.string({ maxLength: 60, unit: 'binary' }),
        fc.constantFrom('SQLSTATE ', 'deadlock detected'),
      ),
      type: fc.string({ maxLength: 20 }),
      nonRetryable: fc.boolean(),
      timeoutType: fc.constantFrom('HEARTBEAT', 'SCHEDULE_TO_CLOSE', 'EXECUTION', '', 'toString'),
      retryState: fc.string({ maxLength: 10 }),
      details: fc.array(fc.jsonValue(), { maxLength: 3 }),
    },
    { requiredKeys: ['kind', 'message'] },
  );

  it('gives any chain one of the six classes, a message and a reason, and never throws', () => {
    fc.assert(
      fc.property(fc.array(link, { maxLength: 8 }), (chain) => {
        const classified = classify(chain);
        expect(FAILURE_CLASSES).toContain(classified.class);
        expect(classified.message.length).toBeGreaterThan(0);
        expect(classified.message.length).toBeLessThanOrEqual(300);
        expect(classified.evidence.length).toBeGreaterThan(0);
        expect(JSON.parse(JSON.stringify(classified))).toEqual(classified);
      }),
      { numRuns: 1_000 },
    );
  });

  it('never takes up again what was terminated, whatever else the child said', () => {
    fc.assert(
      fc.property(fc.array(link, { maxLength: 4 }), fc.array(link, { maxLength: 4 }), (above, below) => {
        const noTimeouts = above.filter(({ kind }) => kind !== 'timeout');
        expect(classify([...noTimeouts, terminated, ...below]).class).toBe('stopped');
      }),
    );
  });

  it('reads hostile text of any length in a moment', () => {
    const text = `${'rpc error: code = '.repeat(2_000)}${' '.repeat(50_000)}${'SQLSTATE '.repeat(5_000)}`;
    const start = performance.now();
    classify([app(text, { type: 'a.'.repeat(50_000) })]);
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
