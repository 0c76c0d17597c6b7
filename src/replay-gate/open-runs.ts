import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';

const { VERSIONING_BEHAVIOR_PINNED } = proto.temporal.api.enums.v1.VersioningBehavior;

/** A run that is open now. */
export interface OpenRun {
  workflowId: string;
  runId: string;
  /** The build that executes it until it continues as new. */
  pinnedTo?: string;
}

/** The open runs of a task queue, and the workflows that deliver what ended runs could not. */
export async function openRunsOn(client: Client, taskQueue: string): Promise<OpenRun[]> {
  const query = `WorkflowType IN ("backfillScorecards", "backfillNotifications") AND CloseTime IS NULL AND TaskQueue = "${taskQueue}"`;
  const runs: OpenRun[] = [];
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
    const { behavior, deploymentVersion, versioningOverride } = raw.workflowExecutionInfo?.versioningInfo ?? {};
    const isPinned = behavior === VERSIONING_BEHAVIOR_PINNED && !versioningOverride?.autoUpgrade;
    const version = versioningOverride?.pinned?.version ?? (isPinned ? deploymentVersion : undefined);
    runs.push({ workflowId, runId, ...(version?.buildId && { pinnedTo: version.buildId }) });
  }
  return runs;
}
