import { type Client, QueryNotRegisteredError, WorkflowNotFoundError } from '@temporalio/client';
import { parseWindowId } from '../../backfill/hours/window.js';
import type { Progress } from '../../backfill/views/progress.js';
import type { WindowInFlight, WindowsInFlight } from '../terminal/picture.js';
import { ownWindows } from './placed-days.js';

/** What one look at a run saw. */
export interface Look {
  readonly progress: Progress;
  readonly windows: WindowsInFlight;
}

const MOST_WINDOWS = 1_000;
/**
 * Looks at one run.
 *
 * @param prefix of the workflow ids of its windows
 * @param patienceMs how long to wait for an answer
 * @throws when the server or the run's worker does not answer, or the run is gone
 */
export async function lookAt(client: Client, workflowId: string, prefix: string, patienceMs: number): Promise<Look> {
  return client.withDeadline(Date.now() + patienceMs, async () => {
    const [progress, { list, more }] = await Promise.all([
      client.workflow.getHandle(workflowId).query<Progress>('progress'),
      runningWindows(client, prefix),
    ]);
    return { progress, windows: { list: list.filter(ownWindows(progress)), more } };
  });
}

/** Whether an error means that the workflow does not exist, and not that nobody answers. */
export const isNoSuchRun = (error: unknown): boolean => error instanceof WorkflowNotFoundError;

/** What to say of a run that can't be asked, because it failed before it could answer anything; else undefined. */
export const whyUnasked = (error: unknown): string | undefined =>
  error instanceof QueryNotRegisteredError
    ? 'the run answers no queries: it refused its input, or is no backfillScorecards; `temporal workflow describe` says more'
    : undefined;

/** The windows of this prefix that are open now, the oldest first. */
export async function runningWindows(client: Client, prefix: string): Promise<WindowsInFlight> {
  const list: WindowInFlight[] = [];
  const query = `WorkflowId STARTS_WITH "${prefix}-" AND CloseTime IS NULL`;
  let more = false;
  for await (const { workflowId, startTime, status } of client.workflow.list({ query, pageSize: MOST_WINDOWS })) {
    if (list.length === MOST_WINDOWS) {
      more = true;
      break;
    }
    const window = parseWindowId(prefix, workflowId);
    if (!window) continue;
    const paused = status.name === 'PAUSED' ? ({ paused: true } as const) : {};
    list.push({ workflowId, ...window, startedAt: startTime.getTime(), ...paused });
  }
  list.sort((a, b) => a.startedAt - b.startedAt);
  return { list, more };
}
