import { ApplicationFailure } from '@temporalio/common';
import pg from 'pg';

// Trying again does not help with syntax, privilege, authentication, data and constraint errors.
const permanent = /^(22|23|28|3D|3F|42)/;

/**
 * A database error as a parent workflow in any language can read it: type `DatabaseError`, the SQLSTATE at the end of
 * the message as Go's drivers write it and in the details. A lost or refused connection has no SQLSTATE of its own
 * and gets 08006. Anything else is returned unchanged.
 */
export function toActivityFailure(error: unknown): unknown {
  if (error instanceof ApplicationFailure) return error;
  const sqlstate = sqlstateOf(error);
  if (sqlstate === undefined) return error;
  return ApplicationFailure.create({
    message: `${(error as Error).message || 'connection failed'} (SQLSTATE ${sqlstate})`,
    type: 'DatabaseError',
    nonRetryable: permanent.test(sqlstate),
    details: [{ sqlstate }],
    cause: error as Error,
  });
}

/** An error with this SQLSTATE as the driver would throw it. */
export function databaseError(sqlstate: string, message: string): pg.DatabaseError {
  const error = new pg.DatabaseError(message, message.length, 'error');
  error.code = sqlstate;
  error.severity = 'ERROR';
  return error;
}

function sqlstateOf(error: unknown): string | undefined {
  if (error instanceof pg.DatabaseError) return error.code;
  if (!(error instanceof Error)) return undefined;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  // The driver reports a lost connection only in its message.
  const connection = /^(ECONN|ETIMEDOUT$|EPIPE$|ENOTFOUND$|EAI_AGAIN$|EHOST|ENET)/.test(code);
  const words = /connection terminated|connection error|timeout exceeded when trying to connect/i.test(error.message);
  return connection || words ? '08006' : undefined;
}
