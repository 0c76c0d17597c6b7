import { randomUUID } from 'node:crypto';
import { count, counted } from '../../presentation/lines/format.js';
import { type Content, html, type Markup } from '../../presentation/report/html/markup.js';
import { type Answered, type Asked, consequenceOf, send } from '../commands.js';
import { typedCommand } from '../typed-command.js';
import { type CustomerDay, chosenDays } from './chosen-days.js';
import { hidden, typedRun } from './forms.js';
import { rowsOf } from './heat-map.js';
import { FLEET_CRUMB, type Page } from './layout.js';
import { clusterPath, NotFound, namedRun, pictureOf, runPath, type Site } from './site.js';

/** A form that a page sent. */
export interface Sent {
  /** Undefined for all clusters. */
  readonly cluster: string | undefined;
  readonly command: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly by: string;
}

/** Each day is an Update of its own. */
const MOST_DAYS = 250;
const FOR_ALL = ['pause', 'resume'];

/** Sends the command and shows what each run answered; one that can't be taken back is confirmed first. */
export async function commandPage(site: Site, { cluster, command: asked, fields: sent, by }: Sent): Promise<Page> {
  if (cluster === undefined && !FOR_ALL.includes(asked)) throw new NotFound(`${asked} is for one cluster.`);
  // Without one, each is a command of its own.
  const { id = randomUUID(), confirmed, run: named, ...fields } = sent;
  const run = cluster === undefined ? undefined : named || undefined;
  const many = cluster === undefined ? undefined : await daysIn(site, { cluster, run }, asked, fields);
  const command = many && asked === 'retryDay' ? 'resetDay' : asked;
  const consequence = many ? many.consequence : consequenceOf(command, fields);
  const steps = many?.days ?? [fields];
  const back = cluster === undefined ? '/' : runPath(cluster, run === undefined ? {} : namedRun(site, cluster, run));
  const crumbs = cluster === undefined ? FLEET_CRUMB : [...FLEET_CRUMB, [cluster, back] as const];
  const page = (body: Content, status?: Page['status'], title = asked): Page => ({
    title,
    crumbs,
    live: false,
    ...(status && { status }),
    body: html`<h1>${title}</h1>${body}`,
  });
  const leave = html`<p><a href="${back}">Back</a></p>`;
  if (steps.length === 0) return page(html`<p>${NOTHING[asked]}.</p>${leave}`, 409);
  if (steps.length > MOST_DAYS) return page(html`<p>Choose at most ${MOST_DAYS} days at once.</p>${leave}`, 409);
  const typedFor = typedRun(site, cluster, run);
  const lines = steps.map((step) => typedCommand(command, cluster, { ...step, ...typedFor })).join('\n');
  const typed = html`<p class="note">In a terminal: <code>${lines}</code></p>`;
  if (consequence !== undefined && confirmed !== 'yes') {
    const again = hidden({ ...fields, ...(run && { run }), id, confirmed: 'yes' });
    return page(
      html`${question({ cluster, run, command: asked, consequence, back }, again)}${typed}`,
      undefined,
      'Confirm',
    );
  }
  const idOf = (step: Sent['fields']) => (many ? `${id}-${step.customer}-${step.day}` : id);
  const commands = steps.map((step) => ({ run, command, fields: step, id: idOf(step), by }));
  const { answers, left } = await answersTo(site, cluster, commands);
  const none = answers.length === 0 ? html`<li>No cluster has a run.</li>` : undefined;
  return page(
    html`<ul class="answers">${answers.map(answerItem)}${none}</ul>
${left > 0 ? html`<p class="warning">The other ${counted(left, 'day')} were not sent, since the run did not answer.</p>` : undefined}${leave}${typed}`,
    answers.every(({ done }) => done) ? 200 : 409,
  );
}

interface Question {
  readonly cluster: string | undefined;
  readonly run: string | undefined;
  readonly command: string;
  readonly consequence: string;
  readonly back: string;
}

/** @param again the fields that send the same form, confirmed */
function question({ cluster, run, command, consequence, back }: Question, again: Content): Markup {
  const action = `${cluster === undefined ? '' : clusterPath(cluster)}/commands/${command}`;
  const one = html`<strong>${cluster}</strong>${run === undefined ? undefined : html`, run <code>${run}</code>`}`;
  return html`<p>About to ${consequence}. This is ${cluster === undefined ? 'for every cluster' : one}.</p>
<form method="post" action="${action}" class="actions">${again}<button class="danger">Yes, do it</button> <a href="${back}">No, back</a></form>`;
}

/** What the cluster, or each that has a run, answered; `left` counts commands that were not sent after one without an answer. */
async function answersTo(
  site: Site,
  cluster: string | undefined,
  commands: readonly Omit<Asked, 'cluster'>[],
): Promise<{ answers: Answered[]; left: number }> {
  const withRun = site.watch.pictures.filter(({ workflowId }) => workflowId).map((picture) => picture.cluster);
  const clusters = cluster === undefined ? withRun : [cluster];
  const to = (name: string) => commands.map((command) => ({ ...command, cluster: name }));
  const answers = (await Promise.all(clusters.map((name) => send(site, to(name))))).flat();
  return { answers, left: clusters.length * commands.length - answers.length };
}

const answerItem = ({ cluster, done, says }: Answered): Markup =>
  html`<li class="${done ? 'done' : 'refused'}">${done ? '✓' : '✗ not done:'} <strong>${cluster}</strong> ${says}</li>`;

const NOTHING: Record<string, string> = {
  resetDay: 'The chosen days wait already',
  skipDay: 'The chosen days are done or skipped already',
  retryDay: 'None of the chosen days has failed',
};
const VERBS: Record<string, string> = { resetDay: 'run again', skipDay: 'skip', retryDay: 'retry' };

/** The days of a form that is for several; undefined for the others. `consequence` says what happens to them, if that needs confirmation. */
async function daysIn(
  site: Site,
  { cluster, run }: { cluster: string; run: string | undefined },
  command: string,
  { customer = '', day = '', cells }: Sent['fields'],
): Promise<{ days: CustomerDay[]; consequence: string | undefined } | undefined> {
  if (cells === undefined) {
    if (!day.includes(',')) return undefined;
    const days = day.split(',').map((one) => ({ customer, day: one }));
    return { days, consequence: command === 'resetDay' ? `run ${days.length} days of ${customer} again` : undefined };
  }
  await site.watch.look(cluster, run);
  const { progress } = pictureOf(site, cluster, run);
  const found = progress && chosenDays(cells, command, rowsOf(progress));
  if (!found) throw new NotFound('That is no selection of days.');
  const { chosen, days } = found;
  const customers = new Set(days.map((one) => one.customer)).size;
  const of = `${count(days.length)} of the ${counted(chosen, 'chosen day')}`;
  return { days, consequence: `${VERBS[command]} ${of}, of ${counted(customers, 'customer')}` };
}
