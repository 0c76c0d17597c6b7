import { formatDuration } from '../../backfill/hours/duration.js';
import type { Progress } from '../../backfill/views/progress.js';
import { isClosed } from '../../backfill/views/status.js';
import { count, counted, percent, timeLeft } from '../../presentation/lines/format.js';
import type { Line } from '../../presentation/lines/line.js';
import { noteKeys, notesOf } from '../../presentation/status/attention.js';
import { figuresOf, type RunView, sumOf } from '../../presentation/status/figures.js';

/** The progress of all runs together in one line, for output that can't be redrawn. */
export function summaryLine(runs: readonly RunView[], now: number): string {
  const { days, daysDone, customers, customersDone, inFlight, left } = sumOf(runs, now);
  const started = Math.min(...runs.flatMap(({ progress }) => (progress ? [Date.parse(progress.startedAt)] : [])));
  const after = Number.isFinite(started) ? ` after ${formatDuration(Math.max(1_000, now - started))}` : '';
  return [
    `${percent(daysDone, days)}%${after}`,
    `${count(customersDone)} of ${counted(customers, 'customer')}`,
    `${count(daysDone)} of ${counted(days, 'day')}`,
    `${count(inFlight)} in flight`,
    ...(left ? [`about ${timeLeft(left)} left`] : []),
  ].join(', ');
}

/** What changed between two updates and should be reported at once: runs that ended, and what newly needs attention. */
export function newsBetween(before: readonly RunView[], after: readonly RunView[]): Line[] {
  const earlier = new Map(before.map((run) => [run.name, run]));
  return after.flatMap((run): Line[] => {
    const last = earlier.get(run.name) ?? { name: run.name };
    const lines = notesOf(run, new Set(noteKeys(last)));
    if (run.progress && isClosed(run.progress) && !(last.progress && isClosed(last.progress))) {
      lines.push([endLine(run.name, run.progress)]);
    }
    return lines;
  });
}

function endLine(name: string, progress: Progress): string {
  const { customers, days, daysDone } = figuresOf(progress, 0);
  return `${name} ${progress.status}: ${counted(customers, 'customer')}, ${count(daysDone)} of ${counted(days, 'day')} done`;
}
