import { isGrpcServiceError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { isTimedOut } from '../fleet/queries.js';

const UNAVAILABLE = 14;
const FAILED_PRECONDITION = 9;

/** Whether the run's worker is up, but the run makes no progress: its workflow task fails, or takes too long, each time. */
export function isStuck(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const failed =
    isGrpcServiceError(error) && error.code === FAILED_PRECONDITION && /Task in failed/.test(error.details);
  return failed || isStuck(error.cause);
}

/** Whether there was no answer: the server is unreachable, the time limit has passed, or no worker polls. */
export function isUnanswered(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  if (isTimedOut(error)) return true;
  for (let current = error; current instanceof Error; current = current.cause) {
    if (!isGrpcServiceError(current)) continue;
    // "no poller seen for task queue recently": the server's message for a missing worker.
    const noWorker = current.code === FAILED_PRECONDITION && /poller/.test(current.details);
    return noWorker || current.code === UNAVAILABLE || isStuck(current);
  }
  return false;
}
