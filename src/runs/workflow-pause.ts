import type { WorkflowExecutionDescription } from '@temporalio/client';
import { onOneLine } from '../one-line.js';

type Paused = Pick<WorkflowExecutionDescription, 'workflowId' | 'status' | 'raw'>;

/**
 * The sentence for a run that Temporal's own Workflow Pause has paused (server 1.30 and later), with the next step;
 * undefined for all others. The server refuses its queries and Updates, and keeps signals and a cancel until it is unpaused.
 */
export function pauseOf({ workflowId, status, raw }: Paused, namespace: string): string | undefined {
  if (status.name !== 'PAUSED') return undefined;
  const { identity, reason } = raw.workflowExtendedInfo?.pauseInfo ?? {};
  const by = identity ? ` by ${identity}` : '';
  const why = reason ? ` (${reason})` : '';
  return onOneLine(
    `${workflowId} is paused${by} with Temporal's Workflow Pause${why}: it starts nothing and answers nothing; ` +
      `its windows in flight continue. Unpause it: temporal workflow unpause --namespace ${namespace} --workflow-id ${workflowId}`,
  );
}
