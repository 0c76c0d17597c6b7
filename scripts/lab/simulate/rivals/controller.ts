import type { FailureClass } from '../../../../src/backfill/failures/classify.js';

/** What a controller may look at, every five seconds. */
export interface Sight {
  /** Seconds since the start. */
  at: number;
  inFlight: number;
  /** Active sessions as a share of `maxLoad`, as the probe shows them; undefined without one. */
  utilization: number | undefined;
}

/** A window's end. */
export interface Ended {
  at: number;
  seconds: number;
  conversations: number;
  failure: FailureClass | undefined;
  inFlight: number;
}

/** Somebody else's way to find how much may happen at once, with the constants that they published. */
export interface Controller {
  /** How many windows may be in flight. */
  limit(): number;
  /** How many of one customer. */
  perCustomer(): number;
  /** Nothing of a customer starts before (s), after it started something at `startedAt`. */
  notBefore?(startedAt: number): number;
  /** How many conversations the next window of a customer is to hold, where that is the controller's to say. */
  windowSize?(customer: number): number;
  looked?(sight: Sight): void;
  ended?(ended: Ended, customer: number): void;
}

/** Sees what the controller sees every so many seconds: Spirit's tick, and the probe's usual interval. */
export const TICK = 5;
