import { describe, parseDay } from '../backfill/calendar.js';
import { add, type Intervals, none } from '../backfill/interval.js';
import type { Attention } from '../backfill/progress.js';
import { isClosed, type RunView } from './figures.js';
import { counted } from './format.js';
import { type Line, onOneLine, styled } from './line.js';

/** What a person should look at, one line each; the last line says how many more there are. */
export function attentionLines(runs: readonly RunView[], most: number): Line[] {
  const all = runs.flatMap((run) => notesOf(run).map(({ line }) => line));
  if (all.length <= most) return all;
  const shown = all.slice(0, Math.max(0, most - 1));
  return most === 0 ? [] : [...shown, [styled(`  and ${all.length - shown.length} more`, 'dim')]];
}

/** One thing to look at; the key stays the same for as long as it is the same thing. */
export interface Note {
  readonly key: string;
  readonly line: Line;
}

/** A run's notes: why nothing starts, if that is so, and each problem. */
export function notesOf({ name, progress }: RunView): Note[] {
  if (!progress) return [];
  const notes: Note[] = [];
  if (progress.status !== 'running' && !isClosed(progress)) {
    notes.push({
      key: `${name} ${progress.status}`,
      line: [styled('! ', 'yellow'), styled(name, 'bold'), ` ${progress.status}: ${onOneLine(progress.statusReason)}`],
    });
  }
  const open = progress.attention.filter(({ days }) => days.length > 0);
  return [...notes, ...open.map((problem) => ({ key: keyOf(problem), line: problemLine(problem) }))];
}

/** Problems of one customer that say the same, as one: a month of days that fail alike is one thing to look at. */
export function together(problems: readonly Attention[]): Attention[] {
  const alike = new Map<string, Attention>();
  for (const problem of problems) {
    const { customer, class: failure, message, attempts } = problem;
    const key = JSON.stringify([customer, failure, message, attempts]);
    const before = alike.get(key)?.days ?? [];
    alike.set(key, { ...(alike.get(key) ?? problem), days: [...new Set([...before, ...problem.days])] });
  }
  return [...alike.values()];
}

/** Days as short as they can be said: `2026-01-15`, or `2026-01-15 to 2026-01-17, 2026-01-20`. */
export function daysText(days: readonly string[]): string {
  const hours = days.map((day) => parseDay(day) ?? 0);
  return describe(hours.reduce<Intervals>((set, from) => add(set, [from, from + 24]), none));
}

const keyOf = ({ workflowId, attempts, class: failure }: Attention) => `${workflowId} ${attempts} ${failure}`;

/** A problem as one line: who, when, what happened, and what to do about it. */
export function problemLine({ customer, days, class: failure, message, attempts, nextStep }: Attention): Line {
  return [
    styled('! ', 'red'),
    styled(customer, 'bold'),
    ` ${daysText(days)} ${failure}: ${onOneLine(message)} (${counted(attempts, 'attempt')})`,
    styled(`; ${asTyped(nextStep)}`, 'dim'),
  ];
}

/** Commands as the command line has them: `retry-failed`, which a run understands as well as `retryFailed`. */
export const asTyped = (nextStep: string): string =>
  nextStep.replace(
    /\b(retry|reset|skip|set)(Failed|Day|Parallelism)\b/g,
    (_, verb, noun) => `${verb}-${noun.toLowerCase()}`,
  );
