import { formatTime } from '../hours/calendar.js';
import type { EndedWindow, LogEntry, Rejection, State } from './state.js';

/** How much of its own past a run carries with it. */
export const LOG_LENGTH = 200;
const REJECTED_LENGTH = 50;
const RECENT_LENGTH = 600;
const MAX_TEXT = 500;

const latest = <T>(list: readonly T[], entry: T, length: number): T[] => [...list.slice(-(length - 1)), entry];

const short = (text: string) => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);

export function logged(state: State, entry: LogEntry): State {
  return { ...state, log: latest(state.log, { ...entry, effect: short(entry.effect) }, LOG_LENGTH) };
}

/** A decision of the run itself, with its reason. */
export const decided = (state: State, at: number, effect: string): State =>
  logged(state, { at, what: 'decision', effect });

export function rejected(state: State, rejection: Rejection): State {
  const entry = { ...rejection, command: short(rejection.command), reason: short(rejection.reason) };
  return { ...state, rejected: latest(state.rejected, entry, REJECTED_LENGTH) };
}

export function remembered(state: State, window: EndedWindow): State {
  return { ...state, recent: latest(state.recent, window, RECENT_LENGTH) };
}

/** The answer of the `log` query: commands and the run's own decisions, oldest first. */
export interface LogView {
  at: string;
  what: string;
  by?: string;
  effect: string;
}

export const logView = (state: State): LogView[] => state.log.map((entry) => ({ ...entry, at: formatTime(entry.at) }));
