import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { errorText } from '../error-text.js';
import { ClusterUnreachable, FleetFileError } from '../fleet/index.js';
import { isUnanswered } from '../runs/unanswered.js';
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

/** As {@link isUnanswered}, also of a problem that was made of such an error. */
export const isNoAnswer = (error: unknown): boolean =>
  error instanceof CommandProblem ? error.exitCode === EXIT.unreachable : isUnanswered(error);
