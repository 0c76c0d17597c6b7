import { ActivityCancellationType, CancellationScope, CancelledFailure, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities.js';
import { parseWindow, type WindowResult } from '../window.js';

/**
 * Reindexes one window of one customer: computes the scorecards of its conversations again and brings the agents'
 * aggregates up to date. Running it again changes nothing but the time of scoring.
 *
 * @param argument `{customerId, startTime, endTime, options?}`, see `parseWindow`
 */
export async function reindexconversations(argument: unknown): Promise<WindowResult> {
  const task = parseWindow(argument);
  const { heartbeatTimeoutMs, startToCloseTimeoutMs, activityAttempts } = task.options;
  const { reindexWindow } = proxyActivities<Activities>({
    heartbeatTimeout: heartbeatTimeoutMs,
    startToCloseTimeout: startToCloseTimeoutMs,
    // Few, so that the parent sees the failure and can react to it.
    retry: { maximumAttempts: activityAttempts, initialInterval: 200, backoffCoefficient: 2 },
    // A cancelled window has stopped working by the time it is closed.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });
  try {
    return await reindexWindow(task);
  } catch (error) {
    // A statement that runs or waits for a lock ends only by its timeout, which is then not the cause to report.
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('the window was cancelled');
    throw error;
  }
}
