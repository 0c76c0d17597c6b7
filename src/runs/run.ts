import { type WorkflowExecutionInfo, WorkflowNotFoundError } from '@temporalio/client';
import type { ClusterSession } from '../fleet/index.js';
import { clusterOf } from './run-cluster.js';
import { RUN_PREFIX, WORKFLOW_TYPE } from './run-names.js';
import { withDeadline } from './time-limit.js';
import { pauseOf } from './workflow-pause.js';

/** A run of `backfillScorecards`, as Temporal describes it. */
export interface RunFacts {
  readonly workflowId: string;
  readonly runId: string;
  /** `RUNNING`, `PAUSED` (by Temporal's Workflow Pause), `COMPLETED`, `FAILED`, `CANCELLED`, `TERMINATED` or `TIMED_OUT`. */
  readonly status: string;
  /** When its last execution started: after continue-as-new, later than the run itself. */
  readonly startedAt: Date;
  /** Undefined while it is open. */
  readonly closedAt: Date | undefined;
  readonly taskQueue: string;
  /** Set while Temporal's Workflow Pause has paused it: by whom, and the next step. */
  readonly pause: string | undefined;
  readonly memo: Readonly<Record<string, unknown>> | undefined;
}

/** A workflow that has the id of a run, but is none, or is another cluster's. */
export class NotARun extends Error {
  override readonly name = 'NotARun';
}

/**
 * The newest run with this workflow id, as it is now, also where visibility lags behind; undefined if there is none.
 *
 * @param runId of one of several executions with that id; default: the newest
 * @param own whether it must be the cluster's own, where clusters share a namespace
 * @throws NotARun, or when the cluster does not answer
 */
export async function describeRun(
  session: ClusterSession,
  workflowId: string,
  { own = false, runId }: { own?: boolean; runId?: string | undefined } = {},
): Promise<RunFacts | undefined> {
  const { client, cluster } = session;
  try {
    const found = await withDeadline(client, () => client.workflow.getHandle(workflowId, runId).describe());
    if (found.type !== WORKFLOW_TYPE) {
      throw new NotARun(`${workflowId} is a ${found.type}, not a run of ${WORKFLOW_TYPE}`);
    }
    if (own && !(await isOfCluster(session, found)))
      throw new NotARun(`${workflowId} is a run of another cluster than ${cluster.name}`);
    return {
      workflowId,
      runId: found.runId,
      status: found.status.name,
      startedAt: found.startTime,
      closedAt: found.closeTime,
      taskQueue: found.taskQueue,
      pause: pauseOf(found, cluster.namespace),
      memo: found.memo,
    };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** Whether a run is the cluster's. Without a fleet file, all runs of the namespace belong to the one cluster. */
export async function isOfCluster({ client, cluster }: ClusterSession, run: Labelled): Promise<boolean> {
  return cluster.connection.environment === true || (await clusterOf(client, run)) === cluster.name;
}

export type Labelled = Pick<WorkflowExecutionInfo, 'workflowId' | 'runId' | 'typedSearchAttributes'>;

/** The query that finds the cluster's runs in visibility; some that it finds may be {@link isOfCluster another's}. */
export function runsQuery({ cluster }: ClusterSession, conditions: readonly string[] = []): string {
  const prefix = cluster.connection.environment ? RUN_PREFIX : `${RUN_PREFIX}${cluster.name}-`;
  return [
    `WorkflowType = "${WORKFLOW_TYPE}"`,
    `WorkflowId STARTS_WITH "${prefix}"`,
    // After continue-as-new it is the same run; only its latest execution has its status.
    'ExecutionStatus != "ContinuedAsNew"',
    ...conditions,
  ].join(' AND ');
}
