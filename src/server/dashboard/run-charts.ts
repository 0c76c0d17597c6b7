import { setTimeout as sleep } from 'node:timers/promises';
import { count } from '../../presentation/lines/format.js';
import { collectRun } from '../../presentation/report/collect.js';
import type { ClusterReport } from '../../presentation/report/document.js';
import { ganttChart } from '../../presentation/report/html/gantt-chart.js';
import { limitChart } from '../../presentation/report/html/limit-chart.js';
import { loadChart } from '../../presentation/report/html/load-chart.js';
import { type Content, html, type Markup } from '../../presentation/report/html/markup.js';
import { failuresTable, logTable } from '../../presentation/report/html/tables.js';
import { writersChart } from '../../presentation/report/html/writers-chart.js';
import type { ClusterPicture } from '../../watch/picture.js';
import type { Kept } from '../answers.js';
import { textInput } from './forms.js';
import { type MapQuery, queryFields } from './heat-map.js';
import { ask, type RunAsked } from './run-asked.js';
import { runPath, type Site } from './site.js';

const KEEP_MS = 10_000;
/** A page does not wait longer for charts; the next refresh has them. */
const PATIENCE_MS = 1_500;
const MOST_WINDOWS = 2_000;
const MOST_ASKED = 20;
/** The past needs all windows; it changes little. */
const KEEP_WHOLE_MS = 30_000;
const WHOLE_PATIENCE_MS = 30_000;
/** Bars in one Gantt chart. */
const MOST_BARS = 1_000;

/** The latest of the run that the cluster's page shows; the same question for all who look at the page. */
export function latestReport(site: Site, { cluster, workflowId = '', progress }: ClusterPicture) {
  const answer = site.answers.get(`${cluster} report ${workflowId}`, KEEP_MS, async () => {
    const { client } = await site.watch.session(cluster);
    const limits = { windows: MOST_WINDOWS, customers: MOST_ASKED };
    return collectRun(client, { cluster, workflowId }, Date.now(), { progress, ...limits });
  });
  return patient(answer, PATIENCE_MS);
}

/** A run with all its windows. */
export function wholeReport(site: Site, cluster: string, run: RunAsked) {
  const answer = site.reports.get(`${cluster} ${run.workflowId} ${run.runId ?? ''}`, KEEP_WHOLE_MS, () =>
    ask({ site, cluster, run }, (_, client) => collectRun(client, { cluster, ...run }, Date.now())),
  );
  return patient(answer, WHOLE_PATIENCE_MS);
}

const patient = <T>(answer: Promise<Kept<T>>, ms: number): Promise<Kept<T>> =>
  Promise.race([answer, sleep(ms, { problem: 'still asking; the next refresh has them' }, { ref: false })]);

/** What the report shows of a run, for the customers in sight. */
export function charts({ value: report, problem }: Kept<ClusterReport>, customers: readonly { id: string }[]): Content {
  const note = problem === undefined ? undefined : html`<p class="note">Charts and log: ${problem}</p>`;
  if (!report) return note;
  const inSight = new Set(customers.map(({ id }) => id));
  const own = report.windows.filter(({ customer }) => inSight.has(customer));
  const bars = own.slice(-MOST_BARS);
  const windowsTruncated = report.windowsTruncated || bars.length < own.length;
  return html`${note}<h2>Limit over time</h2>${limitChart(report)}
${titled('Database over time', loadChart(report))}${titled('Writers over time', writersChart(report))}
<h2>Windows over time</h2><p class="note">Of the customers in sight.</p>${ganttChart({ ...report, windows: bars, windowsTruncated })}
<h2>Failures by class</h2>${failuresTable(report)}
<h2>Log</h2><details open><summary>The latest ${count(report.log.length)} commands and decisions, the newest first</summary>${logTable({ ...report, log: [...report.log].reverse() })}</details>`;
}

const titled = (title: string, chart: Content): Content => chart && html`<h2>${title}</h2>${chart}`;

/** From the run's start to its end, or to now. Without a script the moment is typed. */
export function timeMachine({ cluster, startedAt, endedAt }: ClusterReport, query: MapQuery, at: number): Markup {
  const from = Date.parse(startedAt);
  const to = endedAt === null ? Date.now() : Date.parse(endedAt);
  const instant = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
  const shown = Math.min(Math.max(at, from), to);
  const { at: _, ...rest } = query;
  return html`<section class="past" aria-labelledby="past"><h2 id="past">Back in time</h2><form method="get" class="filters">${queryFields(rest)}
<input type="range" min="${from}" max="${to}" value="${shown}" step="1000" aria-label="Moment, from the run's start to ${endedAt === null ? 'now' : 'its end'}" data-time>
${textInput('at', 'Moment (UTC)', html`value="${instant(shown)}" size="22"`)}<button>Show</button> ${query.at ? html`<a href="${runPath(cluster, query)}">${endedAt === null ? 'Now' : 'At its end'}</a>` : undefined}</form></section>`;
}
