import { counted, toSecond } from '../../lines/format.js';
import type { ClusterReport } from '../document.js';
import { type Content, html } from './markup.js';
import { reasons, type Step, spanOf, stepChart, until } from './step-chart.js';

/** What the database bore over the time of the run, as the probe saw it, with its reasons; nothing without a probe. */
export function loadChart(report: ClusterReport): Content {
  const { load, cluster } = report;
  if (load.length === 0) return undefined;
  const span = spanOf(report);
  const stretches = knownStretches(load, span.to);
  const most = Math.max(0, ...stretches.flat().map(([, value]) => value));
  const table = reasons(
    `${counted(load.length, 'change')}, with reasons`,
    ['at (UTC)', 'level', 'utilization', 'because'],
    load.map(({ at, level, utilization, reason }) => [toSecond(at), level, asPercent(utilization), reason]),
  );
  const picture = html`<figure class="chart"><figcaption class="legend"><span><i class="key line-load"></i> utilization: 100% is what the operators bear</span></figcaption>
${stepChart({
  title: `${cluster}: utilization of the database over time (UTC)`,
  description: `At most ${asPercent(most)} of what operators bear; gaps where it is not known.`,
  label: `Utilization of the database of ${cluster} over time`,
  ...span,
  least: 1,
  mark: 0.25,
  format: asPercent,
  series: [
    { kind: 'line', name: 'line-bearable', stretches: [until(span.to, [[span.from, 1]])] },
    { kind: 'line', name: 'line-load', stretches },
  ],
})}</figure>`;
  return html`${stretches.length > 0 ? picture : undefined}${table}`;
}

const asPercent = (share: number | undefined): string =>
  share === undefined ? 'not known' : `${Math.round(100 * share)}%`;

/** The line, cut where the utilization is not known: there it ends with its latest value. */
function knownStretches(load: ClusterReport['load'], end: number): Step[][] {
  const stretches: Step[][] = [];
  let open: Step[] | undefined;
  for (const { at, utilization } of load) {
    const moment = Date.parse(at);
    if (utilization !== undefined) open = [...(open ?? []), [moment, utilization]];
    else if (open) {
      stretches.push(until(moment, open));
      open = undefined;
    }
  }
  return open ? [...stretches, until(end, open)] : stretches;
}
