import type { ClassifiedFailure } from '../backfill/failures.js';
import type { Intervals } from '../backfill/interval.js';

/** What the workflow asks of the outside world. Types only, so that workflow code can import this file. */
export interface Activities {
  /**
   * The customers of a cluster, with their conversations in the range (UTC days, `end` exclusive) where the directory
   * knows them. Fails as non-retryable `DirectoryMissing` when the worker has none.
   */
  listCustomers(query: DirectoryQuery): Promise<DirectoryEntry[]>;
  /** The windows of a prefix that run now, and, if asked, the hours that completed windows cover, by customer. */
  findWindows(query: WindowQuery): Promise<FoundWindows>;
  /** Waits for a window's workflow to end, however long that takes, and says how it ended. */
  followWindow(window: { workflowId: string; runId?: string }): Promise<WindowOutcome>;
  /** Which of these search attributes the namespace has. */
  registeredSearchAttributes(names: string[]): Promise<string[]>;
}

export interface DirectoryQuery {
  cluster?: string;
  start: string;
  end: string;
}

export interface DirectoryEntry {
  id: string;
  conversations?: number;
}

export interface WindowQuery {
  prefix: string;
  completed: boolean;
}

export interface FoundWindows {
  running: { customer: string; from: number; to: number; runId: string }[];
  completed: { customer: string; hours: Intervals }[];
  /** How many completed windows these hours come from. */
  completedWindows: number;
}

export type WindowOutcome = { completed: true } | { completed: false; failure: ClassifiedFailure };
