/** Who starts the windows. */
export type Side = 'client' | 'smallest' | 'sliding' | 'ours';

export const SIDES: Readonly<Record<Side, string>> = {
  client: 'children started by a client',
  smallest: 'smallest bounded parent',
  sliding: 'each start awaited in turn',
  ours: 'backfillScorecards',
};

export interface Job {
  side: Side;
  /** The most windows in flight. */
  flight: number;
  windows: number;
  /** For `ours`: hands over to the next run at this many events, rather than when the server suggests it. */
  maxHistoryEvents?: number;
  /** For `ours`: how long a window takes. Default 0. */
  takesMs?: number;
  /** For `ours`: default five for each slot. */
  customers?: number;
}
