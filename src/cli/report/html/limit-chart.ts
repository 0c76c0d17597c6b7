import { toSecond } from '../../terminal/format.js';
import type { ClusterReport, LimitStep, WindowRecord } from '../document.js';
import { type Content, html, type Markup } from './markup.js';
import { short, steps } from './shapes.js';
import { timeAxis } from './time-axis.js';

const WIDTH = 1_200;
const HEIGHT = 180;
const LEFT = 44;
const TOP = 10;
const BOTTOM = 24;
/** How many equal spans windows in flight are counted in; in each, the maximum counts. */
const SPANS = 600;

/** The limit over the time of the run, with the windows in flight below it, and a table with the reason of each change. */
export function limitChart(report: ClusterReport): Markup {
  const { startedAt, durationMs, limits, parallelism, windows, cluster } = report;
  const from = Date.parse(startedAt);
  const to = from + Math.max(1_000, durationMs);
  const inFlight = mostInFlight(windows, from, to);
  const levels = levelsOf(limits, parallelism.limit, from);
  const top = Math.max(1, ...levels.map(([, level]) => level), ...inFlight.map(([, amount]) => amount));
  // A cluster's clock may be ahead of this machine's.
  const x = (at: number) => LEFT + ((Math.min(at, to) - from) / (to - from)) * (WIDTH - LEFT - 8);
  const y = (amount: number) => HEIGHT - BOTTOM - (amount / top) * (HEIGHT - TOP - BOTTOM);
  const area = steps(
    inFlight.map(([at, amount]) => [x(at), y(amount)] as const),
    x(to),
  );
  return html`<figure class="chart">
<figcaption class="legend"><span><i class="key line-limit"></i> limit</span><span><i class="key area-flight"></i> windows in flight</span></figcaption>
<div class="scroll" tabindex="0" role="group" aria-label="Limit of ${cluster} over time"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img"><title>${cluster}: limit and windows in flight over time (UTC)</title>
<desc>At most ${Math.max(0, ...inFlight.map(([, amount]) => amount))} windows in flight; the limit changed ${limits.length} times, each listed below with its reason.</desc>
${axes(from, to, top, x, y)}${area ? html`<path class="area-flight" d="${area}V${short(y(0))}H${short(x(inFlight[0]![0]))}z"/>` : undefined}<path class="line-limit" d="${steps(
    levels.map(([at, level]) => [x(at), y(level)] as const),
    x(to),
  )}"/></svg></div></figure>
${movesTable(limits)}`;
}

/** From the first known limit to the current one. Where the log has lost its beginning, the line starts at the first known limit. */
function levelsOf(limits: readonly LimitStep[], now: number, from: number): [at: number, level: number][] {
  const [first] = limits;
  if (!first) return [[from, now]];
  return [[from, first.from], ...limits.map(({ at, to }): [number, number] => [Date.parse(at), to])];
}

/** The most windows in flight in each span of time. */
function mostInFlight(windows: readonly WindowRecord[], from: number, to: number): [at: number, amount: number][] {
  const changes = windows.flatMap(({ startedAt, durationMs }) => [
    { at: Date.parse(startedAt), by: 1 },
    { at: Date.parse(startedAt) + Math.max(1, durationMs), by: -1 },
  ]);
  changes.sort((a, b) => a.at - b.at || a.by - b.by);
  const span = (to - from) / SPANS;
  const spans: [number, number][] = [];
  let open = 0;
  let next = 0;
  for (let i = 0; i < SPANS; i++) {
    let most = open;
    for (; next < changes.length && changes[next]!.at < from + (i + 1) * span; next++) {
      open += changes[next]!.by;
      most = Math.max(most, open);
    }
    if (spans.at(-1)?.[1] !== most) spans.push([from + i * span, most]);
  }
  return spans;
}

function axes(
  from: number,
  to: number,
  top: number,
  x: (at: number) => number,
  y: (amount: number) => number,
): Content {
  const step = Math.max(1, Math.ceil(top / 5));
  const levels = Array.from({ length: Math.floor(top / step) + 1 }, (_, i) => i * step);
  return [
    levels.map(
      (level) =>
        html`<path class="grid" d="M${LEFT} ${short(y(level))}H${WIDTH - 8}"/><text class="label" x="${LEFT - 6}" y="${short(y(level) + 4)}">${level}</text>`,
    ),
    timeAxis(from, to, { x, y: HEIGHT - 6, right: WIDTH }),
  ];
}

function movesTable(limits: readonly LimitStep[]): Content {
  if (limits.length === 0) return html`<p class="note">The limit did not change.</p>`;
  return html`<details><summary>${limits.length} changes of the limit, with reasons</summary>
<table><thead><tr><th>at (UTC)</th><th class="number">from</th><th class="number">to</th><th>because</th></tr></thead><tbody>
${limits.map(
  ({
    at,
    from,
    to,
    reason,
  }) => html`<tr><td>${toSecond(at)}</td><td class="number">${from}</td><td class="number">${to}</td><td>${reason}</td></tr>
`,
)}</tbody></table></details>`;
}
