import { type Client, QueryNotRegisteredError, type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import { parseWindowId } from '../backfill/hours/window.js';
import { type DaysView, lengthened } from '../backfill/views/days.js';
import { ownWindows } from '../backfill/views/placed-days.js';
import type { Progress } from '../backfill/views/progress.js';
import { withDeadline } from '../runs/time-limit.js';
import type { WindowInFlight, WindowsInFlight } from './picture.js';
import { withActivities } from './window-activity.js';

/** A run at one moment. */
export interface RunSnapshot {
  readonly progress: Progress;
  readonly windows: WindowsInFlight;
}

const MOST_WINDOWS = 1_000;

/**
 * Asks a run for its progress, and visibility for its open windows.
 *
 * @param prefix of the workflow ids of its windows
 * @param limitMs how long to wait for an answer
 * @throws when the server or the run's worker does not answer, or the run does not exist
 */
export function takeSnapshot(
  client: Client,
  workflowId: string,
  prefix: string,
  limitMs: number,
): Promise<RunSnapshot> {
  const calls = async (): Promise<RunSnapshot> => {
    const [progress, { list, more }] = await Promise.all([
      wholeProgress(client.workflow.getHandle(workflowId)),
      openWindows(client, prefix),
    ]);
    const own = await withActivities(client, list.filter(ownWindows(progress)));
    return { progress, windows: { list: own, more } };
  };
  return withDeadline(client, calls, limitMs);
}

/**
 * A run's progress, with the days of as many customers as there is any way to ask for at once: of a year, all of thousands
 * rather than the first few. A run of an older worker does not know the second question.
 */
async function wholeProgress(handle: WorkflowHandle): Promise<Progress> {
  const progress = await handle.query<Progress>('progress');
  if (!progress.customersLeftOut) return progress;
  const days = await handle.query<DaysView>('days').catch((error: unknown) => {
    if (error instanceof QueryNotRegisteredError) return undefined;
    throw error;
  });
  if (!days || days.customers.length <= progress.customers.length) return progress;
  const { customersLeftOut: _, ...rest } = progress;
  const customers = days.customers.map((customer) => ({ ...customer, days: lengthened(customer.days) }));
  const { customersLeftOut } = days;
  return { ...rest, customers, ...(customersLeftOut && { customersLeftOut }) };
}

/** Whether an error means that the workflow does not exist, rather than that nothing answers. */
export const isNoSuchRun = (error: unknown): boolean => error instanceof WorkflowNotFoundError;

/** The message for a run that has no queries, because it failed before it could answer any; undefined for other errors. */
export const whyNoQueries = (error: unknown): string | undefined =>
  error instanceof QueryNotRegisteredError
    ? 'the run answers no queries: its input was refused, or it is not a backfillScorecards workflow; `temporal workflow describe` shows more'
    : undefined;

/** The windows of this prefix that are open now, the oldest first. */
export async function openWindows(client: Client, prefix: string): Promise<WindowsInFlight> {
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
