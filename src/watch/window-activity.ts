import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import type { Interval } from '../backfill/hours/interval.js';
import { isFields } from '../backfill/json.js';
import { dateOf, decoded } from '../runs/history.js';
import type { WindowActivity, WindowInFlight } from './picture.js';

type Pending = temporal.api.workflow.v1.IPendingActivityInfo;

/** The oldest windows are the ones in danger; each costs Temporal a question. */
const MOST = 10;
const HOUR_MS = 3_600_000;

/**
 * The windows, the oldest of them with what Temporal knows of the activity inside. A window that can't be described is left
 * as it is: it may just have ended.
 */
export async function withActivities(client: Client, windows: readonly WindowInFlight[]): Promise<WindowInFlight[]> {
  const described = windows.slice(0, MOST).map(async (window): Promise<WindowInFlight> => {
    const { namespace } = client.options;
    try {
      const { pendingActivities } = await client.workflowService.describeWorkflowExecution({
        namespace,
        execution: { workflowId: window.workflowId },
      });
      const [pending] = pendingActivities ?? [];
      return pending ? { ...window, activity: activityOf(pending, window.interval) } : window;
    } catch {
      return window;
    }
  });
  return [...(await Promise.all(described)), ...windows.slice(MOST)];
}

/** What a pending activity says, as of Temporal's description of its workflow. */
export function activityOf(pending: Pending, interval: Interval): WindowActivity {
  const { attempt, lastHeartbeatTime, lastStartedTime, activityOptions, lastFailure } = pending;
  const seenAt = (dateOf(lastHeartbeatTime) ?? dateOf(lastStartedTime))?.getTime();
  // A duration has the form of a time.
  const limitMs = dateOf(activityOptions?.heartbeatTimeout)?.getTime();
  const started = pending.state === STARTED;
  return {
    attempt: attempt ?? 1,
    ...(started && seenAt !== undefined ? { seenAt } : {}),
    ...(limitMs ? { limitMs } : {}),
    ...(lastFailure?.message ? { lastFailure: lastFailure.message } : {}),
    ...insideOf(decoded(pending.heartbeatDetails?.payloads?.[0]), interval),
  };
}

const STARTED = 2;

/** How far a heartbeat's details say the window is (docs/serve.md, "Inside a window"). */
export function insideOf(details: unknown, interval: Interval): Pick<WindowActivity, 'share' | 'counts'> {
  if (typeof details === 'number') return { counts: [['done', details]] };
  if (!isFields(details)) return {};
  const { done, total, position } = details;
  const counts = Object.entries(details).filter((entry): entry is [string, number] => Number.isFinite(entry[1]));
  const share =
    typeof done === 'number' && typeof total === 'number' && total > 0 ? done / total : shareAt(position, interval);
  return {
    ...(share === undefined ? {} : { share: Math.min(1, Math.max(0, share)) }),
    ...(counts.length > 0 ? { counts: counts.slice(0, 3) } : {}),
  };
}

/** A position that is a time within the window, or has one. */
function shareAt(position: unknown, [from, to]: Interval): number | undefined {
  const times = isFields(position) ? Object.values(position) : [position];
  for (const time of times) {
    const hour = typeof time === 'string' && /^\d{4}-\d{2}-\d{2}T/.test(time) ? Date.parse(time) / HOUR_MS : Number.NaN;
    if (hour >= from && hour <= to) return (hour - from) / (to - from);
  }
  return undefined;
}
