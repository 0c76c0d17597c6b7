import { DAY_NAMES } from '../../backfill/views/day-letters.js';
import { toSecond } from '../../presentation/lines/format.js';
import type { Line } from '../../presentation/lines/line.js';
import { type Content, html, type Markup } from '../../presentation/report/html/markup.js';
import { clusterPath } from './site.js';

export interface Page {
  readonly title: string;
  /** From the fleet down to this page's parent. */
  readonly crumbs?: readonly (readonly [text: string, href: string])[];
  readonly body: Content;
  readonly status?: 200 | 404 | 409 | 500 | 503;
  /** Whether the page keeps itself up to date; not for a form that somebody fills in. */
  readonly live?: boolean;
}

export type Crumbs = NonNullable<Page['crumbs']>;

export const FLEET_CRUMB: Crumbs = [['Fleet', '/']];

/** From the fleet down to a cluster. */
export const clusterCrumbs = (cluster: string): Crumbs => [...FLEET_CRUMB, [cluster, clusterPath(cluster)]];

/** A table that scrolls in itself where the window is too narrow for it. */
export const wideTable = (label: string, heads: readonly string[], rows: Content): Markup =>
  html`<div class="wide" tabindex="0" role="group" aria-label="${label}"><table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`;

export const asText = ({ title, crumbs = [], body, live = true }: Page, site: { readOnly: boolean }): string =>
  html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}: backfill</title><link rel="stylesheet" href="/assets/site.css"><link rel="icon" href="data:,">
<script src="/assets/idiomorph.js" defer></script><script src="/assets/report.js" defer></script><script src="/assets/pages.js" defer></script></head>
<body${live ? html` data-live` : undefined}><a class="skip" href="#content">Skip to content</a>
<header><nav aria-label="Breadcrumb"><ol>${crumbs.map(([text, href]) => html`<li><a href="${href}">${text}</a></li>`)}<li aria-current="page">${title}</li></ol></nav>
<p id="notice" role="status"></p></header>
<main id="content" tabindex="-1" data-day-names="${JSON.stringify(DAY_NAMES)}">${body}</main>
<footer><p class="note">As of ${toSecond(new Date().toISOString())}. All times are UTC.${site.readOnly ? ' This server is read-only.' : undefined}</p></footer>
</body></html>
`.text;

/** A line of the terminal, with its styles as classes. */
export const inHtml = (line: Line): Content =>
  line.map((span): Content => {
    if (typeof span === 'string') return span;
    return span.style === undefined ? span.text : html`<span class="t-${span.style}">${span.text}</span>`;
  });

/** Lines that begin with a label, as a list of facts. */
export const factsOf = (lines: readonly Line[]): Markup =>
  html`<dl>${lines.map(([label, ...rest]) => html`<dt>${typeof label === 'string' ? label : label?.text.trim()}</dt><dd>${inHtml(rest)}</dd>`)}</dl>`;
