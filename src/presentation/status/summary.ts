import { DAY_NAMES } from '../../backfill/views/day-letters.js';
import { type Progress, writersInWords } from '../../backfill/views/progress.js';
import type { Status } from '../../backfill/views/status.js';
import { isClosed } from '../../backfill/views/status.js';
import { onOneLine } from '../../one-line.js';
import { type ClusterPicture, rateSinceStart } from '../../watch/picture.js';
import { DAY_COLOURS } from '../lines/day-colours.js';
import { age, count, counted, percent, toMinute } from '../lines/format.js';
import { fact, type Line, type Span, type Style, styled } from '../lines/line.js';
import { figuresOf } from './figures.js';

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

/** Pictures are refreshed about every two seconds; an older one says how old it is. */
const LATE_MS = 5_000;

/** The most important line: the cluster, its status and progress, or that it does not answer. */
export function headline(picture: ClusterPicture, now: number): Line {
  const { cluster, progress, workflowId, unreachable, note, asOf = now } = picture;
  const name = styled(cluster, 'bold');
  if (unreachable) {
    const since = `${clock(unreachable.since)} UTC (${age(now - unreachable.since)})`;
    return [name, '  ', styled(`no answer since ${since}`, 'red'), `: ${onOneLine(unreachable.reason)}`];
  }
  if (!progress) return [name, '  ', onOneLine(note ?? 'connecting …')];
  const { days, daysDone } = figuresOf(progress, now);
  const late = !isClosed(progress) && now - asOf >= LATE_MS;
  return [
    name,
    '  ',
    styled(progress.status, statusStyles[progress.status]),
    `  ${percent(daysDone, days)}%`,
    late ? styled(`  as of ${age(now - asOf)} ago`, 'yellow') : '',
    styled(`  ${onOneLine(workflowId ?? '')}`, 'dim'),
  ];
}

/** A run's progress in figures and reasons: four to eight lines. */
export function summaryLines(progress: Progress, picture: ClusterPicture, now: number): Line[] {
  const { parallelism, database, totals } = progress;
  const lines: Line[] = [
    fact('why', onOneLine(progress.statusReason)),
    fact('days', ...dayCounts(progress)),
    fact(
      'windows',
      `${count(parallelism.inFlight)} in flight, ${count(totals.windows.completed)} completed`,
      failures(progress),
    ),
    fact('limit', `${parallelism.limit} of at most ${parallelism.max}: ${onOneLine(parallelism.reason)}`),
  ];
  const { customersLeftOut: out, writers = [] } = progress;
  if (writers.length > 0) lines.push(fact('writers', writersInWords(writers)));
  if (out) {
    const customers = `${counted(out.count, 'customer')}, ${count(out.done)} of them done`;
    const each = 'they do not fit in one answer; backfill customers --customer ID shows each';
    lines.push(fact('not shown', `${customers}: ${each}`));
  }
  if (!isClosed(progress)) lines.push(fact('pace', pace(picture, progress, now)));
  if (database.level !== 'off') {
    const style = { ok: 'green', high: 'yellow', critical: 'red', unknown: 'yellow' }[database.level] as Style;
    const share =
      database.utilization === undefined ? '' : `, ${Math.round(100 * database.utilization)}% of what it may bear`;
    lines.push(fact('database', styled(database.level, style), `${share}: ${onOneLine(database.reason)}`));
  }
  return lines;
}

function dayCounts({ totals }: Progress): (string | Span)[] {
  const parts = (['r', 'v', '.', 'f', 'h', 's'] as const).flatMap((letter): (string | Span)[] => {
    const name = DAY_NAMES[letter];
    const amount = totals[name];
    return amount === 0 ? [] : [', ', styled(`${count(amount)} ${name}`, DAY_COLOURS[letter].word)];
  });
  return [`${count(totals.done)} of ${count(totals.days)} done`, ...parts];
}

function failures({ totals: { windows } }: Progress): string {
  const failed = windows.failed === 0 ? '' : `, ${count(windows.failed)} did not complete`;
  return windows.adopted === 0 ? failed : `${failed}, ${count(windows.adopted)} adopted`;
}

function pace(picture: ClusterPicture, progress: Progress, now: number): string {
  const rate = picture.rate ?? rateSinceStart(progress, now);
  const speed =
    rate === undefined ? 'unknown until a window has completed' : `${counted(Math.round(rate), 'window')} an hour`;
  if (progress.eta === null) return speed;
  const end = `${toMinute(progress.eta)} UTC`;
  const left = Date.parse(progress.eta) - now;
  // The estimate does not move while nothing completes, and may then lie in the past.
  const soon = left > 0 ? `, done in about ${age(left)} (${end})` : `; was expected to be done ${end}`;
  return `${speed}${soon}${drift(progress)}`;
}

/** How far the ETA has moved since the run's latest forecast, as a measure of what it is worth. */
function drift({ eta, forecasts = [] }: Progress): string {
  const latest = forecasts.at(-1);
  if (!latest || eta === null) return '';
  const moved = Date.parse(eta) - Date.parse(latest.eta);
  const share = `at ${Math.round(100 * latest.share)}% of the work`;
  return Math.abs(moved) < 1_000
    ? `, as foreseen ${share}`
    : `, ${age(Math.abs(moved))} ${moved > 0 ? 'later' : 'earlier'} than foreseen ${share}`;
}

const clock = (at: number): string => new Date(at).toISOString().slice(11, 19);
