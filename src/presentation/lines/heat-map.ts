import { DAY_NAMES, type DayLetter } from '../../backfill/views/day-letters.js';
import {
  type DayRange,
  dayNumber,
  dayNumbered,
  type PlacedDays,
  wholeRange,
} from '../../backfill/views/placed-days.js';
import { DAY_COLOURS, WORST_FIRST } from './day-colours.js';
import { fitted, type Line, type Span, styled, widthOf } from './line.js';
import { wrapped } from './wrapping.js';

/** Customers by day, with a letter and a colour for each, as lines for a terminal. */
export interface HeatMap {
  /** The dates above the columns. */
  readonly ruler: Line;
  /** At least one customer each; as many side by side as fit. */
  readonly lines: readonly Line[];
  /** Customers in a line. */
  readonly beside: number;
  /** More than 1 where a cell stands for several days, and shows the worst of them. */
  readonly daysPerCell: number;
}

/** Between customers side by side. */
const GUTTER = 3;

/** The meaning of each letter, on as many lines as needed. The gaps shrink where that makes it fit on one line. */
export function legend(columns: number): Line[] {
  const words = Object.entries(DAY_NAMES);
  const closest = words.reduce((sum, [, word]) => sum + word.length + 3, -1);
  const gap = closest <= columns && columns < closest + words.length - 1 ? 1 : 2;
  const lines: Span[][] = [];
  let used = Number.POSITIVE_INFINITY;
  for (const [letter, word] of words) {
    const width = word.length + 2;
    if (used + width > columns) {
      lines.push([]);
      used = 0;
    }
    const text = ` ${word}${' '.repeat(gap)}`;
    lines.at(-1)!.push(styled(letter, DAY_COLOURS[letter as DayLetter].cell), { text });
    used += width + gap;
  }
  return lines;
}

/** The letter of a cell with several days: the worst of them. */
const worstLetter = (letters: string): string => WORST_FIRST.find((letter) => letters.includes(letter)) ?? ' ';

/** How bad a customer's worst day is: the smaller, the worse. For sorting the worst first. */
export const rankOf = (days: string): number => WORST_FIRST.indexOf(worstLetter(days) as DayLetter);

/** A note below a map whose cells stand for several days; no lines for other maps. */
export const cellNote = ({ daysPerCell }: HeatMap, columns: number): Line[] =>
  daysPerCell > 1
    ? wrapped([styled(`each cell is ${daysPerCell} days and shows the worst of them`, 'dim')], columns)
    : [];

/** How days are divided into cells. */
export interface Grid {
  /** The number of its first day. */
  readonly first: number;
  readonly cells: number;
  /** Days in each cell. */
  readonly perCell: number;
}

/** At most so many cells for all days of the range. */
export function gridOf({ start, end }: DayRange, mostCells: number): Grid {
  const first = dayNumber(start);
  const days = Math.max(1, dayNumber(end) - first);
  const perCell = Math.ceil(days / mostCells);
  return { first, perCell, cells: Math.ceil(days / perCell) };
}

/** A letter for each cell, that of the worst of its days; a space where the customer has no day. */
export function cellLetters({ start, days }: PlacedDays, { first, perCell, cells }: Grid): string {
  const offset = dayNumber(start) - first;
  return Array.from({ length: cells }, (_, i) => {
    const from = i * perCell - offset;
    return worstLetter(days.slice(Math.max(0, from), Math.max(0, from + perCell)));
  }).join('');
}

/**
 * @param runRange of the run; customers' own ranges may extend it
 * @param columns of the terminal; no line is wider, from about 20 columns up
 */
export function heatMap(rows: readonly PlacedDays[], runRange: DayRange, columns: number): HeatMap {
  const range = wholeRange(rows, runRange);
  const days = dayNumber(range.end) - dayNumber(range.start);
  const figure = columns >= 40 ? 2 * String(days).length + 2 : 0;
  const name = Math.min(
    Math.max(7, ...rows.map(({ id }) => widthOf(id))),
    Math.max(8, Math.min(32, Math.floor(columns * 0.3))),
  );
  const grid = gridOf(range, Math.max(1, columns - name - 1 - figure));
  const width = name + 1 + grid.cells + figure;
  const beside = Math.max(1, Math.min(rows.length, Math.floor((columns + GUTTER) / (width + GUTTER))));
  const block = (row: PlacedDays): Span[] => [
    { text: `${fitted(row.id, name)} ` },
    ...cellsOf(row, grid),
    ...(figure > 0 ? [styled(doneOf(row.days).padStart(figure), 'dim')] : []),
  ];
  const lines: Line[] = [];
  for (let at = 0; at < rows.length; at += beside) {
    lines.push(
      rows.slice(at, at + beside).flatMap((row, i) => [...(i === 0 ? [] : [' '.repeat(GUTTER)]), ...block(row)]),
    );
  }
  const mark = `${fitted(rulerTitle(range), name)} ${marks(grid, range)}`.slice(0, width).padEnd(width);
  return {
    ruler: [styled(Array<string>(beside).fill(mark).join(' '.repeat(GUTTER)), 'dim')],
    lines,
    beside,
    daysPerCell: grid.perCell,
  };
}

/** Equal letters in a row are one span, so that a frame stays small. */
function cellsOf(row: PlacedDays, grid: Grid): Span[] {
  return Array.from(cellLetters(row, grid).matchAll(/(.)\1*/g), ([text, letter]) =>
    letter === ' ' ? { text } : styled(text, DAY_COLOURS[letter as DayLetter].cell),
  );
}

const doneOf = (days: string): string => `${[...days].filter((letter) => letter === 'd').length}/${days.length}`;

const lastDay = ({ end }: DayRange) => dayNumbered(dayNumber(end) - 1);

const withinMonth = (range: DayRange) => range.start.slice(0, 7) === lastDay(range).slice(0, 7);

const rulerTitle = (range: DayRange) => range.start.slice(0, withinMonth(range) ? 7 : 4);

/** Days of the month where the range lies in one, else month and day, each above its first cell. */
function marks({ first, cells, perCell }: Grid, range: DayRange): string {
  const short = withinMonth(range);
  let text = '';
  for (let i = 0; i < cells; i += short ? 5 : 10) {
    const day = dayNumbered(first + i * perCell);
    text = `${text.padEnd(i)}${short ? String(Number(day.slice(8))) : day.slice(5)}`;
  }
  return text;
}
