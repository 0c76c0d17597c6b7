import type { ClusterReport, WindowRecord, WindowStatus } from '../document.js';
import { grouped } from '../grouped.js';
import { html, type Markup } from './markup.js';
import { Bars, clipped, inParts, short } from './shapes.js';
import { timeAxis } from './time-axis.js';

const WIDTH = 1_200;
const LABEL = 210;
const ROW = 13;
/** A customer with many windows at once gets a taller row. */
const LANE = 5;
const AXIS = 18;
/** Even a very short window is visible. */
const NARROWEST = 1;

const STATUSES: readonly (readonly [WindowStatus, string])[] = [
  ['completed', 'completed'],
  ['running', 'running'],
  ['failed', 'failed'],
  ['timedOut', 'timed out'],
  ['cancelled', 'cancelled'],
  ['terminated', 'terminated'],
  ['continuedAsNew', 'continued as new'],
];

/** A customer's windows, each in a separate lane while it runs, so that none hides another. */
interface Row {
  readonly customer: string;
  readonly windows: readonly { readonly window: WindowRecord; readonly start: number; readonly lane: number }[];
  readonly lanes: number;
  readonly height: number;
}

/** Each customer's windows over the time of the run: when each ran, for how long, and how it ended. */
export function ganttChart({ windows, windowsTruncated, startedAt, durationMs, cluster }: ClusterReport): Markup {
  if (windows.length === 0) return html`<p class="note">No window has started.</p>`;
  const from = Math.min(Date.parse(startedAt), Date.parse(windows[0]!.startedAt));
  const to = Math.max(from + 1_000, Date.parse(startedAt) + durationMs);
  const rows = [...grouped(windows, ({ customer }) => customer)].map(([customer, own]) => rowOf(customer, own));
  const parts = inParts(rows);
  const used = STATUSES.filter(([status]) => windows.some((window) => window.status === status));
  return html`<figure class="chart">
<figcaption class="legend">${used.map(([status, word]) => html`<span><i class="key run-${status}"></i> ${word}</span>`)}</figcaption>
${windowsTruncated ? html`<p class="note">Only the latest ${windows.length} windows are shown.</p>` : undefined}
<div class="scroll" tabindex="0" role="group" aria-label="Windows of ${cluster} over time">
${parts.map((part, i) => picture(part, from, to, `${cluster}: windows over time (UTC), part ${i + 1} of ${parts.length}`))}
</div></figure>`;
}

function picture(rows: readonly Row[], from: number, to: number, title: string): Markup {
  const height = AXIS + rows.reduce((sum, row) => sum + row.height, 4);
  const scale = (WIDTH - LABEL - 4) / (to - from);
  const x = (at: number) => LABEL + (at - from) * scale;
  const bars = new Map<WindowStatus, Bars>(STATUSES.map(([status]) => [status, new Bars()]));
  let y = AXIS;
  const labels = rows.map((row) => {
    drawRow(bars, row, y, x);
    const middle = y + row.height / 2 + 3.5;
    y += row.height;
    return html`<text class="label" x="${LABEL - 8}" y="${short(middle)}">${clipped(row.customer, 30)}<title>${summary(row)}</title></text>`;
  });
  const count = rows.reduce((sum, { windows }) => sum + windows.length, 0);
  const data = rows.map((row) => [
    row.customer,
    row.height,
    row.lanes,
    ...row.windows.map((placed) => barData(placed, from)),
  ]);
  const axis = timeAxis(from, to, { x, y: 12, right: WIDTH, grid: [AXIS - 3, height] });
  return html`<svg viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" data-gantt="${from} ${LABEL} ${scale} ${AXIS}" data-windows="${JSON.stringify(data)}"><title>${title}</title>
<desc>${count} windows of ${rows.length} customers, from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}.</desc>
${axis}${[...bars].map(([status, { d }]) => (d ? html`<path class="run-${status}" d="${d}"/>` : undefined))}${labels}</svg>
`;
}

function rowOf(customer: string, own: readonly WindowRecord[]): Row {
  const busyUntil: number[] = [];
  const windows = own.map((window) => {
    const start = Date.parse(window.startedAt);
    const free = busyUntil.findIndex((end) => end <= start);
    const lane = free < 0 ? busyUntil.length : free;
    busyUntil[lane] = start + window.durationMs;
    return { window, start, lane };
  });
  return { customer, windows, lanes: busyUntil.length, height: Math.max(ROW, busyUntil.length * LANE + 3) };
}

function drawRow(
  bars: ReadonlyMap<WindowStatus, Bars>,
  { windows, lanes, height }: Row,
  y: number,
  x: (at: number) => number,
): void {
  const lane = (height - 3) / lanes;
  for (const { window, start, lane: which } of windows) {
    const width = Math.max(NARROWEST, x(start + window.durationMs) - x(start));
    bars.get(window.status)!.add(x(start), y + 1 + which * lane, width, lane - (lanes > 1 ? 1 : 0));
  }
}

/** What report.js shows for a bar: seconds from the start, seconds it took, its lane, its hours, how it ended. */
function barData({ window, start, lane }: Row['windows'][number], origin: number): unknown[] {
  const { durationMs, from, to, status, class: failure } = window;
  const hours = from.endsWith('T00:00:00Z') && to.endsWith('T00:00:00Z') ? 10 : 13;
  const times = [start - origin, durationMs].map((ms) => Math.round(ms / 100) / 10);
  const data = [...times, lane, from.slice(0, hours), to.slice(0, hours), status];
  return failure ? [...data, failure] : data;
}

function summary({ customer, windows }: Row): string {
  const incomplete = windows.filter(({ window }) => window.status !== 'completed').length;
  return `${customer}: ${windows.length} windows${incomplete > 0 ? `, ${incomplete} not completed` : ''}`;
}
