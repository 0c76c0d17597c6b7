import { counted, toSecond } from '../../lines/format.js';
import type { ClusterReport, WindowRecord } from '../document.js';
import { html, type Markup } from './markup.js';
import { movedFrom, reasons, type Span, type Step, spanOf, stepChart, until } from './step-chart.js';

/** How many equal spans windows in flight are counted in; in each, the maximum counts. */
const SPANS = 600;

/** The limit over the time of the run, with the windows in flight below it, and a table with the reason of each change. */
export function limitChart(report: ClusterReport): Markup {
  const { limits, parallelism, windows, cluster } = report;
  const span = spanOf(report);
  const inFlight = mostInFlight(windows, span);
  return html`<figure class="chart">
<figcaption class="legend"><span><i class="key line-limit"></i> limit</span><span><i class="key area-flight"></i> windows in flight</span></figcaption>
${stepChart({
  title: `${cluster}: limit and windows in flight over time (UTC)`,
  description: `At most ${Math.max(0, ...inFlight.map(([, amount]) => amount))} windows in flight; the limit changed ${limits.length} times, each listed below with its reason.`,
  label: `Limit of ${cluster} over time`,
  ...span,
  least: 1,
  series: [
    { kind: 'area', name: 'area-flight', stretches: [inFlight] },
    { kind: 'line', name: 'line-limit', stretches: [movedFrom(limits, span, parallelism.limit)] },
  ],
})}</figure>
${
  limits.length === 0
    ? html`<p class="note">The limit did not change.</p>`
    : reasons(
        `${counted(limits.length, 'change')} of the limit, with reasons`,
        ['at (UTC)', 'from', 'to', 'because'],
        limits.map(({ at, from, to, reason }) => [toSecond(at), from, to, reason]),
      )
}`;
}

/** The most windows in flight in each span of time. */
function mostInFlight(windows: readonly WindowRecord[], { from, to }: Span): Step[] {
  const changes = windows.flatMap(({ startedAt, durationMs }) => [
    { at: Date.parse(startedAt), by: 1 },
    { at: Date.parse(startedAt) + Math.max(1, durationMs), by: -1 },
  ]);
  changes.sort((a, b) => a.at - b.at || a.by - b.by);
  const span = (to - from) / SPANS;
  const spans: Step[] = [];
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
  return until(to, spans);
}
