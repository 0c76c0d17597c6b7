import { activityInfo, heartbeat } from '@temporalio/activity';

const BEATS_PER_TIMEOUT = 3;

/**
 * Heartbeats while `work` goes on, so that an activity whose worker was killed is tried again after its heartbeat
 * timeout, and not only when its whole time is up.
 */
export async function beating<T>(work: () => Promise<T>): Promise<T> {
  const beat = setInterval(heartbeat, (activityInfo().heartbeatTimeoutMs ?? 30_000) / BEATS_PER_TIMEOUT);
  try {
    return await work();
  } finally {
    clearInterval(beat);
  }
}
