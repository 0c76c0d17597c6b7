import { randomUUID } from 'node:crypto';
import { DAY_NAMES, type DayLetter } from '../../backfill/views/day-letters.js';
import {
  type DayRange,
  dayNumber,
  dayNumbered,
  type PlacedDays,
  placedDays,
  wholeRange,
} from '../../backfill/views/placed-days.js';
import type { Progress } from '../../backfill/views/progress.js';
import { count, counted } from '../../presentation/lines/format.js';
import { cellLetters, type Grid, gridOf, rankOf } from '../../presentation/lines/heat-map.js';
import { classOf } from '../../presentation/report/html/day-styles.js';
import { DAY_KEYS } from '../../presentation/report/html/heat-map-chart.js';
import { type Content, html, type Markup } from '../../presentation/report/html/markup.js';
import { rangeNamed } from '../../runs/run-names.js';
import { choice, hidden, textInput } from './forms.js';
import { clusterPath, customerPath, dayPath, queryText, type RunNamed } from './site.js';

/** What the address of a page says about its heat map. */
export interface MapQuery extends RunNamed {
  readonly sort?: string | undefined;
  readonly show?: string | undefined;
  /** A part of customers' ids. */
  readonly name?: string | undefined;
  /** The first row that is seen. */
  readonly row?: string | undefined;
  /** `2026-01`: only its days, each in a cell of its own. */
  readonly month?: string | undefined;
  /** A moment of the past. */
  readonly at?: string | undefined;
}

/** Rows in one page. Only what is seen, and a little around it, is in the page. */
export const ROWS = 40;
/** With more days, a cell stands for several. */
const MOST_CELLS = 62;

const SORTS = [
  ['', 'as given'],
  ['worst', 'worst first'],
  ['name', 'by name'],
  ['done', 'least done first'],
] as const;
const SHOWN = [
  ['', 'all customers'],
  ['failed', 'with failed or held days'],
  ['running', 'with running days'],
  ['open', 'not done'],
] as const;
const PATTERNS: Record<string, RegExp> = { failed: /[fh]/, running: /[rv]/, open: /[^ds]/ };

const placed = new WeakMap<Progress, PlacedDays[]>();

/** Every customer's days, worked out once for each answer of the run. */
export function rowsOf(progress: Progress): PlacedDays[] {
  const rows = placed.get(progress) ?? placedDays(progress);
  placed.set(progress, rows);
  return rows;
}

/** The latest choice of each picture's rows: viewers ask for the same again and again, and sorting thousands takes a while. */
const chosen = new WeakMap<readonly PlacedDays[], { key: string; rows: PlacedDays[] }>();

/** The customers that the query asks for, in its order. */
export function chosenRows(all: readonly PlacedDays[], query: MapQuery): PlacedDays[] {
  const key = JSON.stringify([query.sort, query.show, query.name]);
  const known = chosen.get(all);
  if (known?.key === key) return known.rows;
  const rows = choose(all, query);
  chosen.set(all, { key, rows });
  return rows;
}

function choose(all: readonly PlacedDays[], { sort = '', show = '', name = '' }: MapQuery): PlacedDays[] {
  const pattern = PATTERNS[show];
  const wanted = name.toLowerCase();
  const rows = all.filter(({ id, days }) => (!pattern || pattern.test(days)) && id.toLowerCase().includes(wanted));
  const key = KEYS[sort];
  if (sort === 'name') return rows.sort((a, b) => a.id.localeCompare(b.id));
  return key ? byKey(rows, key) : rows;
}

const shareDone = ({ days }: PlacedDays): number => days.replaceAll(/[^ds]/g, '').length / Math.max(1, days.length);
const KEYS: Record<string, (row: PlacedDays) => number> = { worst: ({ days }) => rankOf(days), done: shareDone };

function byKey(rows: readonly PlacedDays[], key: (row: PlacedDays) => number): PlacedDays[] {
  const keyed = rows.map((row) => ({ row, key: key(row) }));
  return keyed.sort((a, b) => a.key - b.key).map(({ row }) => row);
}

/** The rows that are in the page. */
export function seenRows(rows: readonly PlacedDays[], { row = '0' }: MapQuery): { first: number; seen: PlacedDays[] } {
  const asked = /^\d{1,6}$/.test(row) ? Number(row) : 0;
  const first = Math.max(0, Math.min(asked, rows.length - ROWS));
  return { first, seen: rows.slice(first, first + ROWS) };
}

export interface MapOf {
  readonly cluster: string;
  readonly range: DayRange;
  readonly all: readonly PlacedDays[];
  /** All rows that the query asks for. */
  readonly rows: readonly PlacedDays[];
  readonly query: MapQuery;
  /** The workflow id of the run that commands for chosen cells go to; without it none can be chosen. */
  readonly selectableIn?: string | undefined;
}

