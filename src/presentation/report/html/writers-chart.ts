import { counted, toSecond } from '../../lines/format.js';
import type { ClusterReport } from '../document.js';
import { grouped } from '../grouped.js';
import { type Content, html } from './markup.js';
import { movedFrom, reasons, spanOf, stepChart } from './step-chart.js';

/** Customers whose writers moved most; the table has them all. */
const MOST = 6;

/** How many windows of a customer could run at once over the time of the run, with reasons, as far back as the log goes. */
export function writersChart(report: ClusterReport): Content {
  const moves = report.log.flatMap(({ at, fact }) => (fact.kind === 'writersMoved' ? [{ at, ...fact }] : []));
  if (moves.length === 0) return undefined;
  const { cluster } = report;
  const own = [...grouped(moves, ({ customer }) => customer)].sort((a, b) => b[1].length - a[1].length);
  const top = Math.max(...moves.map(({ from, to }) => Math.max(from, to)));
  const span = spanOf(report);
  const charts = own.slice(0, MOST).map(
    ([customer, all]) =>
      html`<p class="note"><strong>${customer}</strong>, ${all.at(-1)!.to} at the end</p>${stepChart({
        title: `${cluster}: writers of ${customer} over time (UTC)`,
        description: `Each move, and each trial that changed nothing, is listed below with its reason.`,
        label: `Writers of ${customer} over time`,
        ...span,
        least: top,
        height: 90,
        series: [{ kind: 'line', name: 'line-limit', stretches: [movedFrom(all, span, 1)] }],
      })}`,
  );
  const more = own.length - charts.length;
  return html`<figure class="chart">${charts}</figure>
${more > 0 ? html`<p class="note">and ${counted(more, 'more customer')}, in the table</p>` : undefined}${reasons(
  `${counted(moves.length, 'finding')} about writers, with reasons`,
  ['at (UTC)', 'customer', 'from', 'to', 'because'],
  moves.map(({ at, customer, from, to, why }) => [toSecond(at), customer, from, to, why]),
)}`;
}
