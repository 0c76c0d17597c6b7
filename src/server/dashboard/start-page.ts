import { eachDay, placedDays } from '../../backfill/views/placed-days.js';
import { planOn } from '../../operations/plan-run.js';
import { problemFrom } from '../../operations/problem.js';
import type { RequestOptions } from '../../operations/request-fields.js';
import { requestFor } from '../../operations/request-input.js';
import { prepareStart, startRun } from '../../operations/start-run.js';
import { count, counted } from '../../presentation/lines/format.js';
import { type Content, html, type Markup } from '../../presentation/report/html/markup.js';
import { planLines } from '../../presentation/status/plan-view.js';
import { typedCommand } from '../typed-command.js';
import { choice, hidden, textInput } from './forms.js';
import { clusterCrumbs, inHtml, type Page } from './layout.js';
import { clusterPath, NotFound, pictureOf, type Site } from './site.js';

type Fields = Readonly<Record<string, string>>;

const RESUME = [
  ['', 'run every day'],
  ['true', 'leave out days whose window completed before'],
] as const;
const ADAPTIVE = [
  ['', 'keep to the limit'],
  ['true', 'find the limit'],
] as const;
/** Of the plan's lines: as wide as a wide terminal. */
const COLUMNS = 160;

const pageOf = (cluster: string, body: Content, status?: Page['status']): Page => ({
  title: 'Start a run',
  crumbs: clusterCrumbs(cluster),
  live: false,
  ...(status && { status }),
  body: html`<h1>Start a run on ${cluster}</h1>${body}`,
});

/** The form for a run's input. */
export function startPage(site: Site, cluster: string): Page {
  pictureOf(site, cluster);
  return pageOf(cluster, site.readOnly ? html`<p>This server is read-only.</p>` : formWith(cluster, {}));
}

function formWith(cluster: string, fields: Fields): Markup {
  const text = (name: string, label: string, more: Content = undefined) =>
    textInput(name, label, html`value="${fields[name] ?? ''}" ${more}`);
  return html`<form method="post" action="${clusterPath(cluster)}/start" class="start">
${text('start', 'First day', html`type="date" required`)}${text('end', 'Day after the last', html`type="date" required`)}
${text('customers', 'Customers', html`placeholder="all, or cvs,oportun"`)}${text('window', 'Window', html`placeholder="1d, 10d, 1mo, auto" size="12"`)}
${text('parallelism', 'Limit', html`type="number" min="1" max="1000" size="5"`)}${choice('adaptive', 'Adaptive', ADAPTIVE, fields.adaptive)}${choice('resume', 'Days that are done', RESUME, fields.resume)}
<p><button name="step" value="plan">Show the plan</button></p></form>`;
}

/** First the plan, made by the cluster's own worker; then the start. */
export async function startedPage(
  site: Site,
  cluster: string,
  { step = 'plan', ...fields }: Fields,
  by: string,
): Promise<Page> {
  pictureOf(site, cluster);
  const found = site.clusters.find(({ name }) => name === cluster);
  if (!found) throw new NotFound(`The fleet has no cluster ${cluster}.`);
  const typed = html`<p class="note">In a terminal: <code>${typedCommand('start', cluster, fields)}</code></p>`;
  try {
    const session = await site.watch.session(cluster);
    const checked = await requestFor(site.environment, found, optionsOf(fields), {});
    const prepared = await prepareStart(session, checked);
    if (step === 'start') {
      const { workflowId } = await startRun(prepared, by);
      await site.watch.refresh(cluster);
      return pageOf(
        cluster,
        html`<p>✓ <code>${workflowId}</code> started.</p><p><a href="${clusterPath(cluster)}">See the run</a></p>${typed}`,
      );
    }
    const plan = await planOn(session, { ...prepared.input, dryRun: true });
    return pageOf(
      cluster,
      html`${prepared.warnings.map((warning) => html`<p class="warning">! ${warning}</p>`)}${alreadyDone(site, cluster, plan)}
<pre class="plan wide" tabindex="0">${planLines(cluster, plan, COLUMNS).map(
        (line) => html`${inHtml(line)}
`,
      )}</pre>
<form method="post" action="${clusterPath(cluster)}/start" class="actions">${hidden(fields)}<button name="step" value="start" class="danger">Start ${prepared.workflowId}</button></form>${typed}
<h2>Change it</h2>${formWith(cluster, fields)}`,
    );
  } catch (error) {
    return pageOf(
      cluster,
      html`<p class="warning">! ${problemFrom(error).message}</p>${formWith(cluster, fields)}${typed}`,
      409,
    );
  }
}

function optionsOf({ start, end, customers, window, parallelism, adaptive, resume }: Fields): RequestOptions {
  return {
    ...(start && { start }),
    ...(end && { end }),
    ...(customers && { customers }),
    ...(window && { window }),
    ...(parallelism && { parallelism: Number(parallelism) }),
    ...(adaptive && { adaptive: adaptive === 'true' }),
    ...(resume && { resume: resume === 'true' }),
  };
}

/** What of the plan's days the cluster's run, the one on its page, has done. */
function alreadyDone(site: Site, cluster: string, plan: Awaited<ReturnType<typeof planOn>>): Content {
  const { progress, workflowId } = pictureOf(site, cluster);
  if (!progress) return undefined;
  const asked = new Set(plan.customers.map(({ id }) => id));
  const { start, end } = plan.range;
  const counts = { done: 0, open: 0 };
  for (const customer of placedDays(progress)) {
    if (!asked.has(customer.id)) continue;
    for (const [day, letter] of eachDay(customer)) {
      if (day < start || day >= end) continue;
      counts[letter === 'd' ? 'done' : 'open']++;
    }
  }
  if (counts.done + counts.open === 0) return undefined;
  return html`<p>Of these days, <code>${workflowId}</code> has done ${count(counts.done)} and has ${counted(counts.open, 'day')} that are not done.</p>`;
}
