import type { Client } from '@temporalio/client';
import { add, type Intervals, none } from '../backfill/interval.js';
import { parseWindowId } from '../backfill/window.js';
import type { FoundWindows, WindowQuery } from './contract.js';

/**
 * Finds windows by their workflow ids, of any size and whoever started them. Pages through all there are. The prefix
 * has no quotes (request.ts allows none), so it can stand in a visibility query.
 */
export async function findWindows(client: Client, { prefix, completed }: WindowQuery): Promise<FoundWindows> {
  const list = (status: 'Running' | 'Completed') =>
    client.workflow.list({
      query: `WorkflowId STARTS_WITH "${prefix}-" AND ExecutionStatus = "${status}"`,
      pageSize: 1_000,
    });
  const running: FoundWindows['running'] = [];
  for await (const { workflowId, runId } of list('Running')) {
    const window = parseWindowId(prefix, workflowId);
    if (window) running.push({ customer: window.customer, from: window.interval[0], to: window.interval[1], runId });
  }
  const hours = new Map<string, Intervals>();
  let completedWindows = 0;
  if (completed) {
    for await (const { workflowId } of list('Completed')) {
      const window = parseWindowId(prefix, workflowId);
      if (!window) continue;
      hours.set(window.customer, add(hours.get(window.customer) ?? none, window.interval));
      completedWindows++;
    }
  }
  return { running, completed: [...hours].map(([customer, hours]) => ({ customer, hours })), completedWindows };
}
