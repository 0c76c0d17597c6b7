import type { Interval } from '../../backfill/hours/interval.js';

/** What a tracking file says about one customer's days. */
export interface TrackedDays {
  customer: string;
  /** Set where the file names it. */
  cluster?: string;
  /** Hours since 1970, half-open; whole UTC days. */
  interval: Interval;
  /** Undefined where the file has no status: then only Temporal knows. */
  done: boolean | undefined;
}

/** Something that can't be read, with its place in the file: `cvs["2026-01-32"]`. */
export interface TrackingProblem {
  path: string;
  expected: string;
  got: string;
}

export interface Tracking {
  entries: TrackedDays[];
  /** A file with any problem is not used: half a tracking file would repeat work that is done. */
  problems: TrackingProblem[];
}
