import { activityInfo, heartbeat } from '@temporalio/activity';

const HEARTBEATS_PER_TIMEOUT = 3;

/**
 * Sends heartbeats while `work` runs, so that an activity whose worker was killed is retried after its heartbeat timeout,
 * rather than after its whole start-to-close timeout.
 */
export async function withHeartbeats<T>(work: () => Promise<T>): Promise<T> {
  const timer = setInterval(heartbeat, (activityInfo().heartbeatTimeoutMs ?? 30_000) / HEARTBEATS_PER_TIMEOUT);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
