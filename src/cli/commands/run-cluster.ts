import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { defaultPayloadConverter, defineSearchAttributeKey } from '@temporalio/common';
import { isFields } from './json-input.js';
import { clusterNamed } from './run-names.js';

const CLUSTER = defineSearchAttributeKey('BackfillCluster', 'KEYWORD');

/**
 * The cluster that a run is for: what its search attribute says, else its workflow id; where an operator chose another
 * form of id, what its input says. Undefined where nothing says it.
 */
export async function clusterOf(client: Client, run: WorkflowExecutionInfo): Promise<string | undefined> {
  return run.typedSearchAttributes.get(CLUSTER) ?? clusterNamed(run.workflowId) ?? (await clusterInInput(client, run));
}

async function clusterInInput(
  client: Client,
  { workflowId, runId }: WorkflowExecutionInfo,
): Promise<string | undefined> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: 1,
  });
  const [payload] = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  try {
    const input = payload && defaultPayloadConverter.fromPayload(payload);
    return isFields(input) && typeof input.cluster === 'string' ? input.cluster : undefined;
  } catch {
    // Encoded by somebody else: then nothing says it.
    return undefined;
  }
}
