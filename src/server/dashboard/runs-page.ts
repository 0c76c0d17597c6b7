import { toSecond } from '../../presentation/lines/format.js';
import { html } from '../../presentation/report/html/markup.js';
import { runsPage as listRuns } from '../../runs/list.js';
import { clusterCrumbs, type Page, wideTable } from './layout.js';
import { pictureOf, queryText, runPath, type Site } from './site.js';

const KEEP_MS = 10_000;
const ROWS = 50;

/** The cluster's runs, a page of them: those that are open, then those that ended last. */
export async function runsPage(site: Site, cluster: string, after: string | undefined): Promise<Page> {
  pictureOf(site, cluster);
  const { value, problem } = await site.answers.get(`${cluster} runs ${after ?? ''}`, KEEP_MS, async () =>
    listRuns(await site.watch.session(cluster), { conditions: [], size: ROWS, token: after }),
  );
  const rows = value?.runs.map(({ workflowId, runId, status, startedAt, closedAt }) => {
    // An open run may continue as new: its id alone keeps leading to its latest execution.
    const path = runPath(cluster, { run: workflowId, execution: closedAt && runId });
    return html`<tr><td><a href="${path}">${workflowId}</a></td><td>${status.toLowerCase()}</td><td>${toSecond(startedAt.toISOString())}</td><td>${closedAt ? toSecond(closedAt.toISOString()) : ''}</td></tr>
`;
  });
  return {
    title: 'Runs',
    crumbs: clusterCrumbs(cluster),
    body: html`<h1>Runs of ${cluster}</h1>${problem === undefined ? undefined : html`<p class="note">${problem}</p>`}
${rows?.length === 0 ? html`<p class="note">There is no ${after ? 'other ' : ''}run.</p>` : undefined}
${rows?.length ? wideTable('Runs', ['run', 'status', 'latest execution started', 'ended'], rows) : undefined}
${value?.next ? html`<p><a href="${queryText({ after: value.next })}">Earlier runs</a></p>` : undefined}`,
  };
}
