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

/** Why a command could not do what it was asked: a sentence with the next step, and the exit code that says so. */
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

/** Wrong as typed; nothing was sent. */
export const badUsage = (message: string): CommandProblem => new CommandProblem(EXIT.usage, message);

const UNAVAILABLE = 14;
const FAILED_PRECONDITION = 9;

/** Whatever was thrown, as a problem. What is not known here keeps its own words, and exit code 1. */
export function problemFrom(error: unknown): CommandProblem {
  if (error instanceof CommandProblem) return error;
  const as = (code: ExitCode, message = errorText(error)) => new CommandProblem(code, message, { cause: error });
  if (error instanceof FleetFileError) return as(EXIT.usage, error.message);
  if (error instanceof ClusterUnreachable) return as(EXIT.unreachable, error.message);
  if (error instanceof WorkflowUpdateFailedError) return as(EXIT.refused, error.cause?.message ?? error.message);
  if (error instanceof NamespaceNotFoundError) {
    return as(EXIT.unreachable, `its Temporal has no namespace ${error.namespace}; mend the fleet file`);
  }
  if (error instanceof WorkflowNotFoundError) return as(EXIT.noRun);
  if (error instanceof Error && error.name === 'AbortError') return as(EXIT.interrupted, 'interrupted');
  return isSilence(error) ? as(EXIT.unreachable) : as(EXIT.error);
}

/** Whether the run's worker is up, but gets no further with the run: its workflow task fails, or takes too long, each time. */
export function isStuck(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const told = isGrpcServiceError(error) && error.code === FAILED_PRECONDITION && /Task in failed/.test(error.details);
  return told || isStuck(error.cause);
}

/** Whether nobody answered: the server is gone, the time limit has passed, or no worker polls. */
export function isSilence(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  if (error instanceof CommandProblem) return error.exitCode === EXIT.unreachable;
  if (isTimedOut(error)) return true;
  for (let current = error; current instanceof Error; current = current.cause) {
    if (!isGrpcServiceError(current)) continue;
    // "no poller seen for task queue recently": the server's own way to say that no worker is up.
    const noWorker = current.code === FAILED_PRECONDITION && /poller/.test(current.details);
    return noWorker || current.code === UNAVAILABLE || isStuck(current);
  }
  return false;
}
