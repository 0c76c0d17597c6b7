import { latestEntries } from './log-chain.js';
import type { LogEntry, LogFact } from './log-entry.js';
import type { EndedWindow, LoadSeen, Rejection, RunRecord, State } from './state.js';

/** How much of its own past a run carries with it. */
export const LOG_LENGTH = 200;
const REJECTED_LENGTH = 50;
const RECENT_LENGTH = 600;
const MAX_TEXT = 500;
const LOAD_LENGTH = 100;

const latest = <T>(list: readonly T[], entry: T, length: number): T[] => [...list.slice(-(length - 1)), entry];

const short = (text: string) => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);

const withRecord = (state: State, record: Partial<RunRecord>): State => ({
  ...state,
  record: { ...state.record, ...record },
});

export const logged = (state: State, entry: LogEntry): State =>
  withRecord(state, latestEntries({ ...state.record, log: [...state.record.log, shortened(entry)] }, LOG_LENGTH));

/** A decision of the run itself. */
export const decided = (state: State, at: number, fact: LogFact): State => logged(state, { at, ...fact });

/** Steps of the limit for the same reason are one entry if they come within so long (ms) of the first. */
const SAME_CLIMB_FOR = 60_000;

/** The limit moved. A step further up for the reason of the latest joins its entry, which keeps the time of the first. */
export function limitMoved(state: State, at: number, fact: LogFact & { kind: 'limitMoved' }): State {
  const { log } = state.record;
  const index = log.findLastIndex(({ kind }) => kind === 'limitMoved');
  const latest = log[index];
  if (latest?.kind !== 'limitMoved' || at - latest.at >= SAME_CLIMB_FOR) return decided(state, at, fact);
  const climbs = latest.from < latest.to && latest.to === fact.from && fact.from < fact.to;
  if (!climbs || latest.why !== short(fact.why)) return decided(state, at, fact);
  const joined = { ...latest, to: fact.to, times: (latest.times ?? 1) + 1 };
  return withRecord(state, { log: log.with(index, joined) });
}

/** The entry with its texts cut: messages come from children of any kind. */
const shortened = (entry: LogEntry): LogEntry =>
  Object.fromEntries(
    Object.entries(entry).map(([name, value]) => [name, typeof value === 'string' ? short(value) : value]),
  ) as LogEntry;

export function rejected(state: State, rejection: Rejection): State {
  const entry = { ...rejection, command: short(rejection.command), reason: short(rejection.reason) };
  return withRecord(state, { rejected: latest(state.record.rejected, entry, REJECTED_LENGTH) });
}

export const remembered = (state: State, window: EndedWindow): State =>
  withRecord(state, { recent: latest(state.record.recent, window, RECENT_LENGTH) });

/** The probe has said something else of the database. */
export function loadSeen(state: State, seen: LoadSeen): State {
  const entry = { ...seen, reason: short(seen.reason) };
  return withRecord(state, { load: latest(state.record.load ?? [], entry, LOAD_LENGTH) });
}

/** Counts windows. */
export function counted(state: State, more: Partial<RunRecord['counts']>): State {
  const counts = { ...state.record.counts };
  for (const [name, by] of Object.entries(more)) counts[name as keyof typeof counts] += by;
  return withRecord(state, { counts });
}

export const forecasted = (state: State, forecast: RunRecord['forecasts'][number]): State =>
  withRecord(state, { forecasts: [...state.record.forecasts, forecast] });