/** Customers by days: a table of links, of which only the rows in sight are in the page. */
export function heatMap({ cluster, range, all, rows, query, selectableIn }: MapOf): Content {
  const whole = wholeRange(all, range);
  const shown = monthOf(query.month, whole) ?? whole;
  const grid = gridOf(shown, MOST_CELLS);
  const { first, seen } = seenRows(rows, query);
  const perCell =
    grid.perCell > 1
      ? html`<p class="note">Each cell is ${grid.perCell} days and shows the worst of them; it leads to its month.</p>`
      : undefined;
  return html`${filters(query)}${months(whole, query)}<p class="legend">${DAY_KEYS}</p>${perCell}
<div class="map wide" tabindex="0" role="group" aria-label="Customers by day" data-first="${first}" data-rows="${seen.length}" data-total="${rows.length}">
<table data-start="${shown.start}" data-step="${grid.perCell}"><thead><tr><th scope="col">customer</th>${headCells(grid)}<th scope="col">done</th></tr></thead>
<tbody>${seen.map((row) => rowOf(cluster, row, grid, query))}</tbody></table></div>
<p class="note">${pager(first, seen.length, rows.length, query)}</p>${selectableIn === undefined ? undefined : selectionForm(cluster, selectableIn)}`;
}

/** For the cells that pages.js has chosen. */
const selectionForm = (cluster: string, run: string): Markup =>
  html`<p class="note" data-hint hidden>Drag over cells to choose days, or hold Shift with a click or the arrow keys; Escape lets them go.</p>
<form method="post" action="${clusterPath(cluster)}/commands/days" class="actions selection" hidden>${hidden({ run, id: randomUUID(), cells: '' })}<strong role="status"></strong>
<button name="command" value="resetDay">Reset</button> <button name="command" value="skipDay">Skip</button> <button name="command" value="retryDay">Retry failed</button> <button type="button" data-clear>Clear</button></form>`;

function monthOf(month: string | undefined, whole: DayRange): DayRange | undefined {
  const range = month && /^\d{4}-\d{2}$/.test(month) ? rangeNamed(month) : undefined;
  if (!range) return undefined;
  const start = range.start > whole.start ? range.start : whole.start;
  const end = range.end < whole.end ? range.end : whole.end;
  return start < end ? { start, end } : undefined;
}

function filters({ sort, show, name = '', row: _, ...keep }: MapQuery): Markup {
  return html`<form class="filters" method="get">${queryFields(keep)}${choice('sort', 'Order', SORTS, sort)}${choice('show', 'Show', SHOWN, show)}${textInput('name', 'Name contains', html`value="${name}" size="12"`)}<button>Apply</button></form>`;
}

/** What a form that changes the address leaves as it is, as hidden fields. */
export const queryFields = (query: MapQuery): Markup[] =>
  hidden(Object.fromEntries(Object.entries(query).filter(([, value]) => value)) as Record<string, string>);

function months({ start, end }: DayRange, query: MapQuery): Content {
  const names: string[] = [];
  for (let day = dayNumber(start); day < dayNumber(end); day++) {
    const month = dayNumbered(day).slice(0, 7);
    if (names.at(-1) !== month) names.push(month);
  }
  if (names.length < 2) return undefined;
  const link = (month: string | undefined, text: string) =>
    html`<a href="${addressOf({ ...query, month })}"${query.month === month ? html` aria-current="true"` : undefined}>${text}</a> `;
  return html`<nav class="months" aria-label="Months">${link(undefined, 'all days')}${names.map((month) => link(month, month))}</nav>`;
}

const CELLS_PER_MARK = 5;

/** A date over the first of every five cells. */
function headCells({ first, perCell, cells }: Grid): Markup[] {
  const heads: Markup[] = [];
  for (let i = 0; i < cells; i += CELLS_PER_MARK) {
    const span = Math.min(CELLS_PER_MARK, cells - i);
    const day = dayNumbered(first + i * perCell);
    heads.push(html`<th scope="colgroup" colspan="${span}">${span < 3 ? day.slice(8) : day.slice(5)}</th>`);
  }
  return heads;
}

function rowOf(cluster: string, row: PlacedDays, grid: Grid, query: MapQuery): Markup {
  const { id, days } = row;
  const cells = [...cellLetters(row, grid)].map((letter, i) => cellOf(cluster, id, letter, i, grid, query));
  const done = days.length - days.replaceAll('d', '').length;
  return html`<tr><th scope="row"><a href="${customerPath(cluster, id, query)}">${id}</a></th>${cells}<td class="number">${done}/${days.length}</td></tr>
`;
}

function cellOf(
  cluster: string,
  id: string,
  letter: string,
  i: number,
  { first, perCell }: Grid,
  query: MapQuery,
): Markup {
  if (letter === ' ') return html`<td></td>`;
  const day = dayNumbered(first + i * perCell);
  const href = perCell === 1 ? dayPath(cluster, id, day, query) : addressOf({ ...query, month: day.slice(0, 7) });
  return html`<td class="${classOf(letter)}"><a href="${href}" aria-label="${day} ${DAY_NAMES[letter as DayLetter]}">${letter}</a></td>`;
}

function pager(first: number, seen: number, total: number, query: MapQuery): Content {
  if (total === 0) return 'No customer is like that.';
  if (seen === total) return counted(total, 'customer');
  const link = (row: number, text: string) => html` <a href="${addressOf({ ...query, row: String(row) })}">${text}</a>`;
  return html`Customers ${count(first + 1)} to ${count(first + seen)} of ${count(total)}.${first > 0 ? link(Math.max(0, first - ROWS), 'earlier') : undefined}${first + seen < total ? link(first + ROWS, 'later') : undefined}`;
}

/** The same page with this query. */
export const addressOf = (query: MapQuery): string => queryText(query) || '?';
