import type { ClassifiedFailure } from '../backfill/failures/classify.js';
import type { Interval, Intervals } from '../backfill/hours/interval.js';
import type { HoursStep } from '../backfill/hours/working-hours.js';
import type { Health } from '../backfill/pacing/pace.js';
import type { ProbeOptions, WorkingHours } from '../backfill/request/options.js';

/** What the workflow asks of the outside world. Workflow code imports this file: nothing in it may need Node or Temporal. */
export interface Activities {
  /**
   * The customers of a cluster, with their conversations in the range (UTC days, `end` exclusive) where the directory
   * knows them. Fails as non-retryable `DirectoryMissing` when the worker has none, or one that names nobody, and as
   * `DirectoryInvalid` when the database refuses the SQL.
   */
  listCustomers(query: DirectoryQuery): Promise<DirectoryEntry[]>;
  /** The windows of a prefix that run now, and, if asked, the hours that completed windows cover, by customer. */
  findWindows(query: WindowQuery): Promise<FoundWindows>;
  /** Waits for a window's workflow to end, however long that takes, and says how it ended. */
  followWindow(window: { workflowId: string; runId?: string }): Promise<WindowOutcome>;
  /** When the run may work in the next so many days, from the time zones as this worker knows them. */
  openHours(query: { hours: WorkingHours[]; days: number; max: number }): Promise<HoursStep[]>;
  /**
   * Looks at the cluster's database until it is at another level than `last`, and says which. The connection comes from
   * the worker's environment, by the cluster's name.
   */
  probeDatabase(query: ProbeQuery): Promise<ProbeAnswer>;
  /**
   * Counts what is missing in windows, in the order given. Connection and SQL come from the worker's environment, by the
   * cluster's name. Fails as non-retryable `VerifyMissing` or `VerifyInvalid` where no other try would help.
   */
  checkWindows(query: CheckQuery): Promise<CheckedDay[][]>;
  /** The metrics that thresholds of `probe` may name, and what is wrong with the worker's own ones, if anything is. */
  knownMetrics(): Promise<{ names: string[]; trouble?: string }>;
  /** Which of these search attributes the namespace has, as Keyword: one of another type is somebody else's. */
  registeredSearchAttributes(names: string[]): Promise<string[]>;
}

export interface DirectoryQuery {
  cluster?: string;
  start: string;
  end: string;
}

/** What a directory was asked for, in a sentence. */
export const askedFor = ({ cluster, start, end }: DirectoryQuery): string =>
  `${cluster === undefined ? 'a run without a cluster' : `cluster ${JSON.stringify(cluster)}`}, ${start} to ${end}`;

export interface DirectoryEntry {
  id: string;
  conversations?: number;
}

export interface WindowQuery {
  prefix: string;
  completed: boolean;
  /** Only windows of these customers. Default: of all. */
  customers?: string[];
}

export interface FoundWindows {
  running: { customer: string; hours: Interval; runId: string }[];
  completed: { customer: string; hours: Intervals }[];
  /** How many completed windows these hours come from. */
  completedWindows: number;
}

export interface CheckQuery {
  cluster?: string;
  /** Hours since 1970; `asOf` in ms: a conversation that arrived later is not missing. None: only whether it can be done. */
  windows: { customer: string; hours: Interval; asOf: number }[];
}

/** A day (as its number since 1970) and what was counted in it. */
export type CheckedDay = [day: number, conversations: number, missing: number];

export interface ProbeQuery extends ProbeOptions {
  cluster?: string;
  /** What the run believes, and why; an unknown level is answered again when its reason has become another one. */
  last: Health;
  reason?: string;
}

export interface ProbeAnswer {
  level: Health;
  /** The metric that decided, with its value and threshold; or why the database can't be seen. */
  reason: string;
}

export type WindowOutcome =
  | { completed: true; conversations?: number }
  | { completed: false; failure: ClassifiedFailure };
