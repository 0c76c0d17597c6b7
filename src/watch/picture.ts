import type { Interval } from '../backfill/hours/interval.js';
import type { Progress } from '../backfill/views/progress.js';

/** What is known about one cluster at one moment: `status` draws it once, `watch` repeatedly. */
export interface ClusterPicture {
  readonly cluster: string;
  /** The run that is shown; undefined when the cluster has none. */
  readonly workflowId?: string;
  /** Ids of other runs of the cluster that are open. */
  readonly others?: readonly string[];
  /** Temporal has closed the run, however it ended: a terminated run's own answer is that it is running. */
  readonly closed?: true;
  /** The latest answer of the run. */
  readonly progress?: Progress;
  /** The windows that are running according to visibility, the oldest first. */
  readonly windows?: WindowsInFlight;
  /** When progress was answered, in ms since 1970. */
  readonly asOf?: number;
  /** Completed windows an hour; undefined while unknown. */
  readonly rate?: number;
  /** Set while the cluster does not answer: since when (ms since 1970), and why. The other fields are the last known ones. */
  readonly unreachable?: Unreachable;
  /** A message instead of progress, such as that there is no run. */
  readonly note?: string;
}

export interface Unreachable {
  readonly since: number;
  readonly reason: string;
  /** Its Temporal answers: what does not is the run, open or closed, which takes the orchestrator's worker. */
  readonly temporalAnswers?: { readonly openRun: boolean };
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
  /** Inside the oldest windows: what their activity says. */
  readonly activity?: WindowActivity;
}

/** The pending activity of a window's workflow, as Temporal describes it. */
export interface WindowActivity {
  readonly attempt: number;
  /** The latest heartbeat, or the start of the attempt, in ms since 1970; while an attempt is running. */
  readonly seenAt?: number;
  /** The heartbeat timeout. */
  readonly limitMs?: number;
  /** How much of the window is done, from 0 to 1, where the heartbeat's details say so. */
  readonly share?: number;
  /** Figures in the heartbeat's details. */
  readonly counts?: readonly (readonly [name: string, amount: number])[];
  /** Why the attempt before this one failed. */
  readonly lastFailure?: string;
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
