import { DAY_NAMES, isFinished } from '../../../backfill/views/day-letters.js';
import { dayNumbered, type PlacedDays, wholeRange } from '../../../backfill/views/placed-days.js';
import { cellLetters, type Grid, gridOf } from '../../lines/heat-map.js';
import type { ClusterReport } from '../document.js';
import { classOf } from './day-styles.js';
import { type Content, html, type Markup } from './markup.js';
import { Bars, clipped, inParts, short } from './shapes.js';

const WIDTH = 1_000;
const LABEL = 210;
const ROW = 15;
const AXIS = 18;
const MOST_CELLS = 186;
/** The last day's mark may be wider than the last cell. */
const LAST_TICK = 30;
const WIDEST_CELL = 24;
/** A letter does not fit in a narrower cell. */
const LETTER_CELL = 7;

interface Scale extends Grid {
  /** The width of a cell. */
  readonly cell: number;
}

/** Customers by day, in pictures of some customers each: one path for each state, and one text for the letters of a row. */
export function heatMapChart({ customers, customersLeftOut, range, cluster }: ClusterReport): Markup {
  const grid = gridOf(wholeRange(customers, range), MOST_CELLS);
  const scale: Scale = { ...grid, cell: Math.min(WIDEST_CELL, (WIDTH - LABEL) / grid.cells) };
  const { perCell } = grid;
  const note =
    perCell > 1 ? html`<p class="note">Each cell is ${perCell} days and shows the worst of them.</p>` : undefined;
  const leftOut =
    customersLeftOut > 0
      ? html`<p class="note">${customersLeftOut} more customers are in the totals only: they do not fit in the run's answer.</p>`
      : undefined;
  const parts = inParts(customers);
  return html`<figure class="chart">
<figcaption class="legend">${DAY_KEYS}</figcaption>${note}${leftOut}
<div class="scroll" tabindex="0" role="group" aria-label="Heat map of ${cluster}: customers by day">
${parts.map((part, i) => picture(part, scale, `${cluster}: customers by day, part ${i + 1} of ${parts.length}`))}
</div></figure>`;
}

/** The meaning of each letter, for a legend. */
export const DAY_KEYS = Object.entries(DAY_NAMES).map(
  ([letter, word]) => html`<span><i class="key ${classOf(letter)}">${letter}</i> ${word}</span>`,
);

function picture(customers: readonly PlacedDays[], grid: Scale, title: string): Markup {
  const height = AXIS + customers.length * ROW + 4;
  const width = short(LABEL + grid.cells * grid.cell + LAST_TICK);
  const bars = new Map<string, Bars>(Object.keys(DAY_NAMES).map((letter) => [letter, new Bars()]));
  const rows = customers.map((customer, i) => {
    const letters = cellLetters(customer, grid);
    drawRow(bars, letters, AXIS + i * ROW, grid.cell);
    return rowText(customer, letters, AXIS + i * ROW, grid);
  });
  const done = customers.filter(({ days }) => isFinished(days)).length;
  return html`<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" data-heat="${grid.first} ${grid.perCell} ${LABEL} ${short(grid.cell)} ${AXIS} ${ROW}"><title>${title}</title>
<desc>${customers.length} customers, ${done} of them done. The table of customers has the same letters as text.</desc>
${axis(grid)}${[...bars].map(([letter, { d }]) => (d ? html`<path class="${classOf(letter)}" d="${d}"/>` : undefined))}${rows}</svg>
`;
}

/** Neighbours of the same state are one bar. */
function drawRow(bars: ReadonlyMap<string, Bars>, letters: string, y: number, cell: number): void {
  for (const { 0: run, index } of letters.matchAll(/(.)\1*/g)) {
    bars.get(run[0]!)?.add(LABEL + index * cell, y + 1, run.length * cell, ROW - 2);
  }
}

function rowText({ id }: PlacedDays, letters: string, y: number, { cell }: Scale): Content {
  const label = html`<text class="label" x="${LABEL - 8}" y="${y + 11}">${clipped(id, 30)}<title>${id}</title></text>`;
  if (cell < LETTER_CELL) return label;
  // One x for each letter centres it in its cell, whatever the font.
  const used = letters.trimEnd();
  const xs = [...used].map((_, i) => short(LABEL + (i + 0.5) * cell)).join(' ');
  return [
    label,
    html`<text class="letters" aria-hidden="true" xml:space="preserve" x="${xs}" y="${y + 11}">${used}</text>`,
  ];
}

function axis({ first, perCell, cells, cell }: Scale): Content {
  const every = Math.max(1, Math.ceil(44 / cell));
  const marks: Markup[] = [];
  for (let i = 0; i < cells; i += every) {
    const day = dayNumbered(first + i * perCell).slice(5);
    marks.push(html`<text class="tick" x="${short(LABEL + i * cell)}" y="12">${day}</text>`);
  }
  return marks;
}
