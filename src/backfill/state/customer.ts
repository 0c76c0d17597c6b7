import { FAILURE_CLASSES } from '../failures/classify.js';
import type { Hour, Interval, Intervals } from '../hours/interval.js';
import type { WindowKey } from '../hours/window.js';
import type { Sizing } from '../pacing/sizing.js';
import type { Writers } from '../pacing/writers.js';
import type { CustomerRequest } from '../request/options.js';
import type { Coverage } from './ledger.js';
import type { Pause } from './lifecycle.js';

/** A customer of a run: as it was asked for, and in four parts what has become of it. Times are ms since 1970. */
export interface Customer extends Omit<CustomerRequest, 'done'> {
  hours: CustomerHours;
  windows: CustomerWindows;
  pacing: CustomerPacing;
  record: CustomerRecord;
  paused?: Pause;
  removed?: true;
}

/**
 * Where each hour of a customer's range stands. Every hour is in exactly one of: waiting, skipped, failed, held, a running
 * window, a completed window that waits for its check, or none of these, which means done. So done days cost nothing, and
 * resetting or skipping a day is set arithmetic. Only `hour-transitions.ts` moves hours between these sets.
 */
export interface CustomerHours {
  waiting: Intervals;
  skipped: Intervals;
  failed: Intervals;
  held: Intervals;
  /** Running hours that wait again once their window has ended, completed or not. */
  rerunAfter: Intervals;
  /** Running hours that are skipped if their window does not complete, and hours in check if something is missing. */
  skipUnlessCompleted: Intervals;
  /**
   * The customer was added on the way: nothing of it starts before the run knows what is running already. Of these hours it
   * does not know either whether completed windows did them; of all others the run, or an operator, has said it.
   */
  undiscovered?: Intervals;
  /** Hours that had failed while the breaker was open and were given another try when it closed: each only once. */
  retriedAfterBreaker?: Intervals;
}

/** What is under way for some of a customer's hours. */
export interface CustomerWindows {
  running: readonly Window[];
  /** Parts of the waiting hours that failed before, each to be tried again as one window. */
  retries: readonly Retry[];
  /** Completed windows that wait for their check; only with `options.verify`. */
  checking: readonly Check[];
  /** Parts that a check sent back to run again, until one finds them complete. */
  repairs: readonly Repair[];
}

/** What a customer's windows have taught: their size, how many at once, and how fast they are at best. */
export interface CustomerPacing {
  /** Work in one hour of its range: conversations where known, else a guess from the others. */
  density: number;
  sizing: Sizing;
  /** Fewer windows at once than it may have, after contention; only where that is a number. */
  writers?: number;
  /** How many windows at once it has, where the run finds that out, and what it knows of that; one, until it knows more. */
  foundWriters?: Writers;
  /** The shortest time that a unit of its work has taken, in ms; slowly forgotten. */
  best?: number;
}

/** What a customer leaves behind for the report. */
export interface CustomerRecord {
  /** What shows that its done hours are done; of at most `MAX_PROOF_ROWS` days of all customers. */
  ledger: readonly Coverage[];
  problems: readonly Problem[];
  /** Windows that completed, windows that did not, and the time both took in ms. */
  completed: number;
  unsuccessful: number;
  busy: number;
}

/** A window in flight. */
export interface Window {
  hours: Interval;
  /** 1 for the first try. */
  attempt: number;
  startedAt: number;
  /** The execution that does it, once known. */
  runId?: string;
  /** Its workflow was running already; the run awaits it. */
  adopted?: true;
  /** Adopted because it was found over these hours, of any size, and not because this run wanted to start it. */
  found?: true;
  /** This run asked it to cancel, so its end is this run's own decision. */
  cancelRequested?: true;
  /** The hours that it answers for, when these are fewer than its own (an adopted window of another size). */
  claims?: Intervals;
}

export interface Retry {
  hours: Interval;
  /** Attempts made. */
  attempts: number;
  /** Not before. */
  at: number;
  class: TroubleClass;
  message: string;
}

/** A completed window whose hours are done once a check has found nothing missing in them. */
export interface Check {
  /** The window's own hours. */
  window: Interval;
  /** Of these, the hours that it answers for. */
  hours: Intervals;
  attempt: number;
  /** What arrived after this is not missing: it came too late for this window. */
  startedAt: number;
  endedAt: number;
  /** It had completed before this run; `window` may be that of several such windows. */
  found?: true;
}

/** Hours of a completed window to be counted; with `endedAt` they name one completion, and no later one of the same hours. */
export interface CheckKey extends WindowKey {
  endedAt: number;
  /** When its window started, in ms since 1970: what arrived later is not missing. */
  asOf: number;
}

/** Hours that run again because a check found something missing in them. */
export interface Repair {
  hours: Interval;
  times: number;
  /** Windows that ran over them until then. */
  attempts: number;
}

/** Why hours need attention: a window's failure, something missing in them, or a check that could not be made. */
export type TroubleClass = (typeof TROUBLE_CLASSES)[number];
export const TROUBLE_CLASSES = [...FAILURE_CLASSES, 'missing', 'unverified'] as const;

/** Why hours are failed or held: the failure of one window, or of several alike. Each such hour is in exactly one problem. */
export interface Problem {
  /** A window's hours, or those of several in order; windows that touch stay apart, since each has a workflow of its own. */
  hours: Intervals;
  class: TroubleClass;
  message: string;
  /** Of the window that was tried most often. */
  attempts: number;
  /** Of the latest window. */
  workflowId: string;
  /** When it failed. */
  at: number;
}

/** The range of a customer as one stretch of hours. */
export const rangeOf = ({ start, end }: { start: Hour; end: Hour }): Interval => [start, end];
