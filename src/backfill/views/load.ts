import { formatTime } from '../hours/calendar.js';
import type { Load } from '../pacing/pace.js';
import type { State } from '../state/state.js';

/** One entry in the answer of the `load` query: what the probe said of the database from then on. */
export interface LoadView extends Load {
  /** RFC 3339. */
  at: string;
  reason: string;
}

export const loadView = ({ record }: State): LoadView[] =>
  (record.load ?? []).map(({ at, ...seen }) => ({ at: formatTime(at), ...seen }));
