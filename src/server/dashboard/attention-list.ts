import type { Attention } from '../../backfill/views/progress.js';
import { type Content, html, type Markup } from '../../presentation/report/html/markup.js';
import { groupAlike, problemLine } from '../../presentation/status/attention.js';
import { problemLines } from '../../presentation/status/status-view.js';
import type { ClusterPicture } from '../../watch/picture.js';
import { type CommandForm, commandForm } from './forms.js';
import { inHtml } from './layout.js';
import { clusterPath, customerPath, namedRun, type Site } from './site.js';

const MOST = 50;
/** With more days, they are chosen on the customer's page. */
const MOST_DAYS = 7;

/** What needs attention in these clusters, each with its next steps as buttons. */
export function attentionList(site: Site, pictures: readonly ClusterPicture[]): Content {
  const all = pictures.flatMap((picture) => problemsOf(site, picture, pictures.length > 1));
  if (all.length === 0) return undefined;
  const rest = all.length - MOST;
  return html`<section class="attention" aria-labelledby="attention"><h2 id="attention">Needs attention</h2><ul>${all.slice(0, MOST)}</ul>
${rest > 0 ? html`<p class="note">and ${rest} more</p>` : undefined}</section>`;
}

function problemsOf(site: Site, picture: ClusterPicture, named: boolean): Markup[] {
  const { cluster, progress, unreachable } = picture;
  const whose = named ? html`<a href="${clusterPath(cluster)}">${cluster}</a> ` : undefined;
  const away = unreachable
    ? [
        html`<li>${whose}No answer: ${unreachable.reason}${/[.?!]$/.test(unreachable.reason) ? '' : '.'} This page keeps asking; <code>backfill doctor ${cluster}</code> looks for the cause.</li>`,
      ]
    : [];
  if (!progress) return away;
  // The rest of what the terminal shows: late heartbeats, refused commands.
  const others = problemLines({ ...picture, progress: { ...progress, attention: [] } }, Date.now());
  return [
    ...away,
    ...groupAlike(progress.attention).map((problem) => problemItem(site, picture, problem, whose)),
    ...others.map((line) => html`<li>${whose}${inHtml(line)}</li>`),
  ];
}

function problemItem(site: Site, { cluster, workflowId }: ClusterPicture, problem: Attention, whose: Content): Markup {
  const { customer, nextStep } = problem;
  const page = customerPath(cluster, customer, namedRun(site, cluster, workflowId));
  const link = problem.class === 'breaker' ? undefined : html` <a href="${page}">See ${customer}</a>`;
  const forms = STEPS.filter(([command]) => new RegExp(String.raw`\b${command}\b`).test(nextStep));
  return html`<li>${whose}${inHtml(problemLine(problem))}${link}<div class="actions">${forms.map(([command, label]) =>
    stepForms(site, { cluster, run: workflowId, command, label }, problem),
  )}</div></li>`;
}

/** The commands that a next step may name. */
const STEPS: readonly (readonly [command: string, label: string])[] = [
  ['resume', 'Resume'],
  ['retryFailed', 'Retry failed days'],
  ['resetDay', 'Reset day'],
  ['skipDay', 'Skip day'],
];

function stepForms(site: Site, form: CommandForm, problem: Attention): Content {
  const { command, label } = form;
  const { customer, days } = problem;
  if (command === 'resetDay' || command === 'skipDay') {
    if (days.length > MOST_DAYS) return undefined;
    const text = (day: string) => (days.length > 1 ? `${label} ${day}` : label);
    return days.map((day) => commandForm(site, { ...form, fields: { customer, day }, label: text(day) }));
  }
  const fields: Record<string, string> = problem.class === 'breaker' ? {} : { customer };
  return commandForm(site, { ...form, fields });
}
