import { defaultPayloadConverter, TypedSearchAttributes } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { ClusterSession } from '../fleet/index.js';
import { dateOf } from './history.js';
import { isOfCluster, type RunFacts, runsQuery } from './run.js';
import { CLUSTER } from './run-cluster.js';
import { withDeadline } from './time-limit.js';

/** A part of a cluster's runs, in Temporal's order: those that are open, then those that closed last. */
export interface RunsPage {
  readonly runs: readonly Omit<RunFacts, 'memo' | 'pause'>[];
  /** Where the next page begins; undefined at the end. */
  readonly next: string | undefined;
}

/** @param conditions of Temporal's visibility, each of which every run meets */
export async function runsPage(
  session: ClusterSession,
  { conditions, size, token }: { conditions: readonly string[]; size: number; token: string | undefined },
): Promise<RunsPage> {
  const { client } = session;
  const { executions, nextPageToken } = await withDeadline(client, () =>
    client.workflowService.listWorkflowExecutions({
      namespace: client.options.namespace,
      query: runsQuery(session, conditions),
      pageSize: size,
      nextPageToken: Buffer.from(token ?? '', 'base64'),
    }),
  );
  const runs = [];
  for (const found of executions ?? []) {
    const run = runFrom(found);
    // The prefix of cluster us-east-1 also matches the runs of us-east-1-prod.
    if (await isOfCluster(session, { ...run, typedSearchAttributes: labelIn(found) })) runs.push(run);
  }
  const next = Buffer.from(nextPageToken ?? []).toString('base64');
  return { runs, next: next === '' ? undefined : next };
}

const { WorkflowExecutionStatus } = proto.temporal.api.enums.v1;

type Execution = proto.temporal.api.workflow.v1.IWorkflowExecutionInfo;

function runFrom({ execution, status, startTime, closeTime, taskQueue }: Execution): RunsPage['runs'][number] {
  return {
    workflowId: execution?.workflowId ?? '',
    runId: execution?.runId ?? '',
    status: statusName(status ?? 0),
    startedAt: dateOf(startTime) ?? new Date(0),
    closedAt: dateOf(closeTime),
    taskQueue: taskQueue ?? '',
  };
}

/** As the SDK names it. */
const statusName = (status: number): string =>
  (WorkflowExecutionStatus[status] ?? 'UNKNOWN')
    .replace('WORKFLOW_EXECUTION_STATUS_', '')
    .replace('CANCELED', 'CANCELLED');

function labelIn({ searchAttributes }: Execution): TypedSearchAttributes {
  const payload = searchAttributes?.indexedFields?.[CLUSTER.name];
  const value: unknown = payload && defaultPayloadConverter.fromPayload(payload);
  return new TypedSearchAttributes(typeof value === 'string' ? [{ key: CLUSTER, value }] : []);
}
