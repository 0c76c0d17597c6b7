import { ApplicationFailure, Context } from '@temporalio/activity';
import { type Client, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { classify } from '../backfill/failures.js';
import { causeChain } from '../workflows/cause-chain.js';
import { completion } from './completion.js';
import type { WindowOutcome } from './contract.js';

/**
 * Waits for a workflow to end, through its retries and continue-as-new, by one long poll at a time. Errors of the
 * server or the network are thrown, so that Temporal tries again, for ever: they say nothing about the window.
 */
export async function followWindow(
  client: Client,
  { workflowId, runId }: { workflowId: string; runId?: string },
): Promise<WindowOutcome> {
  const context = Context.current();
  try {
    return completion(await Promise.race([client.workflow.getHandle(workflowId, runId).result(), context.cancelled]));
  } catch (error) {
    if (context.cancellationSignal.aborted) {
      // The run that asked is over, or this worker shuts down: then another one goes on.
      throw ApplicationFailure.retryable('nobody follows this window here any more', 'Interrupted');
    }
    if (error instanceof WorkflowFailedError) return { completed: false, failure: classify(causeChain(error)) };
    if (error instanceof WorkflowNotFoundError) {
      const message = `${workflowId} can no longer be found; how it ended is not known`;
      return { completed: false, failure: { class: 'unknown', message, evidence: 'workflow not found' } };
    }
    throw error;
  }
}
