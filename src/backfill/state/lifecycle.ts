import type { Preparation } from './preparation.js';

/** Where a run is between its start and its end. Times are ms since 1970. */
export interface Lifecycle {
  startedAt: number;
  /** How far the run is with what it must know before its first window, while it does not know all of it yet. */
  preparing?: Preparation;
  paused?: Pause;
  cancelling?: true;
  finishing?: true;
  /** Since when only failed or held days are left. */
  idleSince?: number;
  ended?: Ending;
}

export interface Pause {
  at: number;
  by?: string;
  reason?: string;
}

export type Ending = 'completed' | 'cancelled' | 'incomplete';
