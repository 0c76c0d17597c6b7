import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { isFields } from '../backfill/json.js';
import { runArguments } from './run-input.js';
import { clusterNamed } from './run-names.js';

export const CLUSTER = defineSearchAttributeKey('BackfillCluster', 'KEYWORD');

type Labelled = Pick<WorkflowExecutionInfo, 'workflowId' | 'runId' | 'typedSearchAttributes'>;

/**
 * The cluster that a run is for: from its search attribute, else from its workflow id; where an operator chose another
 * form of id, from its input. Undefined where none of them says it.
 */
export async function clusterOf(client: Client, run: Labelled): Promise<string | undefined> {
  return run.typedSearchAttributes.get(CLUSTER) ?? clusterNamed(run.workflowId) ?? (await clusterInInput(client, run));
}

async function clusterInInput(client: Client, run: Labelled): Promise<string | undefined> {
  const [input] = await runArguments(client, run);
  return isFields(input) && typeof input.cluster === 'string' ? input.cluster : undefined;
}
