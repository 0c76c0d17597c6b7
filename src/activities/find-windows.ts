import type { Client } from '@temporalio/client';
import { add, type Intervals, none } from '../backfill/hours/interval.js';
import { parseWindowId } from '../backfill/hours/window.js';
import type { FoundWindows, WindowQuery } from './contract.js';

const FEW = 20;

/**
 * Finds windows by their workflow ids, of any size and started by anyone. Reads all pages. The prefix and the ids have no
 * quotes (request.ts allows none), so that they can be part of a visibility query.
 */
export async function findWindows(
  client: Client,
  { prefix, completed, customers }: WindowQuery,
): Promise<FoundWindows> {
  const asked = customers && new Set(customers);
  const wanted = (customer: string) => asked === undefined || asked.has(customer);
  // For many customers, one pass over all windows is cheaper than a query for each.
  const prefixes = customers && customers.length <= FEW ? customers.map((id) => `${prefix}-${id}-`) : [`${prefix}-`];
  async function* list(condition: string) {
    for (const start of prefixes) {
      const query = `WorkflowId STARTS_WITH "${start}" AND ${condition}`;
      yield* client.workflow.list({ query, pageSize: 1_000 });
    }
  }
  const running: FoundWindows['running'] = [];
  // A window that Temporal's Workflow Pause has paused is open and will continue, but its status is not `Running`.
  for await (const { workflowId, runId } of list('CloseTime IS NULL')) {
    const window = parseWindowId(prefix, workflowId);
    if (window && wanted(window.customer)) running.push({ customer: window.customer, hours: window.interval, runId });
  }
  const hours = new Map<string, Intervals>();
  if (completed) {
    for await (const { workflowId } of list('ExecutionStatus = "Completed"')) {
      const window = parseWindowId(prefix, workflowId);
      if (!window || !wanted(window.customer)) continue;
      hours.set(window.customer, add(hours.get(window.customer) ?? none, window.interval));
    }
  }
  return { running, completed: [...hours].map(([customer, hours]) => ({ customer, hours })) };
}
