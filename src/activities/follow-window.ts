import { ApplicationFailure, Context } from '@temporalio/activity';
import { type Client, type WorkflowClient, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { classify } from '../backfill/failures/classify.js';
import { causeChain } from '../workflows/cause-chain.js';
import { completion } from './completion.js';
import type { WindowOutcome } from './contract.js';

/**
 * Waits for a workflow to end, through its retries and continue-as-new, with one long poll at a time. Errors of the server
 * or the network are thrown, so that Temporal retries indefinitely: they say nothing about the window.
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
      // The run has ended, or this worker shuts down and another one takes over.
      throw ApplicationFailure.retryable('this attempt was cancelled', 'Interrupted');
    }
    if (error instanceof WorkflowFailedError) return { completed: false, failure: classify(causeChain(error)) };
    if (error instanceof WorkflowNotFoundError) {
      const message = `${workflowId} no longer exists; how it ended is unknown`;
      return { completed: false, failure: { class: 'unknown', message, evidence: 'workflow not found' } };
    }
    throw error;
  }
}

/**
 * A client that makes no more calls once the signal is aborted. The worker's connection can't abort a call, and waiting for
 * a result is one long poll after another: without this, they would continue until the workflow ends.
 */
function callingUntil(signal: AbortSignal, { workflow }: Client): WorkflowClient {
  const workflowService = () => {
    signal.throwIfAborted();
    return workflow.workflowService;
  };
  return Object.create(workflow, { workflowService: { get: workflowService } }) as WorkflowClient;
}
