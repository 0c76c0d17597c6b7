/**
 * The database model's parameters, as docs/simulator.md explains them. Volumes in conversations, times in seconds.
 */
export interface Parameters {
  /** Conversations that a window alone works through in a second. */
  soloSpeed: number;
  /** From its start to its first conversation, and from its last to its end. */
  overhead: number;
  /** A window's work differs from its volume by at most this share, either way. */
  unevenness: number;
  /** Capacity is shared by all; this share of it is lost for each active window above the stress level. */
  thrashing: number;
  /** The stress level, and the level at which operators look, as multiples of the windows that use up the capacity. */
  stressAt: number;
  operatorsAt: number;
  /** Operators cancel all windows after so long above their level. */
  patience: number;
  /** Deadlocks in a second between two windows of one customer. */
  deadlocks: number;
  /** A window of one customer slows by this share for each other window of that customer. */
  lockWaits: number;
  /** A deadlock with somebody else's work, and a failure of no known kind: the share of windows that meet one. */
  strayDeadlocks: number;
  strayFailures: number;
  /** A window of more conversations, or one that runs longer, stops to heartbeat. */
  largestWindow: number;
  longestWindow: number;
  /** From then on until it has failed. */
  heartbeatTimeout: number;
  probeEvery: number;
  /** Where operators set maxLoad, from and to, as a multiple of the windows that use up the capacity; criticalLoad is 1.6 times as much. */
  maxLoad: readonly [number, number];
  /** A customer's volume is known within this factor when the run starts. */
  volumeError: number;
}

export const january: Parameters = {
  soloSpeed: 250,
  overhead: 2,
  unevenness: 0.15,
  thrashing: 0.02,
  stressAt: 1.5,
  operatorsAt: 3,
  patience: 10 * 60,
  deadlocks: 1 / 600,
  lockWaits: 0.5,
  strayDeadlocks: 0.002,
  strayFailures: 0.002,
  largestWindow: 1_350_000,
  longestWindow: 2 * 3_600,
  heartbeatTimeout: 120,
  probeEvery: 5,
  maxLoad: [1.1, 1.4],
  volumeError: 1.3,
};
