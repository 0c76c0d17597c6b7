import type { FailureClass } from '../failures/classify.js';
import type { Health } from '../pacing/pace.js';
import type { Ending } from './lifecycle.js';

/** One thing that was asked of a run, or that it decided, as data; `sentence.ts` says it in words. `at` in ms since 1970. */
export type LogEntry = { at: number; by?: string } & LogFact;

/**
 * What happened. `window` is a workflow id, `days` the affected hours in words (`2026-01-15 to 2026-01-17`), a size is written
 * as in the input (`10d`), and durations are ms.
 */
export type LogFact =
  | { kind: 'command'; command: string; outcome: CommandOutcome }
  | { kind: 'cancelRequested' }
  /** `unknown`: excluded, but not in the directory; as many as a sentence names. */
  | { kind: 'customersListed'; customers: number; unknown: string[] }
  | { kind: 'preparationGivenUp'; step: string; attempts: number; error: string }
  | { kind: 'resumed'; hours: number }
  | { kind: 'windowAdopted'; window: string }
  | { kind: 'windowCancelled'; window: string; days: string }
  | { kind: 'windowStopped'; window: string; days: string }
  | ({ kind: 'windowTakenOver'; window: string; size: string } & Failed)
  | ({ kind: 'windowSplit'; window: string; customer: string; size: string; why: string } & Failed)
  | ({ kind: 'windowRetried'; window: string; attempt: number; attempts: number; wait: number } & Failed)
  | ({ kind: 'windowFailed'; window: string; attempts: number } & Failed)
  | ({ kind: 'windowRerun'; window: string; days: string } & Failed)
  | { kind: 'sizeGrown'; customer: string; size: string; why: string }
  /** Known at the end of a trial, if there was one. `from` and `to` are alike where it changed nothing. */
  | { kind: 'writersMoved'; customer: string; from: number; to: number; why: string }
  /** `times`: so many steps within a minute from the entry's time on, each for this reason; left out for one. */
  | { kind: 'limitMoved'; from: number; to: number; why: string; times?: number }
  | { kind: 'databaseLevel'; from: Health; to: Health; reason: string }
  | { kind: 'pausedByStops'; windows: number; within: number }
  | { kind: 'pausedByWeight' }
  | { kind: 'breakerOpened'; because: string; wait: number }
  | { kind: 'breakerTried'; stopped: boolean; wait: number }
  | { kind: 'breakerClosed'; days: number }
  | { kind: 'breakerRetries'; days: number }
  | { kind: 'verified'; days: number; windows: number }
  | { kind: 'shortfall'; customer: string; days: string; finding: Finding }
  | { kind: 'moreShortfalls'; more: number }
  | { kind: 'verificationFailed'; days: number; reason: string }
  /** A receiver of notifications, by its key, answered 410. */
  | { kind: 'receiverOff'; receiver: string }
  | { kind: 'leftBehind'; what: string[] }
  | { kind: 'runEnded'; how: Ending };

interface Failed {
  class: FailureClass;
  message: string;
}

/** What a check found missing, and what follows. */
export interface Finding {
  conversations: number;
  missing: number;
  next: 'reported' | 'skipped' | 'failed' | 'repaired';
  /** Repairs so far, and the most. */
  repairs: number;
  most: number;
}

/** What a command did. Customers and days are as many as a sentence names; `more` counts the others. */
export type CommandOutcome =
  | { kind: 'paused'; customer?: string; windows: number }
  | { kind: 'pausedAlready'; customer?: string; since: number }
  | { kind: 'resumed'; customer?: string; run: boolean; parts: ResumedPart[]; more: number; stillPaused: boolean }
  | { kind: 'dayReset'; customer: string; day: string; was: string[]; running: boolean }
  | { kind: 'daySkipped'; customer: string; day: string; was: string[]; next: SkippedDay }
  | { kind: 'failedRetried'; customer?: string; parts: { customer: string; days: string }[]; more: number }
  | { kind: 'parallelismSet'; changes: { name: string; from: string; to: string }[] }
  | { kind: 'customersAdded'; customers: string[]; more: number }
  | { kind: 'customerRemoved'; customer: string; days: string; windows: number }
  | { kind: 'removedAlready'; customer: string }
  | { kind: 'windowsCancelled'; windows: number; pause: CommandOutcome }
  | { kind: 'finishing'; windows: number };

export interface ResumedPart {
  customer: string;
  /** It was paused. */
  continues: boolean;
  /** Its held days that wait again; empty if it had none. */
  days: string;
}

export type SkippedDay = 'skipped' | 'skippedAlready' | 'skippedUnlessCompleted' | 'skippedIfMissing';
