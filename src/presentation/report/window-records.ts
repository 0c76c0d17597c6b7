import type { Client } from '@temporalio/client';
import { formatInstant } from '../../backfill/hours/calendar.js';
import { parseWindowId } from '../../backfill/hours/window.js';
import type { CustomerView, WindowView } from '../../backfill/views/customer.js';
import { ownWindows } from '../../backfill/views/placed-days.js';
import type { Progress } from '../../backfill/views/progress.js';
import type { WindowRecord, WindowStatus } from './document.js';
import { grouped } from './grouped.js';

const PAGE = 1_000;
/** A month of daily windows for over 600 customers; a report with more rows would be of no use. */
export const MOST_WINDOWS = 20_000;

const statuses: Record<string, WindowStatus> = {
  RUNNING: 'running',
  PAUSED: 'running',
  COMPLETED: 'completed',
  FAILED: 'failed',
  TIMED_OUT: 'timedOut',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  CONTINUED_AS_NEW: 'continuedAsNew',
};

/**
 * Temporal's records of a run's windows: workflows of the prefix over the run's customers and days that were open at any
 * time between its start and end. That leaves out earlier windows, and includes adopted ones.
 *
 * @param now ms since 1970, instead of the end of a run that is still open
 */
export async function windowRecords(
  client: Client,
  prefix: string,
  progress: Progress,
  { endedAt, now, most }: { endedAt: number | undefined; now: number; most: number },
): Promise<{ windows: WindowRecord[]; truncated: boolean }> {
  const isOwn = ownWindows(progress);
  const before = endedAt === undefined ? '' : ` AND StartTime <= "${new Date(endedAt).toISOString()}"`;
  const query =
    `WorkflowId STARTS_WITH "${prefix}-"${before}` +
    ` AND (CloseTime >= "${new Date(Date.parse(progress.startedAt)).toISOString()}" OR CloseTime IS NULL)`;
  const windows: WindowRecord[] = [];
  for await (const found of client.workflow.list({ query, pageSize: Math.min(PAGE, most) })) {
    const window = parseWindowId(prefix, found.workflowId);
    if (!window || !isOwn(window)) continue;
    if (windows.length === most) return { windows: inOrder(windows), truncated: true };
    const { workflowId, runId, startTime, closeTime } = found;
    windows.push({
      workflowId,
      runId,
      customer: window.customer,
      from: formatInstant(window.interval[0]),
      to: formatInstant(window.interval[1]),
      status: statuses[found.status.name] ?? 'running',
      startedAt: startTime.toISOString(),
      closedAt: closeTime?.toISOString() ?? null,
      durationMs: Math.max(0, (closeTime?.getTime() ?? now) - startTime.getTime()),
    });
  }
  return { windows: inOrder(windows), truncated: false };
}

const inOrder = (windows: WindowRecord[]) => windows.sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));

/**
 * The records with the class of each failure: from the run's windows, matched by workflow id and the nearest start; for
 * older failures, from the run's list of what needs attention.
 */
export function withClasses(
  windows: readonly WindowRecord[],
  views: readonly CustomerView[],
  attention: Progress['attention'] = [],
): WindowRecord[] {
  const classified = views
    .flatMap((view) => view.windows)
    .filter((view) => view.class !== undefined && view.startedAt !== undefined);
  const known = grouped(classified, (view) => view.workflowId);
  const attentionById = new Map(attention.map((problem) => [problem.workflowId, problem]));
  const latest = new Map(windows.map((window) => [window.workflowId, window]));
  return windows.map((window) => {
    if (window.status === 'completed' || window.status === 'running') return window;
    const distance = (view: WindowView) => Math.abs(Date.parse(view.startedAt!) - Date.parse(window.startedAt));
    const [nearest] = (known.get(window.workflowId) ?? []).sort((a, b) => distance(a) - distance(b));
    if (!nearest) {
      const problem = latest.get(window.workflowId) === window ? attentionById.get(window.workflowId) : undefined;
      return problem ? { ...window, class: problem.class, error: problem.message } : window;
    }
    return { ...window, class: nearest.class!, ...(nearest.error === undefined ? {} : { error: nearest.error }) };
  });
}
