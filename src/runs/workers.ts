import type { ClusterSession } from '../fleet/index.js';
import { withDeadline } from './time-limit.js';

const WORKFLOW_TASKS = 1;

/** Whether a worker polls the orchestrator's task queue now, or did in the last minutes. */
export async function hasWorker({ client, cluster }: ClusterSession, taskQueue = cluster.taskQueue): Promise<boolean> {
  const { pollers } = await withDeadline(client, () =>
    client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: WORKFLOW_TASKS,
    }),
  );
  return (pollers ?? []).length > 0;
}

export const noWorkerText = ({ cluster }: ClusterSession): string =>
  `${cluster.name}: no worker polls task queue ${cluster.taskQueue}; start one (npm run worker), or see backfill doctor ${cluster.name}`;
