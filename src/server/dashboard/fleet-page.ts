import { describe } from '../../backfill/hours/calendar.js';
import { isClosed } from '../../backfill/views/status.js';
import { age, count, counted, percent } from '../../presentation/lines/format.js';
import { type Content, html, type Markup } from '../../presentation/report/html/markup.js';
import { activityLine } from '../../presentation/status/activity-line.js';
import { figuresOf } from '../../presentation/status/figures.js';
import { headline, summaryLines } from '../../presentation/status/summary.js';
import type { ClusterPicture, WindowInFlight } from '../../watch/picture.js';
import { attentionList } from './attention-list.js';
import { commandForm } from './forms.js';
import { factsOf, inHtml, type Page, wideTable } from './layout.js';
import { clusterPath, customerPath, dayPath, namedRun, type RunNamed, runPath, type Site } from './site.js';

const MOST_WINDOWS = 50;

/** All clusters: how far each is, what runs now, what needs attention. */
export function fleetPage(site: Site): Page {
  const { pictures } = site.watch;
  const now = Date.now();
  const all = pictures.length > 1;
  return {
    title: 'Fleet',
    body: html`<h1>Fleet</h1>
${all ? html`<div class="actions">${commandForm(site, { command: 'pause', label: 'Pause all' })}${commandForm(site, { command: 'resume', label: 'Resume all' })}</div>` : undefined}
<div class="cards">${pictures.map((picture) => card(site, picture, now))}</div>
${attentionList(site, pictures)}
<h2>Running now</h2>${windowsTable(site, pictures, now)}`,
  };
}

function card(site: Site, picture: ClusterPicture, now: number): Markup {
  const { cluster, progress, unreachable } = picture;
  const problems = progress?.attention.length ?? 0;
  return html`<section class="card${unreachable ? ' dimmed' : ''}" aria-label="${cluster}"><h2><a href="${clusterPath(cluster)}">${cluster}</a></h2>
<p class="headline">${inHtml(headline(picture, now).slice(1))}</p>${progressBar(picture)}
${progress ? factsOf(summaryLines(progress, picture, now)) : undefined}
${problems > 0 ? html`<p><a href="${clusterPath(cluster)}#attention">${counted(problems, 'problem')}: see what needs attention</a></p>` : undefined}
${alsoOpen(picture)}${pauseOrResume(site, picture)}</section>`;
}

export function progressBar({ cluster, progress }: ClusterPicture): Content {
  if (!progress) return undefined;
  const { days, daysDone } = figuresOf(progress, 0);
  return html`<progress max="${days}" value="${daysDone}" aria-label="${cluster}: days done">${percent(daysDone, days)}%</progress>`;
}

/** The command that makes sense now. */
export function pauseOrResume(site: Site, { cluster, workflowId: run, progress }: ClusterPicture): Content {
  if (!progress || isClosed(progress)) return undefined;
  const paused = progress.status === 'paused' || progress.status === 'pausing';
  const next = paused ? { command: 'resume', label: 'Resume' } : { command: 'pause', label: 'Pause' };
  return commandForm(site, { cluster, run, ...next });
}

/** Other open runs of the cluster, each with a page of its own. */
export function alsoOpen({ cluster, others = [] }: ClusterPicture): Content {
  if (others.length === 0) return undefined;
  const links = others.map((run) => html` <a href="${runPath(cluster, { run })}">${run}</a>`);
  return html`<p>Also open:${links}</p>`;
}

/** Windows of any clusters, the oldest first: in an incident one of these is the one to stop. */
export function windowsTable(site: Site, pictures: readonly ClusterPicture[], now: number): Content {
  const all = pictures
    .flatMap(({ cluster, workflowId, windows, asOf = now }) => {
      const named = namedRun(site, cluster, workflowId);
      return (windows?.list ?? []).map((window) => ({ cluster, named, window, asOf }));
    })
    .sort((a, b) => a.window.startedAt - b.window.startedAt);
  if (all.length === 0) return html`<p class="note">No window is running.</p>`;
  const rest = all.length - MOST_WINDOWS;
  const rows = all.slice(0, MOST_WINDOWS).map((one) => windowRow(one, now));
  return html`${wideTable('Windows that are running', ['age', 'cluster', 'customer', 'days', 'inside'], rows)}
${rest > 0 ? html`<p class="note">and ${count(rest)} more</p>` : undefined}`;
}

interface WindowOf {
  readonly cluster: string;
  readonly named: RunNamed;
  readonly window: WindowInFlight;
  readonly asOf: number;
}

function windowRow({ cluster, named, window, asOf }: WindowOf, now: number): Markup {
  const { customer, interval, startedAt, paused } = window;
  const hours = describe([interval]);
  return html`<tr><td class="number">${age(now - startedAt)}</td><td><a href="${clusterPath(cluster)}">${cluster}</a></td><td><a href="${customerPath(cluster, customer, named)}">${customer}</a></td><td><a href="${dayPath(cluster, customer, hours.slice(0, 10), named)}">${hours}</a></td><td>${paused ? 'paused by Temporal’s Workflow Pause ' : ''}${window.activity ? inHtml(activityLine(window.activity, asOf)) : ''}</td></tr>
`;
}
