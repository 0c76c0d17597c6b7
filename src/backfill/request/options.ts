import type { FailureClass } from '../failures/classify.js';
import type { Hour, Intervals } from '../hours/interval.js';
import type { Json } from '../json.js';
import type { WindowPolicy } from '../pacing/sizing.js';

/** One customer as asked for, its range settled. */
export interface CustomerRequest {
  id: string;
  start: Hour;
  end: Hour;
  /** How many conversations its range holds, if known: its claim on a slot. */
  conversations?: number;
  window?: WindowPolicy;
  perCustomer?: PerCustomer;
  /** What of its range is already done, as the caller knows. */
  done?: Intervals;
}

/** How many windows of one customer may be in flight; `auto`: the run finds it out for each customer. */
export type PerCustomer = number | 'auto';

/** When the run may work: from `from` to `to` (minutes after midnight in the time zone) on these days (0 is Sunday). */
export interface WorkingHours {
  days: number[];
  from: number;
  to: number;
  timeZone: string;
  /** The limit in these hours, if it is less than the run's. */
  max?: number;
}

/** Thresholds on the cluster's database, by name of the metric: at `maxLoad` slow down, at `criticalLoad` start nothing. */
export interface ProbeOptions {
  maxLoad: Record<string, number>;
  criticalLoad: Record<string, number>;
  /** How often to look, in ms. */
  every: number;
  /** While the database is out of sight: no growth (the default), or start nothing. */
  whenUnknown?: 'hold' | 'stop';
}

/** `report` says what is missing in completed windows; `repair` runs such days again, each at most `repairs` times. */
export interface VerifyOptions {
  mode: 'report' | 'repair';
  repairs: number;
}

/** When the breaker opens, and when it tries a window by itself. */
export interface BreakerOptions {
  /** It opens once more than half of so many latest windows failed. */
  windows: number;
  /** The first wait before it lets one window through, in ms; doubles with each that fails. */
  retryAfter: number;
}

/** How often a window is tried for one class of failure, and how long to wait in between (doubling, in ms). */
export interface RetryPolicy {
  attempts: number;
  backoff: number;
  maxBackoff: number;
}

/** How the child workflows are started. Durations in ms. */
export interface ChildOptions {
  workflowType: string;
  taskQueue: string;
  workflowIdPrefix: string;
  input: Json;
  encoding: 'json/plain' | 'json/protobuf';
  messageType?: string;
  executionTimeout?: number;
  priority: { priorityKey?: number; fairnessKey?: string; fairnessWeight?: number };
}

/** Everything about a run but its customers; plain JSON, every default filled in. */
export interface Options {
  start: Hour;
  end: Hour;
  cluster?: string;
  window: WindowPolicy;
  parallelism: { max: number; min: number; perCustomer: PerCustomer; adaptive: boolean };
  child: ChildOptions;
  retry: Record<FailureClass, RetryPolicy>;
  operatorTimeout: number;
  breaker: BreakerOptions;
  resume: boolean;
  probe?: ProbeOptions;
  hours?: WorkingHours[];
  /** Count what is missing after windows completed: off when left out. */
  verify?: VerifyOptions;
  /** So many windows of the smallest customers succeed before the real order begins. */
  canary: number;
  dryRun: boolean;
  /** The webhooks of the worker's environment learn of the run's changes: no when left out. */
  notify?: true;
  /** Continue as new after this many history events, if that is before Temporal's own hint. */
  maxHistoryEvents?: number;
}

export interface BackfillRequest {
  options: Options;
  /** `'all'`: every customer that the cluster's directory names, but for `exclude`. */
  customers: CustomerRequest[] | 'all';
  exclude: string[];
}
