import { latestEntries } from './log-chain.js';
import type { LogEntry, LogFact } from './log-entry.js';
import type { EndedWindow, Rejection, RunRecord, State } from './state.js';

/** How much of its own past a run carries with it. */
export const LOG_LENGTH = 200;
const REJECTED_LENGTH = 50;
const RECENT_LENGTH = 600;
const MAX_TEXT = 500;

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

/** A customer's writers moved: in place of the latest such move, so that a number that is tried again does not fill the log. */
export function writersMoved(state: State, at: number, fact: LogFact & { kind: 'writersMoved' }): State {
  const { customer, from, to } = fact;
  const { log } = state.record;
  const index = log.findLastIndex(
    (entry) => entry.kind === 'writersMoved' && entry.customer === customer && entry.from === from && entry.to === to,
  );
  const before = log[index];
  if (before?.kind !== 'writersMoved') return decided(state, at, fact);
  const others = withRecord(state, { log: log.toSpliced(index, 1) });
  return decided(others, at, { ...fact, times: (before.times ?? 1) + 1 });
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

/** Counts windows. */
export function counted(state: State, more: Partial<RunRecord['counts']>): State {
  const counts = { ...state.record.counts };
  for (const [name, by] of Object.entries(more)) counts[name as keyof typeof counts] += by;
  return withRecord(state, { counts });
}

export const forecasted = (state: State, forecast: RunRecord['forecasts'][number]): State =>
  withRecord(state, { forecasts: [...state.record.forecasts, forecast] });
