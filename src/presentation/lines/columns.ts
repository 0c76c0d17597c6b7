import { type Line, lineWidth, type Span, type Style, spanOf, styled } from './line.js';

export interface Column {
  readonly title: string;
  /** Default: left; numbers go to the right. */
  readonly align?: 'left' | 'right';
  /** A minimum width, so that a column that is redrawn does not keep changing its width. */
  readonly atLeast?: number;
}

/** A cell: its text, or its spans. */
export type Cell = string | Line;

/**
 * Rows under their titles, each column as wide as its widest cell.
 *
 * @param gap spaces between columns
 * @returns the line of titles, then one line for each row
 */
export function columns(titles: readonly Column[], rows: readonly (readonly Cell[])[], gap = 2): Line[] {
  const head = titles.map(({ title }): Cell => [styled(title, 'dim')]);
  const all = [head, ...rows].map((row) => row.map(spansOf));
  const widths = titles.map(({ atLeast = 0 }, i) => Math.max(atLeast, ...all.map((row) => lineWidth(row[i] ?? []))));
  return all.map((row) =>
    titles.flatMap(({ align }, i) => {
      const cell = row[i] ?? [];
      const space = ' '.repeat(widths[i]! - lineWidth(cell));
      const between = i === 0 ? '' : ' '.repeat(gap);
      return align === 'right' ? [between, space, ...cell] : [between, ...cell, space];
    }),
  );
}

/** The row with each cell in a style, unless the cell has its own. */
export const emphasised = (row: readonly Cell[], style: Style): Cell[] =>
  row.map((cell) => spansOf(cell).map((span): Span => ({ style, ...span })));

const spansOf = (cell: Cell): Span[] => (typeof cell === 'string' ? [{ text: cell }] : cell.map(spanOf));
