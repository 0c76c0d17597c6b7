import type { Interval } from '../../backfill/hours/interval.js';
import type { Progress } from '../../backfill/views/progress.js';

/** What is known about one cluster at one moment: `status` draws it once, `watch` repeatedly. */
export interface ClusterPicture {
  readonly cluster: string;
  /** The run that is shown; undefined when the cluster has none. */
  readonly workflowId?: string;
  /** The latest answer of the run. */
  readonly progress?: Progress;
  /** The windows that are running according to visibility, the oldest first. */
  readonly windows?: WindowsInFlight;
  /** When progress was answered, in ms since 1970. */
  readonly asOf?: number;
  /** Completed windows an hour; undefined while unknown. */
  readonly rate?: number;
  /** Set while the cluster does not answer: since when (ms since 1970), and why. The other fields are the last known ones. */
  readonly unreachable?: { readonly since: number; readonly reason: string };
  /** A message instead of progress, such as that there is no run. */
  readonly note?: string;
}

export interface WindowsInFlight {
  readonly list: readonly WindowInFlight[];
  /** Whether more are running than are listed. */
  readonly more: boolean;
}

/** A window's workflow that is open now. */
export interface WindowInFlight {
  readonly workflowId: string;
  readonly customer: string;
  readonly interval: Interval;
  /** Ms since 1970. */
  readonly startedAt: number;
  /** By Temporal's Workflow Pause: it can't end before it is unpaused. */
  readonly paused?: true;
}

/**
 * Completed windows an hour since the run's start; undefined before the first has completed. A view that polls measures it
 * more precisely.
 */
export function rateSinceStart(progress: Progress, now: number): number | undefined {
  const { completed } = progress.totals.windows;
  const hours = (now - Date.parse(progress.startedAt)) / 3_600_000;
  return completed === 0 || hours <= 0 ? undefined : completed / hours;
}
