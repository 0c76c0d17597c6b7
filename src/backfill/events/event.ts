import type { ClassifiedFailure } from '../failures/classify.js';
import type { WindowKey } from '../hours/window.js';
import type { HoursStep } from '../hours/working-hours.js';
import type { Load } from '../pacing/pace.js';
import type { CustomerRequest } from '../request/options.js';
import type { CheckKey } from '../state/customer.js';
import type { DayCount } from '../state/ledger.js';
import type { Ending } from '../state/lifecycle.js';
import type { PreparationStep } from '../state/preparation.js';

/** What happened. Times are ms since 1970. */
export type Event = { at: number } & (
  | ({ kind: 'windowStarted'; attempt: number } & WindowKey)
  /** The customers of a run for `"all"` are known. */
  | { kind: 'customersListed'; customers: CustomerRequest[]; unknown: string[] }
  /** Volumes of customers that came without them, in conversations, by id. */
  | { kind: 'volumesEstimated'; volumes: Record<string, number> }
  /** What the run asks for next while it prepares; that an attempt failed, and why; that it continues without an answer. */
  | { kind: 'preparationBegan'; step: PreparationStep }
  | { kind: 'preparationFailed'; error: string }
  | { kind: 'preparationGivenUp' }
  /** All that a run must know before its first window is known. */
  | { kind: 'prepared' }
  /** What runs and what is done of customers (by index) that came later is known; windows that were found came before. */
  | { kind: 'customersDiscovered'; customers: number[] }
  /** The execution that does a started window is known. */
  | ({ kind: 'windowIdentified'; runId: string } & WindowKey)
  /** A window's workflow could not be started, because it was already running. */
  | ({ kind: 'windowAdopted' } & WindowKey)
  /** A running workflow that this run did not start was found over these hours. */
  | ({ kind: 'windowFound'; runId: string } & WindowKey)
  /** `conversations`: how many it worked on, where its result says so. */
  | ({ kind: 'windowCompleted'; conversations?: number } & WindowKey)
  | ({ kind: 'windowFailed'; failure: ClassifiedFailure } & WindowKey)
  /** Windows that completed before this run, of any run: those of their hours that wait are done, or checked. */
  | { kind: 'completedWindowsFound'; windows: WindowKey[] }
  /** A check of completed windows began; it found what it found; or it could not be made, for a reason. */
  | { kind: 'checkStarted'; windows: CheckKey[] }
  | { kind: 'windowsChecked'; windows: CheckedWindow[] }
  | { kind: 'checkFailed'; windows: CheckKey[]; reason: string }
  /** The probe sees another load on the database, or can't see it. */
  | ({ kind: 'healthChanged'; reason: string } & Load)
  /** When the run may work, from now on. */
  | { kind: 'hoursKnown'; steps: HoursStep[] }
  | { kind: 'cancelRequested' }
  /** The receivers of notifications are these, by their keys. */
  | { kind: 'receiversKnown'; receivers: string[] }
  /** A receiver has all notifications up to a number; it is off once it has asked for no more. */
  | { kind: 'notificationsDelivered'; receiver: string; upTo: number; off?: true }
  | { kind: 'runEnded'; how: Ending }
);

/** An event of one kind. */
export type EventOf<Kind extends Event['kind']> = Event & { kind: Kind };

/** What was counted in a window. Days (as numbers since 1970) without conversations are left out. */
export interface CheckedWindow extends CheckKey {
  days: [day: number, ...DayCount][];
}
