import { randomUUID } from 'node:crypto';
import { type Content, html, type Markup } from '../../presentation/report/html/markup.js';
import { typedCommand } from '../typed-command.js';
import { clusterPath, namedRun, type Site } from './site.js';

export interface CommandForm {
  /** Undefined for all clusters. */
  readonly cluster?: string;
  /** The workflow id of the run that the page shows: the command is for no other. */
  readonly run?: string | undefined;
  readonly command: string;
  readonly fields?: Readonly<Record<string, string>>;
  /** The button's text. */
  readonly label: string;
  /** Fields that the person fills in. */
  readonly inputs?: Content;
  /** Set for a form of its own: shows the command that does the same in a terminal. */
  readonly explained?: boolean;
}

/** A command as a form; nothing where the server changes nothing. Sent twice, it is the same Update: it is done once. */
export function commandForm(site: Site, form: CommandForm): Content {
  if (site.readOnly) return undefined;
  const { cluster, run, command, fields = {}, label, inputs, explained } = form;
  const typed = typedCommand(command, cluster, { ...fields, ...typedRun(site, cluster, run) });
  const action = `${cluster === undefined ? '' : clusterPath(cluster)}/commands/${command}`;
  return html`<form method="post" action="${action}" class="command">${hidden({ ...fields, ...(run && { run }), id: randomUUID() })}${inputs}<button${explained ? undefined : html` title="${typed}"`}>${label}</button>${explained ? html` <code>${typed}</code>` : undefined}</form>`;
}

/** The run for `--run`, if the cluster has several and the command must say which. */
export function typedRun(site: Site, cluster: string | undefined, run: string | undefined): { run?: string } {
  if (cluster === undefined || run === undefined) return {};
  const only = namedRun(site, cluster, run).run === undefined && !site.watch.picture(cluster)?.others?.length;
  return only ? {} : { run };
}

export const hidden = (fields: Readonly<Record<string, string>>): Markup[] =>
  Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);

export const textInput = (name: string, label: string, attributes: Content = undefined): Markup =>
  html`<label>${label} <input name="${name}" autocomplete="off" ${attributes}></label> `;

export const choice = (
  name: string,
  label: string,
  options: readonly (readonly [string, string])[],
  chosen = '',
): Markup =>
  html`<label>${label} <select name="${name}">${options.map(
    ([value, text]) => html`<option value="${value}"${value === chosen ? html` selected` : undefined}>${text}</option>`,
  )}</select></label> `;
