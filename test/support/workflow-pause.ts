import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { TestContext } from 'vitest';
import { until } from './run.js';

/** Skips the test on a server without Temporal's Workflow Pause: before 1.30, or where it is switched off. */
export async function needsWorkflowPause(client: Client, context: TestContext): Promise<void> {
  const { workflowService, options } = client;
  const { namespaceInfo } = await workflowService.describeNamespace({ namespace: options.namespace });
  if (namespaceInfo?.capabilities?.workflowPause) return;
  const { serverVersion } = await workflowService.getSystemInfo({});
  context.skip(`Temporal ${serverVersion} has no Workflow Pause; npm run test:servers has newer servers`);
}

/** As `temporal workflow pause` does it; returns when visibility shows it as well. */
export async function pauseWorkflow(client: Client, workflowId: string): Promise<void> {
  // Server 1.31 loses the pause, or the task, when a workflow task is open. So the caller waits for the last event.
  await until(
    () => client.workflow.getHandle(workflowId).describe(),
    ({ raw }) => !raw.pendingWorkflowTask,
  );
  await client.workflowService.pauseWorkflowExecution({
    ...(await execution(client, workflowId)),
    identity: 'kim',
    reason: 'maintenance',
  });
  await until(
    async () => {
      for await (const { status } of client.workflow.list({ query: `WorkflowId = "${workflowId}"` })) {
        if (status.name === 'PAUSED') return true;
      }
      return false;
    },
    (paused) => paused,
  );
}

export async function unpauseWorkflow(client: Client, workflowId: string): Promise<void> {
  await client.workflowService.unpauseWorkflowExecution(await execution(client, workflowId));
}

async function execution(client: Client, workflowId: string) {
  const { runId } = await client.workflow.getHandle(workflowId).describe();
  return { namespace: client.options.namespace, workflowId, runId, requestId: randomUUID() };
}
