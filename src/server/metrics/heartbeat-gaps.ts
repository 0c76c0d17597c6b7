import type { Client } from '@temporalio/client';
import { withDeadline } from '../../cli/time-limit.js';
import type { FleetWatch } from '../fleet-watch.js';

/** Only the oldest windows are asked about: a window that is silent for long is old. */
const WINDOWS = 10;
const LOOK_EVERY_MS = 15_000;
const COUNTS_FOR_MS = 60_000;
const ANSWER_LIMIT_MS = 5_000;

/** How near the windows of each cluster are to their heartbeat timeout. Looks when asked, at most every 15 seconds. */
export class HeartbeatGaps {
  private readonly looks = new Map<string, { at: number; gap?: number }>();

  constructor(private readonly watch: FleetWatch) {}

  /** What is known by now, by cluster. An answer on its way counts for the next time. */
  latest(now = Date.now()): Map<string, number> {
    const known = new Map<string, number>();
    for (const { cluster, unreachable } of this.watch.pictures) {
      const look = this.looks.get(cluster);
      if (look?.gap !== undefined && now - look.at <= COUNTS_FOR_MS) known.set(cluster, look.gap);
      if (unreachable || (look && now - look.at < LOOK_EVERY_MS)) continue;
      this.looks.set(cluster, { at: now });
      void this.look(cluster).catch(() => {});
    }
    return known;
  }

  private async look(cluster: string): Promise<void> {
    const oldest = this.watch.picture(cluster)?.windows?.list.slice(0, WINDOWS) ?? [];
    const { client } = await this.watch.session(cluster);
    const gaps = await withDeadline(
      client,
      () => Promise.all(oldest.map(({ workflowId }) => gapOf(client, workflowId))),
      ANSWER_LIMIT_MS,
    );
    const known = gaps.flatMap((gap) => gap ?? []);
    this.looks.set(cluster, { at: Date.now(), ...(known.length > 0 && { gap: Math.max(...known) }) });
  }
}

/** Undefined for a window without a running activity that has a heartbeat timeout, or from a server that does not say it. */
async function gapOf(client: Client, workflowId: string): Promise<number | undefined> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  const gaps = (raw.pendingActivities ?? []).flatMap(({ lastHeartbeatTime, lastStartedTime, activityOptions }) => {
    const since = lastHeartbeatTime ?? lastStartedTime;
    const timeout = Number(activityOptions?.heartbeatTimeout?.seconds ?? 0);
    return since && timeout > 0 ? (Date.now() / 1_000 - Number(since.seconds)) / timeout : [];
  });
  return gaps.length > 0 ? Math.max(0, ...gaps) : undefined;
}
