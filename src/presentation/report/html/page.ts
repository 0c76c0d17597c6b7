import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { formatDuration } from '../../../backfill/hours/duration.js';
import { DAY_NAMES } from '../../../backfill/views/day-letters.js';
import { count, toSecond } from '../../lines/format.js';
import type { ClusterReport, ReportDocument } from '../document.js';
import { DAY_STYLES } from './day-styles.js';
import { ganttChart } from './gantt-chart.js';
import { heatMapChart } from './heat-map-chart.js';
import { limitChart } from './limit-chart.js';
import { loadChart } from './load-chart.js';
import { type Content, html, Markup } from './markup.js';
import * as tables from './tables.js';
import { writersChart } from './writers-chart.js';

const fileBeside = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');

/** The page loads nothing, and runs no script but its own, whatever texts are in it. */
function contentSecurityPolicy(script: string): string {
  const digest = createHash('sha256').update(script).digest('base64');
  return `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'`;
}

/** The report as one HTML file that needs nothing else: it opens offline, prints, and is readable without its script. */
export function htmlPage(document: ReportDocument): string {
  const script = fileBeside('report.js');
  const { generatedAt, clusters, missing } = document;
  const names = clusters.map(({ cluster }) => cluster).join(', ');
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${contentSecurityPolicy(script)}">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Backfill report: ${names}</title>
<style>${new Markup(fileBeside('report.css') + DAY_STYLES)}</style></head><body>
<header><h1>Backfill report</h1><p class="note">As of ${toSecond(generatedAt)} UTC. All times are UTC.</p></header>
<main data-day-names="${JSON.stringify(DAY_NAMES)}">${tables.overviewTable(document)}
${missing.map(({ cluster, reason }) => html`<p class="note"><strong>${cluster}</strong> is not in this report: ${reason}</p>`)}
${clusters.map(section)}</main>
<script>${new Markup(script)}</script></body></html>
`.text;
}

const titled = (title: string, chart: Content): Content => chart && html`<h3>${title}</h3>${chart}`;

function section(report: ClusterReport): Markup {
  const { cluster, customers, range, parallelism, log, windows } = report;
  return html`<section id="${tables.anchorOf(report)}"><h2>${cluster}</h2>
<dl><dt>run</dt><dd><code>${report.workflowId}</code> in namespace ${report.namespace}</dd>
<dt>status</dt><dd>${tables.status(report)} ${report.statusReason}</dd>
<dt>days</dt><dd>${range.start} to ${range.end}, end exclusive</dd>
<dt>time</dt><dd>${toSecond(report.startedAt)} to ${report.endedAt ? toSecond(report.endedAt) : 'now'}, ${formatDuration(report.durationMs)}${report.eta ? `; done by about ${toSecond(report.eta)} at the current pace` : undefined}</dd>
<dt>so far</dt><dd>${tables.figures(report.totals)}</dd>
<dt>limit</dt><dd>${parallelism.limit} of at most ${parallelism.max}: ${parallelism.reason}</dd></dl>
<h3>Needs attention</h3>${tables.attentionTable(report)}
<h3>Customers by day</h3>${heatMapChart(report)}
<h3>Windows over time</h3>${ganttChart(report)}
<h3>Limit over time</h3>${limitChart(report)}
${titled('Database over time', loadChart(report))}${titled('Writers over time', writersChart(report))}
<h3>Failures by class</h3>${tables.failuresTable(report)}
<h3>Customers</h3><details open><summary>${count(customers.length)} customers</summary>${tables.customersTable(report)}</details>
${tables.proofTable(report)}
<h3>Log</h3><details><summary>the latest ${count(log.length)} commands and decisions; ${count(windows.length)} windows are in the CSV and JSON formats</summary>${tables.logTable(report)}</details>
</section>`;
}
