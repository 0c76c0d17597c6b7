import {
  isGrpcServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { ClusterUnreachable, FleetFileError } from '../../fleet/index.js';
import { isTimedOut } from '../../fleet/queries.js';
import { errorText } from '../terminal/error-text.js';
import { EXIT, type ExitCode } from './exit-codes.js';

/** Why a command failed: a sentence with the next step, and the exit code. */
export class CommandProblem extends Error {
  override readonly name = 'CommandProblem';

  constructor(
    readonly exitCode: ExitCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A mistake on the command line; nothing was sent. */
export const badUsage = (message: string): CommandProblem => new CommandProblem(EXIT.usage, message);

const UNAVAILABLE = 14;
const FAILED_PRECONDITION = 9;

/** Any error as a problem. An unknown one keeps its own message, with exit code 1. */
export function problemFrom(error: unknown): CommandProblem {
  if (error instanceof CommandProblem) return error;
  const as = (code: ExitCode, message = errorText(error)) => new CommandProblem(code, message, { cause: error });
  if (error instanceof FleetFileError) return as(EXIT.usage, error.message);
  if (error instanceof ClusterUnreachable) return as(EXIT.unreachable, error.message);
  if (error instanceof WorkflowUpdateFailedError) return as(EXIT.refused, error.cause?.message ?? error.message);
  if (error instanceof NamespaceNotFoundError) {
    return as(EXIT.unreachable, `its Temporal has no namespace ${error.namespace}; fix namespace in the fleet file`);
  }
  if (error instanceof WorkflowNotFoundError) return as(EXIT.noRun);
  if (error instanceof Error && error.name === 'AbortError') return as(EXIT.interrupted, 'interrupted');
  return isNoAnswer(error) ? as(EXIT.unreachable) : as(EXIT.error);
}

/** Whether the run's worker is up, but the run makes no progress: its workflow task fails, or takes too long, each time. */
export function isStuck(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const failed =
    isGrpcServiceError(error) && error.code === FAILED_PRECONDITION && /Task in failed/.test(error.details);
  return failed || isStuck(error.cause);
}

/** Whether there was no answer: the server is unreachable, the time limit has passed, or no worker polls. */
export function isNoAnswer(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  if (error instanceof CommandProblem) return error.exitCode === EXIT.unreachable;
  if (isTimedOut(error)) return true;
  for (let current = error; current instanceof Error; current = current.cause) {
    if (!isGrpcServiceError(current)) continue;
    // "no poller seen for task queue recently": the server's message for a missing worker.
    const noWorker = current.code === FAILED_PRECONDITION && /poller/.test(current.details);
    return noWorker || current.code === UNAVAILABLE || isStuck(current);
  }
  return false;
}
