import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../../backfill/views/progress.js';
import { collectRun } from '../../cli/report/collect.js';
import type { ClusterReport } from '../../cli/report/document.js';
import { ganttChart } from '../../cli/report/html/gantt-chart.js';
import { limitChart } from '../../cli/report/html/limit-chart.js';
import { loadChart } from '../../cli/report/html/load-chart.js';
import { type Content, html, type Markup } from '../../cli/report/html/markup.js';
import { failuresTable, figures, logTable } from '../../cli/report/html/tables.js';
import { writersChart } from '../../cli/report/html/writers-chart.js';
import { momentOf } from '../../cli/report/moment.js';
import { isClosed } from '../../cli/terminal/figures.js';
import { count, toSecond } from '../../cli/terminal/format.js';
import type { ClusterPicture } from '../../cli/terminal/picture.js';
import { type PlacedDays, placedDays } from '../../cli/terminal/placed-days.js';
import { headline, summaryLines } from '../../cli/watch/summary.js';
import type { Kept } from '../answers.js';
import { temporalLink } from '../temporal-ui.js';
import { attentionList } from './attention-list.js';
import { pauseOrResume, progressBar, windowsTable } from './fleet-page.js';
import { choice, commandForm, textInput } from './forms.js';
import { chosenRows, heatMap, type MapQuery, seenRows } from './heat-map.js';
import { factsOf, inHtml, type Page } from './layout.js';
import { clusterPath, NotFound, type Site } from './site.js';

export const FLEET_CRUMB = [['Fleet', '/']] as const;

const KEEP_MS = 10_000;
/** A page does not wait longer for charts; the next refresh has them. */
const PATIENCE_MS = 1_500;
const MOST_WINDOWS = 2_000;
const MOST_ASKED = 20;
/** The past needs all windows; it changes little. */
const KEEP_PAST_MS = 30_000;
const PAST_PATIENCE_MS = 30_000;
/** Bars in one Gantt chart. */
const MOST_BARS = 1_000;

export function pictureOf({ watch }: Site, cluster: string): ClusterPicture {
  const picture = watch.picture(cluster);
  if (picture) return picture;
  throw new NotFound(
    `The fleet has no cluster ${cluster}; it has ${watch.pictures.map((one) => one.cluster).join(', ')}.`,
  );
}

const placed = new WeakMap<Progress, PlacedDays[]>();

/** Every customer's days, worked out once for each answer of the run. */
function rowsOf(progress: Progress): PlacedDays[] {
  const rows = placed.get(progress) ?? placedDays(progress);
  placed.set(progress, rows);
  return rows;
}

/** One run: now, or at the moment that the query names. */
export async function runPage(site: Site, cluster: string, query: MapQuery): Promise<Page> {
  const picture = pictureOf(site, cluster);
  const at = query.at === undefined || query.at === '' ? undefined : Date.parse(query.at);
  if (at !== undefined && !Number.isNaN(at)) return pastPage(site, picture, query, at);
  const now = Date.now();
  const { progress, workflowId, unreachable } = picture;
  const kept = progress && (await patient(reportOf(site, picture, 'now'), PATIENCE_MS));
  const all = progress ? rowsOf(progress) : [];
  const rows = chosenRows(all, query);
  return {
    title: cluster,
    crumbs: FLEET_CRUMB,
    body: html`<div class="${unreachable ? 'dimmed' : ''}"><h1>${cluster}</h1>
<p class="headline">${inHtml(headline(picture, now).slice(1))}</p>${progressBar(picture)}
${progress ? factsOf(summaryLines(progress, picture, now)) : undefined}
<p>${workflowId === undefined ? undefined : temporalLink(site, cluster, workflowId)} <a href="${clusterPath(cluster)}/start">Start a run</a></p>
${commands(site, picture)}
${attentionList(site, [picture])}
<h2>Customers by day</h2>${progress ? heatMap({ cluster, range: progress.range, all, rows, query }) : undefined}
${leftOut(picture)}
<h2>Running now</h2>${windowsTable([picture], now)}
${
  kept
    ? charts(
        kept,
        seenRows(rows, query).seen.map(({ id }) => id),
      )
    : undefined
}
${kept?.value ? timeMachine(kept.value, query, now) : undefined}</div>`,
  };
}

function leftOut({ cluster, progress }: ClusterPicture): Content {
  const out = progress?.customersLeftOut;
  if (!out) return undefined;
  return html`<p class="note">${count(out.count)} more customers do not fit in the run's answer, ${count(out.done)} of them done. Each has a page: <code>${clusterPath(cluster)}/customers/&lt;id&gt;</code>.</p>`;
}

