import type { FailureClass } from '../failures/classify.js';
import type { WindowKey } from '../hours/window.js';
import type { HoursStep } from '../hours/working-hours.js';
import type { Breaker } from '../pacing/breaker.js';
import type { Load, Pace } from '../pacing/pace.js';
import type { Options } from '../request/options.js';
import type { Customer } from './customer.js';
import type { Lifecycle } from './lifecycle.js';
import type { LogBefore } from './log-chain.js';
import type { LogEntry } from './log-entry.js';
import type { Notifications } from './notifications.js';

/**
 * A run's whole state: plain JSON, so that it travels through continue-as-new as it is. Types only; `initial-state.ts` makes
 * the first one, events and commands each following one. Times are ms since 1970.
 */
export interface State {
  options: Options;
  /** The limits now in force; commands move them away from the request's. */
  parallelism: Options['parallelism'];
  customers: readonly Customer[];
  /** Indexes into customers, the largest claim first; equal claims in the order given. */
  order: readonly number[];
  lifecycle: Lifecycle;
  pacing: RunPacing;
  guard: Guard;
  checks: Checks;
  record: RunRecord;
  /** Only with `options.notify`. */
  notifications?: Notifications;
}

/** What holds the run back, or lets it grow. */
export interface RunPacing {
  /** The adaptive limit; kept, but not in force, while `parallelism.adaptive` is false. */
  pace: Pace;
  /** What the probe last said of the database. */
  health: Load & { reason: string };
  /** When the run may work, as far ahead as is known; only with `options.hours`. */
  openHours?: readonly HoursStep[];
}

/** What stops the run when most of its windows fail, or when people stop them. */
export interface Guard {
  /** Open while most windows fail: nothing starts but one trial at a time. */
  breaker?: Breaker;
  /** The breaker looks at windows that ended after this time: when an operator last resumed the run, or it last closed. */
  trustedSince: number;
  /** When windows were stopped by someone else, lately. */
  stops: readonly number[];
}

/** The checks of completed windows: one at a time, and only within one run of the workflow. */
export interface Checks {
  /** The check under way, since when and of how many days. */
  underway?: { at: number; days: number };
  /** No check begins before, unless nothing else is left to do: checks take a tenth of the time at most. */
  notBefore?: number;
}

/** What the run remembers of its own past. */
export interface RunRecord {
  counts: Counts;
  /** What the ETA was when a quarter, half and three quarters of the work were done. */
  forecasts: readonly Forecast[];
  /** The latest windows that ended, oldest first. */
  recent: readonly EndedWindow[];
  log: readonly LogEntry[];
  /** The entries that the log no longer has; undefined while it has all. */
  logBefore?: LogBefore;
  rejected: readonly Rejection[];
  /** What the probe said of the database, oldest first; undefined until it has spoken. */
  load?: readonly LoadSeen[];
}

export type LoadSeen = RunPacing['health'] & { at: number };

export interface Counts {
  started: number;
  completed: number;
  failed: number;
  adopted: number;
}

/** An ETA, to be compared with what came of it. */
export interface Forecast {
  share: number;
  at: number;
  eta: number;
}

export interface EndedWindow extends WindowKey {
  attempt: number;
  startedAt: number;
  endedAt: number;
  outcome: 'completed' | FailureClass;
  /** It failed, and the run has learnt from it, or will try it again and learn more: no verdict for the breaker. */
  taught?: true;
  message?: string;
}

export interface Rejection {
  at: number;
  command: string;
  by?: string;
  reason: string;
}
