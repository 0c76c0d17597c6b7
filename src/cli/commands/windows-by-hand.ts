import type { Client } from '@temporalio/client';
import { counted } from '../../presentation/lines/format.js';
import { fact, LABEL_WIDTH, type Line } from '../../presentation/lines/line.js';
import { withDeadline } from '../../runs/time-limit.js';

/** Workflows of windows that no run started: a person or a script did. */
export interface WindowsByHand {
  /** By Temporal's status, in lower case: `{running: 3, completed: 256}`. */
  readonly counts: Readonly<Record<string, number>>;
  /** Workflow ids of those that are open, or some of them if there are many. */
  readonly running: readonly string[];
}

const MOST_NAMED = 5;
const INDENT = ' '.repeat(LABEL_WIDTH);

/** A window that Temporal's Workflow Pause has paused is open as well. */
const openIn = ({ running = 0, paused = 0 }: WindowsByHand['counts']): number => running + paused;

/** The windows of this prefix that have no parent, according to visibility. The prefix has no quotes (request.ts). */
export async function windowsByHand(client: Client, prefix: string): Promise<WindowsByHand> {
  const orphans = `WorkflowId STARTS_WITH "${prefix}-" AND ParentWorkflowId IS NULL`;
  return withDeadline(client, async () => {
    const { groups } = await client.workflow.count(`${orphans} GROUP BY ExecutionStatus`);
    const counts = Object.fromEntries(
      groups.map(({ count, groupValues }) => [String(groupValues.flat()[0]).toLowerCase(), count]),
    );
    const running: string[] = [];
    if (openIn(counts) === 0) return { counts, running };
    const query = `${orphans} AND CloseTime IS NULL`;
    for await (const { workflowId } of client.workflow.list({ query, pageSize: MOST_NAMED })) {
      if (running.push(workflowId) === MOST_NAMED) break;
    }
    return { counts, running };
  });
}

/** A line with their number, and one for each that is open; no lines if there are none. */
export function byHandLines({ counts, running }: WindowsByHand): Line[] {
  const parts = Object.entries(counts).map(([status, amount]) => `${amount} ${status}`);
  if (parts.length === 0) return [];
  const total = Object.values(counts).reduce((sum, amount) => sum + amount, 0);
  const more = openIn(counts) - running.length;
  return [
    fact('by hand', `${counted(total, 'window')} started outside of any run: ${parts.join(', ')}`),
    ...running.map((id): Line => [INDENT + id]),
    ...(more > 0 ? [[`${INDENT}and ${more} more`]] : []),
  ];
}