/** The same question for all who look at the page. */
function reportOf(
  site: Site,
  { cluster, workflowId, progress }: ClusterPicture,
  time: 'now' | 'past',
): Promise<Kept<ClusterReport>> {
  const past = time === 'past';
  return site.answers.get(`${cluster} report ${time} ${workflowId}`, past ? KEEP_PAST_MS : KEEP_MS, async () => {
    const { client } = await site.watch.session(cluster);
    const limits = past ? {} : { windows: MOST_WINDOWS, customers: MOST_ASKED };
    return collectRun(client, { cluster, workflowId: workflowId! }, Date.now(), { progress, ...limits });
  });
}

const patient = <T>(answer: Promise<Kept<T>>, ms: number): Promise<Kept<T>> =>
  Promise.race([answer, sleep(ms, { problem: 'still asking; the next refresh has them' }, { ref: false })]);

/** What the report shows of a run, for the customers in sight. */
function charts({ value: report, problem }: Kept<ClusterReport>, customers: readonly string[]): Content {
  const note = problem === undefined ? undefined : html`<p class="note">Charts and log: ${problem}</p>`;
  if (!report) return note;
  const inSight = new Set(customers);
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

async function pastPage(site: Site, picture: ClusterPicture, query: MapQuery, at: number): Promise<Page> {
  const { cluster } = picture;
  const kept = await patient(reportOf(site, picture, 'past'), PAST_PATIENCE_MS);
  if (!kept.value)
    return { title: cluster, crumbs: FLEET_CRUMB, body: html`<h1>${cluster}</h1><p>${kept.problem}</p>` };
  const moment = momentOf(kept.value, at);
  const rows = chosenRows(moment.customers, query);
  const { totals, parallelism, range, customers } = moment;
  const truncated = kept.value.windowsTruncated
    ? html`<p class="note">This run has more windows than are listed here: days whose window is older show as done before the run.</p>`
    : undefined;
  return {
    title: cluster,
    crumbs: FLEET_CRUMB,
    live: false,
    body: html`<h1>${cluster} at ${toSecond(new Date(at).toISOString())}</h1>
${timeMachine(kept.value, query, at)}${truncated}
<dl><dt>days</dt><dd>${figures(totals)}</dd><dt>limit</dt><dd>${parallelism.limit}, ${count(parallelism.inFlight)} in flight</dd></dl>
<h2>Customers by day</h2>${heatMap({ cluster, range, all: customers, rows, query })}
${charts(
  { value: moment },
  seenRows(rows, query).seen.map(({ id }) => id),
)}`,
  };
}

/** From the run's start to its end, or to now. Without a script the moment is typed. */
function timeMachine(report: ClusterReport, query: MapQuery, at: number): Markup {
  const from = Date.parse(report.startedAt);
  const to = report.endedAt === null ? Date.now() : Date.parse(report.endedAt);
  const instant = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
  const keep = Object.entries(query).flatMap(([name, value]) =>
    value && name !== 'at' ? [html`<input type="hidden" name="${name}" value="${value}">`] : [],
  );
  const shown = Math.min(Math.max(at, from), to);
  return html`<section class="past" aria-labelledby="past"><h2 id="past">Back in time</h2><form method="get" class="filters">${keep}
<input type="range" min="${from}" max="${to}" value="${shown}" step="1000" aria-label="Moment, from the run's start to ${report.endedAt === null ? 'now' : 'its end'}" data-time>
${textInput('at', 'Moment (UTC)', html`value="${instant(shown)}" size="22"`)}<button>Show</button> ${query.at ? html`<a href="?">Now</a>` : undefined}</form></section>`;
}

const ADAPTIVE = [
  ['', 'as it is'],
  ['true', 'find the limit'],
  ['false', 'keep to the limit'],
] as const;

function commands(site: Site, picture: ClusterPicture): Content {
  const { cluster, progress } = picture;
  if (site.readOnly || !progress || isClosed(progress)) return undefined;
  const { max, perCustomer } = progress.parallelism;
  const number = (name: string, label: string, value: unknown) =>
    textInput(name, label, html`type="number" min="1" max="1000" size="5" placeholder="${String(value)}"`);
  const tune = html`${number('max', 'Limit', max)}${number('perCustomer', 'Per customer', perCustomer)}${choice('adaptive', 'Adaptive', ADAPTIVE)}`;
  const form = (command: string, label: string, inputs?: Content) =>
    html`<li>${commandForm(site, { cluster, command, label, inputs, explained: true })}</li>`;
  return html`<div class="actions">${pauseOrResume(site, picture)}</div>
<details class="commands"><summary>All commands</summary><ul>${form('pause', 'Pause', textInput('reason', 'Reason'))}${form('resume', 'Resume')}${form('retryFailed', 'Retry failed days')}${form('setParallelism', 'Set limits', tune)}${form('cancelWindows', 'Cancel running windows')}${form('finish', 'Finish')}${form('cancel', 'Cancel the run')}</ul></details>`;
}
