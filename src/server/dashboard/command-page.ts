import { html, type Markup } from '../../cli/report/html/markup.js';
import { type Answered, type Asked, send, whatIsDear } from '../commands.js';
import { typedCommand } from '../typed-command.js';
import { hidden } from './forms.js';
import { FLEET_CRUMB, type Page } from './layout.js';
import { clusterPath, NotFound, type Site } from './site.js';

/** A form that a page sent. */
export interface Sent {
  /** Undefined for all clusters. */
  readonly cluster: string | undefined;
  readonly command: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly by: string;
}

const MOST_DAYS = 62;
const FOR_ALL = ['pause', 'resume'];

/** Sends the command and shows what each run answered; one that is dear is asked for again first. */
export async function commandPage(site: Site, { cluster, command, fields: sent, by }: Sent): Promise<Page> {
  const { id = '', confirmed, ...fields } = sent;
  const back = cluster === undefined ? '/' : clusterPath(cluster);
  const crumbs = cluster === undefined ? FLEET_CRUMB : [...FLEET_CRUMB, [cluster, back] as const];
  if (cluster === undefined && !FOR_ALL.includes(command)) throw new NotFound(`${command} is for one cluster.`);
  const dear = whatIsDear(command, fields);
  const typed = html`<p class="note">In a terminal: <code>${typedLines(command, cluster, fields)}</code></p>`;
  if (dear !== undefined && confirmed !== 'yes') {
    const action = `${cluster === undefined ? '' : back}/commands/${command}`;
    return {
      title: 'Confirm',
      crumbs,
      live: false,
      body: html`<h1>Confirm</h1><p>About to ${dear}. This is ${cluster === undefined ? 'for every cluster' : html`<strong>${cluster}</strong>`}.</p>
<form method="post" action="${action}" class="actions">${hidden({ ...fields, id, confirmed: 'yes' })}<button class="dear">Yes, do it</button> <a href="${back}">No, back</a></form>${typed}`,
    };
  }
  const clusters =
    cluster === undefined
      ? site.watch.pictures.filter(({ workflowId }) => workflowId).map((one) => one.cluster)
      : [cluster];
  const answers = await Promise.all(clusters.map((name) => sendDays(site, { cluster: name, command, fields, id, by })));
  const all = answers.flat();
  return {
    title: command,
    crumbs,
    live: false,
    status: all.every(({ done }) => done) ? 200 : 409,
    body: html`<h1>${command}</h1><ul class="answers">${all.map(answerItem)}${all.length === 0 ? html`<li>No cluster has a run.</li>` : undefined}</ul>
<p><a href="${back}">Back</a></p>${typed}`,
  };
}

const answerItem = ({ cluster, done, says }: Answered): Markup =>
  html`<li class="${done ? 'done' : 'refused'}">${done ? '✓' : '✗ not done:'} <strong>${cluster}</strong> ${says}</li>`;

/** A command for several days is one Update for each. */
async function sendDays(site: Site, asked: Asked): Promise<Answered[]> {
  const { day = '' } = asked.fields;
  const days = day.split(',').slice(0, MOST_DAYS);
  const answers: Answered[] = [];
  for (const one of days) {
    const fields = day === '' ? asked.fields : { ...asked.fields, day: one };
    answers.push(await send(site, { ...asked, fields, id: days.length > 1 ? `${asked.id}-${one}` : asked.id }));
  }
  return answers;
}

function typedLines(command: string, cluster: string | undefined, fields: Sent['fields']): string {
  const days = (fields.day ?? '').split(',');
  return days.map((day) => typedCommand(command, cluster, { ...fields, day })).join('\n');
}
