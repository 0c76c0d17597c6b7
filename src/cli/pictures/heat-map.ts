import { formatDay, HOURS_PER_DAY, parseDay } from '../../backfill/calendar.js';
import type { DayLetter } from '../../backfill/progress.js';
import { fitted, type Line, type Span, type Style, styled, widthOf } from '../line.js';

/** Customers by days, a letter and a colour for each, as lines of a terminal. */
export interface HeatMap {
  /** Which days the columns are. */
  readonly ruler: Line;
  /** At least one customer each; as many side by side as fit. */
  readonly lines: readonly Line[];
  /** Customers in a line. */
  readonly beside: number;
  /** Set when a cell stands for several days: says so. */
  readonly binned?: string;
}

export interface HeatMapRow {
  readonly id: string;
  /** A letter for each day. */
  readonly days: string;
  /** Its first day, `YYYY-MM-DD`; default the range's. */
  readonly start?: string | undefined;
}

const looks: Record<DayLetter, { word: string; style: Style }> = {
  '.': { word: 'waiting', style: 'dim' },
  r: { word: 'running', style: 'onCyan' },
  d: { word: 'done', style: 'onGreen' },
  p: { word: 'partly done', style: 'onBlue' },
  f: { word: 'failed', style: 'onRed' },
  s: { word: 'skipped', style: 'dim' },
  h: { word: 'held', style: 'onYellow' },
};

/** From what a person must see first to what needs nobody. */
const WORST_FIRST = 'fhrp.sd';
/** Between customers side by side. */
const GUTTER = 3;

/** The meaning of every letter, in as many lines as it takes. */
export function legend(columns: number): Line[] {
  const lines: Span[][] = [];
  let used = Number.POSITIVE_INFINITY;
  for (const [letter, { word, style }] of Object.entries(looks)) {
    const width = word.length + 4;
    if (used + width - 2 > columns) {
      lines.push([]);
      used = 0;
    }
    lines.at(-1)!.push(styled(letter, style), { text: ` ${word}  ` });
    used += width;
  }
  return lines;
}

/** The letter of a bin: the worst of its days. */
export const worstOf = (letters: string): string => [...WORST_FIRST].find((letter) => letters.includes(letter)) ?? ' ';

/** How bad a customer's worst day is: the smaller, the worse. For orders in which the worst come first. */
export const rankOf = (days: string): number => WORST_FIRST.indexOf(worstOf(days));

/**
 * @param range days `YYYY-MM-DD`, `end` exclusive
 * @param columns of the terminal; no line is wider, from about 20 columns up
 */
export function heatMap(
  rows: readonly HeatMapRow[],
  range: { readonly start: string; readonly end: string },
  columns: number,
): HeatMap {
  const first = dayNumber(range.start);
  const days = Math.max(1, dayNumber(range.end) - first);
  const figure = columns >= 40 ? 2 * String(days).length + 2 : 0;
  const name = Math.min(
    Math.max(7, ...rows.map(({ id }) => widthOf(id))),
    Math.max(8, Math.min(32, Math.floor(columns * 0.3))),
  );
  const room = Math.max(1, columns - name - 1 - figure);
  const perCell = Math.ceil(days / room);
  const cells = Math.ceil(days / perCell);
  const width = name + 1 + cells + figure;
  const beside = Math.max(1, Math.min(rows.length, Math.floor((columns + GUTTER) / (width + GUTTER))));
  const block = (row: HeatMapRow): Span[] => [
    { text: `${fitted(row.id, name)} ` },
    ...cellsOf(row, first, cells, perCell),
    ...(figure > 0 ? [styled(doneOf(row.days).padStart(figure), 'dim')] : []),
  ];
  const lines: Line[] = [];
  for (let at = 0; at < rows.length; at += beside) {
    lines.push(
      rows.slice(at, at + beside).flatMap((row, i) => [...(i === 0 ? [] : [' '.repeat(GUTTER)]), ...block(row)]),
    );
  }
  const mark = `${fitted(rulerTitle(range), name)} ${marks(first, cells, perCell, range)}`
    .slice(0, width)
    .padEnd(width);
  return {
    ruler: [styled(Array<string>(beside).fill(mark).join(' '.repeat(GUTTER)), 'dim')],
    lines,
    beside,
    ...(perCell > 1 ? { binned: `each cell is ${perCell} days, and shows the worst of them` } : {}),
  };
}

/** Runs of the same letter are one piece of text, so that a frame stays small. */
function cellsOf({ days, start }: HeatMapRow, first: number, cells: number, perCell: number): Span[] {
  const offset = start === undefined ? 0 : dayNumber(start) - first;
  const spans: { text: string; style?: Style }[] = [];
  for (let i = 0; i < cells; i++) {
    const from = i * perCell - offset;
    const letter = from + perCell <= 0 ? ' ' : worstOf(days.slice(Math.max(0, from), from + perCell));
    const last = spans.at(-1);
    if (last?.text.startsWith(letter)) last.text += letter;
    else spans.push(letter === ' ' ? { text: letter } : { text: letter, style: looks[letter as DayLetter].style });
  }
  return spans;
}

const doneOf = (days: string): string => `${[...days].filter((letter) => letter === 'd').length}/${days.length}`;

const dayNumber = (day: string): number => (parseDay(day) ?? 0) / HOURS_PER_DAY;

const lastDay = (range: { start: string; end: string }) => formatDay((dayNumber(range.end) - 1) * HOURS_PER_DAY);

const withinMonth = (range: { start: string; end: string }) => range.start.slice(0, 7) === lastDay(range).slice(0, 7);

const rulerTitle = (range: { start: string; end: string }) => range.start.slice(0, withinMonth(range) ? 7 : 4);

/** Days of the month where the range is one, else month and day, each above its first cell. */
function marks(first: number, cells: number, perCell: number, range: { start: string; end: string }): string {
  const short = withinMonth(range);
  let text = '';
  for (let i = 0; i < cells; i += short ? 5 : 10) {
    const day = formatDay((first + i * perCell) * HOURS_PER_DAY);
    text = `${text.padEnd(i)}${short ? String(Number(day.slice(8))) : day.slice(5)}`;
  }
  return text;
}
