/**
 * The database model's parameters, as docs/simulator.md explains them. Volumes in conversations, times in seconds.
 */
export interface Parameters {
  /** Conversations that a window alone works through in a second. */
  soloSpeed: number;
  /** From a window's start to its first conversation. */
  overhead: number;
  /** A window's work differs from what its days ask for by at most this share, either way. */
  unevenness: number;
  /** Days whose work is many times their volume: the exponent of a Pareto distribution, and its largest value. */
  heavyDays?: { exponent: number; most: number };
  /** Capacity is shared by all; this share of it is lost for each active session above the stress level. */
  thrashing: number;
  /** The stress level, and the level at which operators look, as multiples of the sessions that use up the capacity. */
  stressAt: number;
  operatorsAt: number;
  /** Operators cancel all windows after so long above their level. */
  patience: number;
  /** How its customers bear several windows at once. */
  bearing: 'freely' | 'drawn' | 'never' | 'january';
  /** Deadlocks with somebody else's work, and failures of no known kind, in ten minutes of one window's work. */
  strayDeadlocks: number;
  strayFailures: number;
  /** A window of more conversations, or one that runs longer, stops to heartbeat. */
  largestWindow: number;
  longestWindow: number;
  /** From then on until it has failed. */
  heartbeatTimeout: number;
  /** The live load's largest share of the capacity, at noon; a tenth of that at night. None when left out. */
  live?: number;
  /** Within the first hours a failover, or a deploy of the child that fails every window, for so long. */
  outage?: { kind: 'failover' | 'badDeploy'; from: number; to: number };
  probe: 'honest' | 'lies' | 'goesSilent' | 'none';
  probeEvery: number;
  /** Where operators set maxLoad, from and to, as a multiple of the sessions that use up the capacity; criticalLoad is 1.6 times as much. */
  maxLoad: readonly [number, number];
  /** A customer's volume is known within this factor when the run starts. */
  volumeError: number;
}

/** What is known to be so, from January 2026. What is not known is drawn, or differs from model to model. */
const base: Parameters = {
  soloSpeed: 250,
  overhead: 2,
  unevenness: 0.15,
  thrashing: 0.02,
  stressAt: 1.5,
  operatorsAt: 3,
  patience: 10 * 60,
  bearing: 'drawn',
  strayDeadlocks: 0.002,
  strayFailures: 0.002,
  largestWindow: 1_350_000,
  longestWindow: 2 * 3_600,
  heartbeatTimeout: 120,
  probe: 'honest',
  probeEvery: 5,
  maxLoad: [1.1, 1.4],
  volumeError: 1.3,
};

/** The model that the procedures of January are compared in: what was known then. */
export const january: Parameters = { ...base, bearing: 'january' };

const minutes = 60;

/** What we do not know of a real database, one at a time, and then all of it together. */
export const models: Record<string, Parameters> = {
  'customers bear writers': { ...base, bearing: 'freely' },
  'each customer draws': base,
  'no customer bears a second': { ...base, bearing: 'never' },
  'as in January': january,
  'heavy-tailed windows': { ...base, heavyDays: { exponent: 1.5, most: 20 } },
  'live load over the day': { ...base, live: 0.6 },
  'a failover': { ...base, outage: { kind: 'failover', from: 2 * minutes, to: 20 * minutes } },
  'a bad deploy for an hour': { ...base, outage: { kind: 'badDeploy', from: 60 * minutes, to: 60 * minutes } },
  'the probe lies by 20%': { ...base, probe: 'lies' },
  'the probe goes silent': { ...base, probe: 'goesSilent' },
  'no probe': { ...base, probe: 'none' },
  'all of it': {
    ...base,
    heavyDays: { exponent: 1.5, most: 20 },
    live: 0.6,
    outage: { kind: 'failover', from: 2 * minutes, to: 20 * minutes },
    probe: 'lies',
  },
};
