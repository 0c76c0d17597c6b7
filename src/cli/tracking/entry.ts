import type { Interval } from '../../backfill/hours/interval.js';

/** What a tracking file says of one customer's days. */
export interface TrackedDays {
  customer: string;
  /** Where the file says it. */
  cluster?: string;
  /** Hours since 1970, half-open; whole UTC days. */
  interval: Interval;
  /** Undefined where the file has no status: only Temporal knows. */
  done: boolean | undefined;
  workflowId?: string;
}

/** What can't be read, by its place in the file: `cvs["2026-01-32"]`. */
export interface TrackingProblem {
  path: string;
  expected: string;
  got: string;
}

export interface Tracking {
  entries: TrackedDays[];
  /** A file with any problem is not used: half a tracking file would start work again that was done. */
  problems: TrackingProblem[];
}
