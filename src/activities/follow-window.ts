import { ApplicationFailure, Context } from '@temporalio/activity';
import { type Client, type WorkflowClient, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { classify } from '../backfill/failures/classify.js';
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
  const { cancelled, cancellationSignal } = Context.current();
  try {
    const result = callingUntil(cancellationSignal, client).getHandle(workflowId, runId).result();
    return completion(await Promise.race([result, cancelled]));
  } catch (error) {
    if (cancellationSignal.aborted) {
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

/**
 * A client that makes no more calls once the signal is aborted. The worker's connection can't abort a call, and a result
 * is awaited by one long poll after another: without this, they would go on until the workflow ends.
 */
function callingUntil(signal: AbortSignal, { workflow }: Client): WorkflowClient {
  const workflowService = () => {
    signal.throwIfAborted();
    return workflow.workflowService;
  };
  return Object.create(workflow, { workflowService: { get: workflowService } }) as WorkflowClient;
}
