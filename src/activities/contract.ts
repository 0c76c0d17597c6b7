import type { ClassifiedFailure } from '../backfill/failures/classify.js';
import type { Interval, Intervals } from '../backfill/hours/interval.js';
import type { HoursStep } from '../backfill/hours/working-hours.js';
import type { Health, Load } from '../backfill/pacing/pace.js';
import type { ProbeOptions, WorkingHours } from '../backfill/request/options.js';
import type { Notification } from '../backfill/state/notifications.js';

/** What the workflow needs from the outside world. Workflow code imports this file: nothing in it may need Node or Temporal. */
export interface Activities {
  /**
   * The customers of a cluster, with their conversations in the range (UTC days, `end` exclusive) where the directory
   * knows them. Fails as non-retryable `DirectoryMissing` when the worker has no directory or an empty one, and as
   * `DirectoryInvalid` when the database refuses the SQL.
   */
  listCustomers(query: DirectoryQuery): Promise<DirectoryEntry[]>;
  /** The windows of a prefix that are open now, and, if requested, the hours that completed windows cover, by customer. */
  findWindows(query: WindowQuery): Promise<FoundWindows>;
  /** Waits for a window's workflow to end, however long that takes, and returns how it ended. */
  followWindow(window: { workflowId: string; runId?: string }): Promise<WindowOutcome>;
  /** When the run may work in the next `days` days, by this worker's time zone data. */
  openHours(query: { hours: WorkingHours[]; days: number; max: number }): Promise<HoursStep[]>;
  /**
   * Measures the cluster's database until its level is no longer `last`, and returns the new one. The connection comes from
   * the worker's environment, by the cluster's name.
   */
  probeDatabase(query: ProbeQuery): Promise<ProbeAnswer>;
  /**
   * Counts what is missing in windows, in the order given. Connection and SQL come from the worker's environment, by the
   * cluster's name. Fails as non-retryable `VerifyMissing` or `VerifyInvalid` where trying again would not help.
   */
  checkWindows(query: CheckQuery): Promise<CheckedDay[][]>;
  /** The metrics that thresholds of `probe` may name, and what is wrong with the operators' own metrics, if anything is. */
  knownMetrics(): Promise<{ names: string[]; trouble?: string }>;
  /** The keys of the webhooks in the worker's environment. Fails as non-retryable `NotifyMissing` where it has none that can be read. */
  listReceivers(): Promise<string[]>;
  /** Sends notifications to one webhook, in their order. An attempt after a failed one continues where that ended. */
  notify(delivery: Delivery): Promise<Delivered>;
  /** Which of these search attributes the namespace has as Keyword; one of another type belongs to someone else. */
  registeredSearchAttributes(names: string[]): Promise<string[]>;
  /** The open runs of this task queue that the build of this worker cannot continue, each with the reason. */
  findRefusedRuns(): Promise<{ checked: number; refused: { workflowId: string; problem: string }[] }>;
}

/** Notifications for one receiver, by its key, from a run: the first of a chain, so that ids stay the same across its runs. */
export interface Delivery {
  receiver: string;
  workflowId: string;
  firstRunId: string;
  cluster?: string;
  notifications: Notification[];
}

export interface Delivered {
  /** The receivers that there are now. */
  receivers: string[];
  /** The receiver answered 410: it wants no more. */
  off?: true;
}

export interface DirectoryQuery {
  cluster?: string;
  start: string;
  end: string;
}

/** A directory query in words. */
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
}

export interface CheckQuery {
  cluster?: string;
  /** `asOf` in ms: a conversation that arrived later is not missing. An empty list only tests that the SQL works. */
  windows: { customer: string; hours: Interval; asOf: number }[];
}

/** A day (as its number since 1970) and what was counted in it. */
export type CheckedDay = [day: number, conversations: number, missing: number];

export interface ProbeQuery extends ProbeOptions {
  cluster?: string;
  /** The level that the run knows, and why; an unknown level is answered again when its reason changes. */
  last: Health;
  reason?: string;
  /** The utilization that the run knows, null for none: answered when it passes a step. A run that leaves it out does not ask for it. */
  utilization?: number | null;
}

export interface ProbeAnswer extends Load {
  /** The metric that decided, with its value and threshold; or why the database can't be measured. */
  reason: string;
}

export type WindowOutcome =
  | { completed: true; conversations?: number }
  | { completed: false; failure: ClassifiedFailure };
