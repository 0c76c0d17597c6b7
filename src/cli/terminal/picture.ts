import type { Interval } from '../../backfill/hours/interval.js';
import type { Progress } from '../../backfill/views/progress.js';

/** What is known of one cluster at a moment: what `status` draws once, and `watch` again and again. */
export interface ClusterPicture {
  readonly cluster: string;
  /** The run that the picture is of; undefined when the cluster has none. */
  readonly workflowId?: string;
  /** The latest answer of the run. */
  readonly progress?: Progress;
  /** What Temporal's visibility says runs now, the oldest first. */
  readonly windows?: WindowsInFlight;
  /** When progress was answered, in ms since 1970. */
  readonly asOf?: number;
  /** Completed windows an hour; undefined while unknown. */
  readonly rate?: number;
  /** The cluster does not answer: since when (ms since 1970), and why. What else is here is what was known last. */
  readonly silent?: { readonly since: number; readonly reason: string };
  /** What there is to say instead of progress, such as that there is no run. */
  readonly note?: string;
}

export interface WindowsInFlight {
  readonly list: readonly WindowInFlight[];
  /** More run than are listed. */
  readonly more: boolean;
}

/** A window's workflow that runs now. */
export interface WindowInFlight {
  readonly workflowId: string;
  readonly customer: string;
  readonly interval: Interval;
  /** Ms since 1970. */
  readonly startedAt: number;
  /** By Temporal's Workflow Pause: it ends only after it was unpaused. */
  readonly paused?: true;
}

/**
 * Completed windows an hour since the run's start; undefined before the first has completed. A view that looks more than
 * once knows better.
 */
export function rateSinceStart(progress: Progress, now: number): number | undefined {
  const { completed } = progress.totals.windows;
  const hours = (now - Date.parse(progress.startedAt)) / 3_600_000;
  return completed === 0 || hours <= 0 ? undefined : completed / hours;
}
