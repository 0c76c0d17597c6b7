import { ApplicationFailure, activityInfo, heartbeat, sleep } from '@temporalio/activity';
import pg from 'pg';

/** What `pg` throws for an error of the server: the SQLSTATE is a property, which the SDK does not put on the wire. */
function databaseError(code: string, message: string, severity = 'ERROR'): Error {
  const error = new pg.DatabaseError(message, message.length, 'error');
  error.code = code;
  error.severity = severity;
  return error;
}

const deadlock = () => databaseError('40P01', 'deadlock detected');

/** Fails in the way asked for, with the errors of the libraries that a TypeScript worker would use. */
export async function reindexWindow(kind: string): Promise<void> {
  switch (kind) {
    case 'heartbeat':
    case 'start-to-close':
      return sleep('6s');
    case 'schedule-to-close-after-deadlock':
      if (activityInfo().attempt === 1) throw deadlock();
      return sleep('6s');
    case 'activity-cancelled':
    case 'work':
      for (;;) {
        await sleep('200ms');
        heartbeat('page 1');
      }
    case '40P01':
      throw deadlock();
    case '40P01-wrapped':
      throw new Error('writing scorecards failed', { cause: deadlock() });
    case '40P01-details':
      throw ApplicationFailure.fromError(deadlock(), { details: [{ code: '40P01' }] });
    case '40P01-non-retryable':
      throw ApplicationFailure.fromError(deadlock(), { nonRetryable: true });
    case '40001':
      throw databaseError('40001', 'could not serialize access due to concurrent update');
    case '55P03':
      throw databaseError('55P03', 'canceling statement due to lock timeout');
    case '53300':
      throw databaseError('53300', 'sorry, too many clients already', 'FATAL');
    case '57014':
      throw databaseError('57014', 'canceling statement due to statement timeout');
    case '57P01':
      throw databaseError('57P01', 'terminating connection due to administrator command', 'FATAL');
    case '08006':
      throw new Error('Connection terminated unexpectedly');
    case 'connection-refused': {
      const client = new pg.Client('postgres://reindex@127.0.0.1:1/conversations');
      await client.connect();
      return;
    }
    case 'pool-exhausted':
      throw new Error('timeout exceeded when trying to connect');
    case '23505':
      throw databaseError('23505', 'duplicate key value violates unique constraint "scorecards_pkey"');
    case 'resource-exhausted':
      throw new Error('8 RESOURCE_EXHAUSTED: indexing quota exceeded');
    case 'rate-limited':
      throw new Error('Request failed with status code 429');
    case 'invalid-argument':
      throw new Error('3 INVALID_ARGUMENT: customer_id is malformed');
    case 'not-found':
      throw new Error('5 NOT_FOUND: customer not found');
    case 'non-retryable':
      throw ApplicationFailure.nonRetryable('scorecards are not enabled for this customer', 'ScorecardsDisabled');
    case 'plain-error':
      throw new TypeError("Cannot read properties of undefined (reading 'criteria')");
    default:
      throw ApplicationFailure.nonRetryable(`no such kind of failure: ${kind}`, 'UnknownKind');
  }
}

/** Known to the workflow by its type only: no worker registers it. */
export declare function writeScorecards(): Promise<void>;
