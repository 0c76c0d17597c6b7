import { onOneLine } from '../../one-line.js';
import type { ClusterPicture, WindowActivity } from '../../watch/picture.js';
import { age, count } from '../lines/format.js';
import { type Line, styled } from '../lines/line.js';

/** From this share of its limit on, a heartbeat's age is a warning. SDKs hold heartbeats back for up to 80% of it. */
export const LATE = 0.85;

/** Whether the time-out strikes soon unless a heartbeat comes. */
export const isLate = ({ seenAt, limitMs }: WindowActivity, now: number): boolean =>
  seenAt !== undefined && limitMs !== undefined && now - seenAt >= LATE * limitMs;

/** How far a window is inside, its attempt, and how old its heartbeat is. */
export function activityLine(activity: WindowActivity, now: number): Line {
  const { share, counts = [], attempt, lastFailure } = activity;
  const parts = [
    ...(share === undefined ? [] : [`${Math.floor(100 * share)}%`]),
    ...counts.map(([name, amount]) => `${count(amount)} ${onOneLine(name)}`),
    ...(attempt > 1 ? [`attempt ${attempt}${lastFailure ? ` after ${onOneLine(lastFailure)}` : ''}`] : []),
  ];
  const heartbeat = heartbeatAge(activity, now);
  if (heartbeat === undefined) return [parts.join(', ')];
  const before = parts.length > 0 ? `${parts.join(', ')}, ` : '';
  return [before, isLate(activity, now) ? styled(heartbeat, 'yellow') : heartbeat];
}

function heartbeatAge({ seenAt, limitMs }: WindowActivity, now: number): string | undefined {
  if (seenAt === undefined || limitMs === undefined) return undefined;
  return `heartbeat ${age(now - seenAt)} ago of at most ${age(limitMs)}`;
}

/** A warning for each window whose heartbeat is about to time out, as of the picture: later heartbeats are not in it. */
export function lateHeartbeats({ windows, asOf }: ClusterPicture, now: number): Line[] {
  return (windows?.list ?? []).flatMap(({ workflowId, customer, activity }): Line[] => {
    if (!activity || !isLate(activity, asOf ?? now)) return [];
    const heartbeat = heartbeatAge(activity, asOf ?? now)!;
    return [
      [
        styled('! ', 'yellow'),
        styled(customer, 'bold'),
        ` ${workflowId}: ${heartbeat}`,
        styled(HEARTBEAT_NEXT_STEP, 'dim'),
      ],
    ];
  });
}

const HEARTBEAT_NEXT_STEP = '; it may time out: if it does, the run splits the window';
