import { type Content, html } from '../presentation/report/html/markup.js';
import type { Site } from './dashboard/site.js';

/** A workflow's page in Temporal's UI, where the fleet file or `TEMPORAL_UI_URL` says where that is; else its id alone. */
export function temporalLink(
  { clusters, environment }: Site,
  cluster: string,
  workflowId: string,
  runId?: string,
): Content {
  const { ui, namespace = '', connection } = clusters.find(({ name }) => name === cluster) ?? {};
  const base = ui ?? (connection?.environment ? environment.TEMPORAL_UI_URL : undefined);
  const id = html`<code>${workflowId}</code>`;
  if (!base || !/^https?:\/\//.test(base)) return id;
  const parts = ['namespaces', namespace, 'workflows', workflowId, ...(runId === undefined ? [] : [runId, 'history'])];
  const href = `${base.replace(/\/+$/, '')}/${parts.map(encodeURIComponent).join('/')}`;
  return html`<a href="${href}" rel="noreferrer">${id}</a>`;
}
