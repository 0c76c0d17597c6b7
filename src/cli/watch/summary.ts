import { formatDuration } from '../../backfill/hours/duration.js';
import { DAY_NAMES } from '../../backfill/views/day-letters.js';
import type { Progress } from '../../backfill/views/progress.js';
import type { Status } from '../../backfill/views/status.js';
import { DAY_COLOURS } from '../terminal/day-colours.js';
import { figuresOf, isClosed } from '../terminal/figures.js';
import { count, counted, percent } from '../terminal/format.js';
import { type Line, onOneLine, type Span, type Style, styled } from '../terminal/line.js';
import { type ClusterPicture, rateSinceStart } from '../terminal/picture.js';

const statusStyles: Record<Status, Style> = {
  running: 'cyan',
  pausing: 'yellow',
  paused: 'yellow',
  waitingForOperator: 'red',
  cancelling: 'yellow',
  finishing: 'cyan',
  completed: 'green',
  cancelled: 'yellow',
};

/** A picture is drawn anew every two seconds or so. An older one is on its way, or its cluster is silent. */
const LATE_MS = 5_000;

/** Who, how far, and whether it answers: a line that says the most. */
export function headline(picture: ClusterPicture, now: number): Line {
  const { cluster, progress, workflowId, silent, note, asOf = now } = picture;
  const name = styled(cluster, 'bold');
  if (silent) {
    const since = `${clock(silent.since)} UTC (${age(now - silent.since)})`;
    return [name, '  ', styled(`no answer since ${since}`, 'red'), `: ${onOneLine(silent.reason)}`];
  }
  if (!progress) return [name, '  ', onOneLine(note ?? 'asking …')];
  const { days, daysDone } = figuresOf(progress, now);
  const late = !isClosed(progress) && now - asOf >= LATE_MS;
  return [
    ...[name, '  ', styled(progress.status, statusStyles[progress.status]), `  ${percent(daysDone, days)}%`],
    late ? styled(`  as of ${age(now - asOf)} ago`, 'yellow') : '',
    styled(`  ${onOneLine(workflowId ?? '')}`, 'dim'),
  ];
}

/** What a run's progress says in figures and reasons: four or five lines. */
export function summaryLines(progress: Progress, picture: ClusterPicture, now: number): Line[] {
  const { parallelism, database, totals } = progress;
  const lines: Line[] = [
    [label('why'), onOneLine(progress.statusReason)],
    [label('days'), ...dayCounts(progress)],
    [
      label('windows'),
      `${count(parallelism.inFlight)} in flight, ${count(totals.windows.completed)} completed`,
      failures(progress),
    ],
    [label('limit'), `${parallelism.limit} of at most ${parallelism.max}: ${onOneLine(parallelism.reason)}`],
  ];
  const { customersLeftOut: out } = progress;
  if (out) {
    const names = `${counted(out.count, 'customer')}, of them ${count(out.done)} done`;
    lines.push([
      label('not shown'),
      `${names}: one answer has no room for them; backfill customers --customer ID has each`,
    ]);
  }
  if (!isClosed(progress)) lines.push([label('pace'), pace(picture, progress, now)]);
  if (database.level !== 'off') {
    const style = { ok: 'green', high: 'yellow', critical: 'red', unknown: 'yellow' }[database.level] as Style;
    lines.push([label('database'), styled(database.level, style), `: ${onOneLine(database.reason)}`]);
  }
  return lines;
}

const label = (text: string): Span => styled(text.padEnd(10), 'dim');

function dayCounts({ totals }: Progress): (string | Span)[] {
  const parts = (['r', 'v', '.', 'f', 'h', 's'] as const).flatMap((letter): (string | Span)[] => {
    const name = DAY_NAMES[letter];
    const amount = totals[name];
    return amount === 0 ? [] : [', ', styled(`${count(amount)} ${name}`, DAY_COLOURS[letter].word)];
  });
  return [`${count(totals.done)} of ${count(totals.days)} done`, ...parts];
}

function failures({ totals: { windows } }: Progress): string {
  const failed = windows.failed === 0 ? '' : `, ${count(windows.failed)} ended otherwise`;
  return windows.adopted === 0 ? failed : `${failed}, ${count(windows.adopted)} adopted`;
}

function pace(picture: ClusterPicture, progress: Progress, now: number): string {
  const rate = picture.rate ?? rateSinceStart(progress, now);
  const speed =
    rate === undefined ? 'not known before a window has completed' : `${counted(Math.round(rate), 'window')} an hour`;
  if (progress.eta === null) return speed;
  const end = `${progress.eta.slice(0, 16).replace('T', ' ')} UTC`;
  const left = Date.parse(progress.eta) - now;
  // The estimate stands still while nothing completes, and may then lie in the past.
  return left > 0 ? `${speed}, done in about ${age(left)} (${end})` : `${speed}; was to be done ${end}`;
}

/** Whole seconds: tenths would flicker. */
const age = (ms: number): string => formatDuration(Math.max(1_000, Math.floor(ms / 1_000) * 1_000));

const clock = (at: number): string => new Date(at).toISOString().slice(11, 19);
