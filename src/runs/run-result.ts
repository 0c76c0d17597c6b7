import { ApplicationFailure, CancelledFailure, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import type { Report } from '../backfill/views/report.js';

/**
 * Waits until a run has ended, and returns its report, whether it completed, failed or was cancelled.
 *
 * @throws when it ended without a report: terminated, refused, or only a plan
 */
export async function runReport(handle: WorkflowHandle): Promise<Report> {
  try {
    return asReport(await handle.result());
  } catch (error) {
    const cause = error instanceof WorkflowFailedError ? error.cause : undefined;
    const failed = cause instanceof ApplicationFailure || cause instanceof CancelledFailure;
    if (failed && isReport(cause.details?.[0])) return cause.details[0];
    throw new Error(`${handle.workflowId}: ${cause?.message ?? (error as Error).message}`, { cause: error });
  }
}

function asReport(value: unknown): Report {
  if (isReport(value)) return value;
  throw new Error('it ended without a report');
}

const isReport = (value: unknown): value is Report => typeof value === 'object' && value !== null && 'outcome' in value;
