import type { WindowKey } from '../hours/window.js';
import type { CheckKey } from '../state/customer.js';
import type { Ending } from '../state/lifecycle.js';

/** What the durable shell is to do next. */
export type Decision =
  /** Start this window, give `evolve` the event, and decide again. */
  | ({ kind: 'startWindow'; attempt: number } & WindowKey)
  /** Check these completed windows together, give `evolve` the event, and decide again. */
  | { kind: 'verify'; windows: CheckKey[] }
  /** Nothing to do until something happens or, if given, until `until` (ms since 1970). */
  | { kind: 'wait'; until?: number }
  /** Close the run. No window is in flight. */
  | { kind: 'end'; how: Ending };
