import { isClosed } from '../../backfill/views/status.js';
import { count } from '../../presentation/lines/format.js';
import { type Content, html } from '../../presentation/report/html/markup.js';
import { headline, summaryLines } from '../../presentation/status/summary.js';
import type { ClusterPicture } from '../../watch/picture.js';
import { temporalLink } from '../temporal-ui.js';
import { attentionList } from './attention-list.js';
import { alsoOpen, pauseOrResume, progressBar, windowsTable } from './fleet-page.js';
import { choice, commandForm, textInput } from './forms.js';
import { chosenRows, heatMap, type MapQuery, rowsOf, seenRows } from './heat-map.js';
import { clusterCrumbs, FLEET_CRUMB, factsOf, inHtml, type Page } from './layout.js';
import { momentPage } from './moment-page.js';
import { runAsked } from './run-asked.js';
import { charts, latestReport, timeMachine } from './run-charts.js';
import { clusterPath, pictureOf, type Site } from './site.js';

/** One run, now or at a moment: the cluster's own, unless the query names another. */
export async function runPage(site: Site, cluster: string, query: MapQuery): Promise<Page> {
  const at = Date.parse(query.at ?? '');
  const past = !Number.isNaN(at);
  const run = await runAsked(site, cluster, query);
  if (past || run.closed) return momentPage(site, cluster, run, query, past ? at : undefined);
  const named = run.other ? run.workflowId : undefined;
  await site.watch.look(cluster, named);
  const picture = pictureOf(site, cluster, named);
  const now = Date.now();
  const { progress, workflowId, unreachable } = picture;
  const latest = progress && (await latestReport(site, picture));
  const all = progress ? rowsOf(progress) : [];
  const rows = chosenRows(all, query);
  return {
    title: named ?? cluster,
    crumbs: named === undefined ? FLEET_CRUMB : clusterCrumbs(cluster),
    body: html`<div class="${unreachable ? 'dimmed' : ''}"><h1>${named ?? cluster}</h1>
<p class="headline">${inHtml(headline(picture, now).slice(1))}</p>${progressBar(picture)}
${progress ? factsOf(summaryLines(progress, picture, now)) : undefined}
<p>${workflowId === undefined ? undefined : temporalLink(site, cluster, workflowId)} <a href="${clusterPath(cluster)}/runs">All runs</a> <a href="${clusterPath(cluster)}/start">Start a run</a></p>${alsoOpen(picture)}
${commands(site, picture)}
${attentionList(site, [picture])}
<h2>Customers by day</h2>${progress ? heatMap({ cluster, range: progress.range, all, rows, query, selectableIn: site.readOnly || isClosed(progress) ? undefined : workflowId }) : undefined}
${leftOut(picture)}
<h2>Running now</h2>${windowsTable(site, [picture], now)}
${latest ? charts(latest, seenRows(rows, query).seen) : undefined}
${latest?.value ? timeMachine(latest.value, query, now) : undefined}</div>`,
  };
}

function leftOut({ cluster, progress }: ClusterPicture): Content {
  const out = progress?.customersLeftOut;
  if (!out) return undefined;
  return html`<p class="note">${count(out.count)} more customers do not fit in the run's answer, ${count(out.done)} of them done. Each has a page: <code>${clusterPath(cluster)}/customers/&lt;id&gt;</code>.</p>`;
}

const ADAPTIVE = [
  ['', 'as it is'],
  ['true', 'find the limit'],
  ['false', 'keep to the limit'],
] as const;

function commands(site: Site, picture: ClusterPicture): Content {
  const { cluster, workflowId: run, progress } = picture;
  if (site.readOnly || !progress || isClosed(progress)) return undefined;
  const { max, perCustomer } = progress.parallelism;
  const number = (name: string, label: string, value: unknown) =>
    textInput(name, label, html`type="number" min="1" max="1000" size="5" placeholder="${String(value)}"`);
  const tune = html`${number('max', 'Limit', max)}${number('perCustomer', 'Per customer', perCustomer)}${choice('adaptive', 'Adaptive', ADAPTIVE)}`;
  const form = (command: string, label: string, inputs?: Content) =>
    html`<li>${commandForm(site, { cluster, run, command, label, inputs, explained: true })}</li>`;
  return html`<div class="actions">${pauseOrResume(site, picture)}</div>
<details class="commands"><summary>All commands</summary><ul>${form('pause', 'Pause', textInput('reason', 'Reason'))}${form('resume', 'Resume')}${form('retryFailed', 'Retry failed days')}${form('setParallelism', 'Set limits', tune)}${form('cancelWindows', 'Cancel running windows')}${form('finish', 'Finish')}${form('cancel', 'Cancel the run')}</ul></details>`;
}
