import { formatTime } from '../hours/calendar.js';
import type { LogFact } from '../state/log-entry.js';
import { sentenceOf } from '../state/sentence.js';
import type { State } from '../state/state.js';

/** The answer of the `log` query: commands and the run's own decisions, oldest first. */
export interface LogView {
  /** RFC 3339. */
  at: string;
  /** A command's name, `cancel` for Temporal's own, or `decision` for what the run decided by itself. */
  what: string;
  by?: string;
  /** The entry in words. */
  effect: string;
  /** The entry as data, for programs. */
  fact: LogFact;
}

export const logView = (state: State): LogView[] =>
  state.record.log.map(({ at, by, ...fact }) => ({
    at: formatTime(at),
    what: whatOf(fact),
    ...(by !== undefined && { by }),
    effect: sentenceOf(fact),
    fact,
  }));

function whatOf(fact: LogFact): string {
  if (fact.kind === 'command') return fact.command;
  return fact.kind === 'cancelRequested' ? 'cancel' : 'decision';
}
