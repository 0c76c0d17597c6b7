import type { Progress } from '../../backfill/views/progress.js';
import { isClosed } from '../../backfill/views/status.js';
import { type Cell, type Column, columns, emphasised } from '../../presentation/lines/columns.js';
import { DAY_COLOURS } from '../../presentation/lines/day-colours.js';
import { count, percent, timeLeft } from '../../presentation/lines/format.js';
import { type Line, lineWidth, type Span, styled } from '../../presentation/lines/line.js';
import { attentionLines } from '../../presentation/status/attention.js';
import { type Figures, figuresOf, type RunView, sumOf } from '../../presentation/status/figures.js';

export interface ViewSize {
  readonly columns: number;
  readonly rows: number;
}

/** The columns that are dropped on a narrow terminal, in this order. */
const DISPENSABLE = ['in flight', 'customers', 'days', 'left'];
const SMALLEST_BAR = 8;
const LARGEST_BAR = 40;

/**
 * Progress of several runs, one row each and a total, to be redrawn in the same place: it never has more lines than fit,
 * and drops columns rather than wrap.
 *
 * @param now ms since 1970, for the time left of each run
 */
export function progressView(runs: readonly RunView[], now: number, size: ViewSize): Line[] {
  const table = tableOf(runs, now, size.columns);
  // A full last line would scroll the screen.
  const room = Math.max(1, size.rows - 1);
  const attention = attentionLines(runs, Math.max(0, room - table.length - 1));
  const lines = attention.length === 0 ? table : [...table, [], ...attention];
  // Too few lines for all rows: the total matters most.
  return lines.length <= room ? lines : [table[0]!, ...table.slice(1).slice(-room + 1)].slice(-room);
}

function tableOf(runs: readonly RunView[], now: number, width: number): Line[] {
  const tableWith = (bar: number, without: readonly string[]) => {
    const titles = titlesFor(bar).filter(({ title }) => !without.includes(title));
    const keep = titlesFor(bar).map(({ title }) => !without.includes(title));
    const rows = runs.map(({ name, progress }) =>
      progress ? runRow(name, figuresOf(progress, now), progress, bar) : [[styled(name, 'dim')], barOf(undefined, bar)],
    );
    if (runs.length > 1) rows.push(emphasised(runRow('total', sumOf(runs, now), undefined, bar), 'bold'));
    return columns(
      titles,
      rows.map((row) => row.filter((_, i) => keep[i])),
    );
  };
  const widest = (lines: readonly Line[]) => Math.max(...lines.map(lineWidth));
  for (let dropped = 0; dropped <= DISPENSABLE.length; dropped++) {
    const without = DISPENSABLE.slice(0, dropped);
    const spare = width - widest(tableWith(SMALLEST_BAR, without));
    if (spare >= 0) return tableWith(Math.min(LARGEST_BAR, SMALLEST_BAR + spare), without);
  }
  return tableWith(SMALLEST_BAR, DISPENSABLE);
}

const titlesFor = (bar: number): Column[] => [
  { title: 'run' },
  { title: ' '.repeat(bar) },
  { title: '%', align: 'right', atLeast: 3 },
  { title: 'customers', align: 'right' },
  { title: 'days', align: 'right' },
  { title: 'in flight', align: 'right' },
  { title: 'left', align: 'right', atLeast: 7 },
];

function runRow(name: string, figures: Figures, progress: Progress | undefined, bar: number): Cell[] {
  return [
    name,
    barOf(figures, bar),
    String(percent(figures.daysDone, figures.days)),
    fraction(figures.customersDone, figures.customers),
    fraction(figures.daysDone, figures.days),
    figures.inFlight === 0 ? '' : count(figures.inFlight),
    [timeLeftSpan(figures, progress)],
  ];
}

/** As wide from the start as when everything is done. */
const fraction = (part: number, whole: number) => `${count(part).padStart(count(whole).length)}/${count(whole)}`;

/** The column of the time left: the time, or why there is none. */
function timeLeftSpan({ left, days, daysDone }: Figures, progress: Progress | undefined): Span {
  if (progress && isClosed(progress)) {
    return progress.status === 'completed' ? styled('done', 'green') : styled('cancelled', 'yellow');
  }
  switch (progress?.status) {
    case 'paused':
    case 'pausing':
    case 'cancelling':
      return styled(progress.status, 'yellow');
    case 'waitingForOperator':
      return styled('stuck', 'red');
    default:
      if (days > 0 && days === daysDone) return { text: '' };
      return left === undefined ? styled('…', 'dim') : { text: timeLeft(left) };
  }
}

/** Done, stuck, verifying, running and waiting days as parts of one bar; each kind that has any days is visible. */
function barOf(figures: Figures | undefined, width: number): Span[] {
  const { days = 0, daysDone = 0, daysStuck = 0, daysVerifying = 0, daysRunning = 0 } = figures ?? {};
  if (days === 0) return [styled('░'.repeat(width), 'dim')];
  const done = Math.floor((daysDone / days) * width);
  const share = (part: number, most: number) =>
    part === 0 ? 0 : Math.min(most, Math.max(1, Math.round((part / days) * width)));
  const stuck = share(daysStuck, width - done);
  const verifying = share(daysVerifying, width - done - stuck);
  const running = share(daysRunning, width - done - stuck - verifying);
  return [
    styled('█'.repeat(done), DAY_COLOURS.d.word),
    styled('▓'.repeat(stuck), DAY_COLOURS.f.word),
    styled('▚'.repeat(verifying), DAY_COLOURS.v.word),
    styled('▒'.repeat(running), DAY_COLOURS.r.word),
    styled('░'.repeat(width - done - stuck - verifying - running), 'dim'),
  ];
}
