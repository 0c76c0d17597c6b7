import { count, toSecond } from '../../presentation/lines/format.js';
import { html } from '../../presentation/report/html/markup.js';
import { figures, status } from '../../presentation/report/html/tables.js';
import { momentOf } from '../../presentation/report/moment.js';
import { temporalLink } from '../temporal-ui.js';
import { chosenRows, heatMap, type MapQuery, seenRows } from './heat-map.js';
import { clusterCrumbs, FLEET_CRUMB, type Page } from './layout.js';
import type { RunAsked } from './run-asked.js';
import { charts, timeMachine, wholeReport } from './run-charts.js';
import { clusterPath, type Site } from './site.js';

/** A run at a moment, or as another run than the cluster's own is now. */
export async function momentPage(
  site: Site,
  cluster: string,
  run: RunAsked,
  query: MapQuery,
  at: number | undefined,
): Promise<Page> {
  const { value: report, problem } = await wholeReport(site, cluster, run);
  const when = at === undefined ? '' : ` at ${toSecond(new Date(at).toISOString())}`;
  const title = run.other ? run.workflowId : cluster;
  const crumbs = run.other ? clusterCrumbs(cluster) : FLEET_CRUMB;
  if (!report) return { title, crumbs, body: html`<h1>${title}${when}</h1><p>${problem}</p>` };
  const moment = at === undefined ? report : momentOf(report, at);
  const { totals, parallelism, range, customers, startedAt, endedAt, statusReason } = moment;
  const rows = chosenRows(customers, query);
  const truncated =
    at !== undefined && report.windowsTruncated
      ? html`<p class="note">This run has more windows than are listed here: days whose window is older show as done before the run.</p>`
      : undefined;
  const facts =
    at === undefined
      ? html`<dt>status</dt><dd>${status(moment)} ${statusReason}</dd><dt>time</dt><dd>${toSecond(startedAt)} to ${endedAt ? toSecond(endedAt) : 'now'}</dd>`
      : undefined;
  return {
    title,
    crumbs,
    live: at === undefined && endedAt === null,
    body: html`<h1>${title}${when}</h1>
<p>${temporalLink(site, cluster, run.workflowId, run.runId)} <a href="${clusterPath(cluster)}/runs">All runs</a></p>
${timeMachine(report, query, at ?? Date.now())}${truncated}
<dl>${facts}<dt>days</dt><dd>${figures(totals)}</dd><dt>limit</dt><dd>${parallelism.limit}, ${count(parallelism.inFlight)} in flight</dd></dl>
<h2>Customers by day</h2>${heatMap({ cluster, range, all: customers, rows, query })}
${charts({ value: moment }, seenRows(rows, query).seen)}`,
  };
}
