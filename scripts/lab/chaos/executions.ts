import type { Client, WorkflowExecutionStatusName } from '@temporalio/client';
import { parseWindowId } from '../../../src/backfill/hours/window.js';
import { insist } from './stack.js';

/** One execution of a window, as Temporal's own records have it. */
export interface Execution {
  workflowId: string;
  runId: string;
  status: WorkflowExecutionStatusName;
  customer: string;
  /** Hours since 1970, half-open. */
  from: number;
  to: number;
  /** Microseconds since 1970, by the one clock of the server. */
  startedAt: number;
  /** Infinite while it runs. */
  closedAt: number;
}

const PREFIX = 'reindexconversations';

/**
 * Every execution of the windows of customers whose ids begin with `customerPrefix`, by time of start. Asks for each
 * by itself too: a list may be behind, a description is not.
 */
export async function executionsOf(client: Client, customerPrefix: string): Promise<Execution[]> {
  const query = `WorkflowId STARTS_WITH "${PREFIX}-${customerPrefix}"`;
  const listed = await listAll(client, query);
  const executions: Execution[] = [];
  for (const { workflowId, runId } of listed) {
    const window = parseWindowId(PREFIX, workflowId);
    if (!window) throw new Error(`${workflowId} does not say which window it is`);
    const description = await insist(() => client.workflow.getHandle(workflowId, runId).describe());
    const { startTime, closeTime } = description.raw.workflowExecutionInfo!;
    executions.push({
      workflowId,
      runId,
      status: description.status.name,
      customer: window.customer,
      from: window.interval[0],
      to: window.interval[1],
      startedAt: microseconds(startTime)!,
      closedAt: microseconds(closeTime) ?? Number.POSITIVE_INFINITY,
    });
  }
  return executions.sort((a, b) => a.startedAt - b.startedAt);
}

/** The id and run id of every execution that visibility finds. */
export async function listAll(client: Client, query: string): Promise<{ workflowId: string; runId: string }[]> {
  return await insist(async () => {
    const found: { workflowId: string; runId: string }[] = [];
    for await (const { workflowId, runId } of client.workflow.list({ query, pageSize: 1_000 })) {
      found.push({ workflowId, runId });
    }
    return found;
  });
}

type Timestamp = { seconds?: unknown; nanos?: number | null } | null | undefined;

/** Whole microseconds, which a number holds exactly. */
export function microseconds(time: Timestamp): number | undefined {
  if (!time) return undefined;
  return Number(time.seconds) * 1_000_000 + Math.floor((time.nanos ?? 0) / 1_000);
}
