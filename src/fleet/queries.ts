import {
  type Connection,
  isGrpcDeadlineError,
  isGrpcServiceError,
  type WorkflowClientInterceptor,
} from '@temporalio/client';

/** Longer than a worker takes to replay a long run, and short enough for an operator who waits. */
const FIRST_TRY_MS = 5_000;

const CANCELLED = 1;

/**
 * Whether a call's deadline has passed. The server ends such a call as well; where that arrives before our own timer fires,
 * gRPC reports a cancelled call. A call that we abort ourselves has another message.
 */
export function isTimedOut(error: unknown): boolean {
  if (isGrpcDeadlineError(error)) return true;
  for (let current = error; current instanceof Error; current = current.cause) {
    if (isGrpcServiceError(current)) return current.code === CANCELLED && current.details === 'Call cancelled';
  }
  return false;
}

/**
 * Sends queries to one workflow one after the other, and sends a query again if there is no answer.
 *
 * A worker of the TypeScript SDK 1.24 loses one in ten of the queries that reach a closed workflow while it works on
 * another query for it; the caller gets no answer until the deadline, half a minute by default. This client sends them in turn; one
 * that coincides with another client's is sent again, which is safe.
 */
export function queriesInTurn(connection: Pick<Connection, 'withDeadline'>): WorkflowClientInterceptor {
  const latest = new Map<string, Promise<unknown>>();
  return {
    async query(input, next) {
      const workflowId = input.workflowExecution.workflowId ?? '';
      const before = latest.get(workflowId);
      const ask = async () => {
        await before?.catch(() => {});
        try {
          return await connection.withDeadline(Date.now() + FIRST_TRY_MS, () => next(input));
        } catch (error) {
          if (!isTimedOut(error)) throw error;
          return await next(input);
        }
      };
      const answer = ask();
      latest.set(workflowId, answer);
      try {
        return await answer;
      } finally {
        if (latest.get(workflowId) === answer) latest.delete(workflowId);
      }
    },
  };
}
