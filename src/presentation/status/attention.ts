import { describe, parseDay } from '../../backfill/hours/calendar.js';
import { add, type Intervals, none } from '../../backfill/hours/interval.js';
import type { Attention, Progress } from '../../backfill/views/progress.js';
import { isClosed } from '../../backfill/views/status.js';
import { onOneLine } from '../../one-line.js';
import { counted } from '../lines/format.js';
import { type Line, styled } from '../lines/line.js';
import type { RunView } from './figures.js';

/** What needs attention, one line each; the last line says how many more there are. */
export function attentionLines(runs: readonly RunView[], most: number): Line[] {
  const all = runs.flatMap((run) => notesOf(run));
  if (all.length <= most) return all;
  const shown = all.slice(0, Math.max(0, most - 1));
  return most === 0 ? [] : [...shown, [styled(`  and ${all.length - shown.length} more`, 'dim')]];
}

/**
 * A run's notes, a line each: why it starts nothing, if it does not, and its problems.
 *
 * @param known keys of notes that were shown before, which are left out
 */
export function notesOf({ name, progress }: RunView, known: ReadonlySet<string> = new Set()): Line[] {
  if (!progress) return [];
  const lines: Line[] = [];
  if (needsReason(progress) && !known.has(statusKey(name, progress))) {
    lines.push([
      styled('! ', 'yellow'),
      styled(name, 'bold'),
      ` ${progress.status}: ${onOneLine(progress.statusReason)}`,
    ]);
  }
  const open = openProblems(progress).filter((problem) => !known.has(keyOf(problem)));
  return [...lines, ...groupAlike(open).map(problemLine)];
}

/** A key for each of a run's notes, which stays the same for as long as the note does. */
export function noteKeys({ name, progress }: RunView): string[] {
  if (!progress) return [];
  return [...(needsReason(progress) ? [statusKey(name, progress)] : []), ...openProblems(progress).map(keyOf)];
}

const needsReason = (progress: Progress) => progress.status !== 'running' && !isClosed(progress);
const statusKey = (name: string, { status }: Progress) => `${name} ${status}`;
const openProblems = ({ attention }: Progress) => attention.filter(({ days }) => days.length > 0);
const keyOf = ({ workflowId, attempts, class: failure }: Attention) => `${workflowId} ${attempts} ${failure}`;

/** Equal problems of one customer as one: a month of days that fail alike is one problem. */
export function groupAlike(problems: readonly Attention[]): Attention[] {
  const alike = new Map<string, Attention>();
  for (const problem of problems) {
    const { customer, class: failure, message, attempts } = problem;
    const key = JSON.stringify([customer, failure, message, attempts]);
    const before = alike.get(key)?.days ?? [];
    alike.set(key, { ...(alike.get(key) ?? problem), days: [...new Set([...before, ...problem.days])] });
  }
  return [...alike.values()];
}

/** Days in short form: `2026-01-15`, or `2026-01-15 to 2026-01-17, 2026-01-20`. */
export function daysText(days: readonly string[]): string {
  const hours = days.map((day) => parseDay(day) ?? 0);
  return describe(hours.reduce<Intervals>((set, from) => add(set, [from, from + 24]), none));
}

/** A problem as one line: the customer, the days, what happened, and what to do. */
export function problemLine({ customer, days, class: failure, message, attempts, nextStep }: Attention): Line {
  const happened = onOneLine(message);
  return [
    styled('! ', 'red'),
    styled(customer, 'bold'),
    // A breaker is of no days, and says itself what it is.
    days.length === 0 ? ` ${happened}` : ` ${daysText(days)} ${failure}: ${happened} (${counted(attempts, 'attempt')})`,
    styled(`; ${withTypedCommands(nextStep)}`, 'dim'),
  ];
}

/** With commands spelled as on the command line: `retry-failed` for `retryFailed`. A run accepts both. */
export const withTypedCommands = (nextStep: string): string =>
  nextStep.replace(
    /\b(retry|reset|skip|set)(Failed|Day|Parallelism)\b/g,
    (_, verb, noun) => `${verb}-${noun.toLowerCase()}`,
  );
