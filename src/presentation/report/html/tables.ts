import { formatDuration } from '../../../backfill/hours/duration.js';
import { countDays } from '../../../backfill/views/day-letters.js';
import { count, counted, percent, toSecond } from '../../lines/format.js';
import { daysText, groupAlike, withTypedCommands } from '../../status/attention.js';
import type { ClusterReport, ReportDocument, ReportTotals } from '../document.js';
import { NOT_CHECKED, wasChecked } from '../proof.js';
import { type Content, html, type Markup } from './markup.js';

interface Column {
  readonly title: string;
  readonly number?: true;
}

const texts = (...titles: string[]): Column[] => titles.map((title) => ({ title }));
const numbers = (...titles: string[]): Column[] => titles.map((title) => ({ title, number: true }));

/** What a cell shows, and what it is sorted by if that is not its text. */
type Cell = Content | { readonly shown: Content; readonly by: number };

/** A table whose columns sort at a click, where scripts run. */
function sortable(columns: readonly Column[], rows: readonly (readonly Cell[])[]): Markup {
  const head = columns.map(
    ({ title, number }) =>
      html`<th scope="col"${number ? html` class="number"` : undefined}><button type="button">${title}</button></th>`,
  );
  return html`<div class="wide"><table class="sortable"><thead><tr>${head}</tr></thead><tbody>
${rows.map(
  (row) => html`<tr>${row.map((cell, i) => {
    const number = columns[i]!.number ? html` class="number"` : undefined;
    if (typeof cell === 'object' && 'shown' in cell) return html`<td${number} data-by="${cell.by}">${cell.shown}</td>`;
    return html`<td${number}>${cell}</td>`;
  })}</tr>
`,
)}</tbody></table></div>`;
}

const figure = (amount: number): Cell => ({ shown: count(amount), by: amount });
const took = (ms: number): Cell => ({ shown: ms === 0 ? '' : formatDuration(ms), by: ms });

export function overviewTable({ clusters, totals }: ReportDocument): Markup {
  const columns = [
    ...texts('cluster', 'status'),
    ...numbers('done', 'customers', 'days', 'failed', 'held', 'windows', 'took'),
  ];
  const rows = clusters.map((report): Cell[] => {
    const own = report.totals;
    return [
      html`<a href="#${anchorOf(report)}">${report.cluster}</a>`,
      status(report),
      { shown: `${percent(own.done + own.skipped, own.days)}%`, by: own.done + own.skipped },
      figure(own.customers),
      figure(own.days),
      figure(own.failed),
      figure(own.held),
      figure(own.windows.completed),
      took(report.durationMs),
    ];
  });
  const total = clusters.length > 1 ? html`<p><strong>Total</strong>: ${figures(totals)}</p>` : undefined;
  return html`${sortable(columns, rows)}${total}`;
}

export const status = ({ status: word }: ClusterReport): Markup =>
  html`<span class="status status-${word}">${word}</span>`;

/** The anchor of a cluster's section: only letters and digits, since it is part of a URL. */
export const anchorOf = ({ workflowId }: ClusterReport): string => `run-${workflowId.replace(/[^A-Za-z0-9]+/g, '-')}`;

export function figures(totals: ReportTotals): string {
  const parts = (['running', 'verifying', 'waiting', 'failed', 'held', 'skipped'] as const).flatMap((name) =>
    totals[name] > 0 ? [`${count(totals[name])} ${name}`] : [],
  );
  const days = [`${count(totals.done)} of ${count(totals.days)} days done`, ...parts].join(', ');
  const { completed, failed, adopted } = totals.windows;
  const windows = [
    `${count(completed)} windows completed`,
    ...(failed > 0 ? [`${count(failed)} did not complete`] : []),
    ...(adopted > 0 ? [`${count(adopted)} adopted`] : []),
  ];
  return `${count(totals.customers)} customers; ${days}; ${windows.join(', ')}`;
}

export function customersTable({ customers }: ClusterReport): Markup {
  const columns = [
    ...texts('customer', 'first day'),
    ...numbers('done', 'failed', 'held', 'windows', 'retries', 'busy'),
    ...texts('days'),
  ];
  const rows = customers.map(({ id, start, days, windows }): Cell[] => {
    const { days: all, done, failed, held } = countDays([days]);
    return [
      id,
      start,
      { shown: `${done}/${all}`, by: done / Math.max(1, all) },
      figure(failed),
      figure(held),
      figure(windows.completed),
      figure(windows.unsuccessful),
      took(windows.busyMs),
      html`<code>${days}</code>`,
    ];
  });
  return sortable(columns, rows);
}

export function failuresTable({ failures }: ClusterReport): Markup {
  if (failures.length === 0) return html`<p class="note">No window failed to complete.</p>`;
  const most = Math.max(...failures.map(({ windows }) => windows));
  const rows = failures.map((failure): Cell[] => [
    failure.class === 'notRemembered' ? 'no longer remembered by the run' : failure.class,
    html`<meter min="0" max="${most}" value="${failure.windows}" aria-hidden="true"></meter>`,
    figure(failure.windows),
    figure(failure.customers),
    failure.example,
  ]);
  return sortable([...texts('class', 'share'), ...numbers('windows', 'customers'), ...texts('latest')], rows);
}

export function attentionTable({ attention }: ClusterReport): Markup {
  if (attention.length === 0) return html`<p class="note">Nothing needs attention.</p>`;
  const columns = [
    ...texts('customer', 'days', 'class'),
    ...numbers('attempts'),
    ...texts('message', 'next step', 'workflow'),
  ];
  const rows = groupAlike(attention).map((problem): Cell[] => {
    const { days } = problem;
    return [
      problem.customer,
      days.length > 1 ? `${daysText(days)} (${days.length})` : daysText(days),
      problem.class,
      figure(problem.attempts),
      problem.message,
      withTypedCommands(problem.nextStep),
      html`<code>${problem.workflowId}</code>`,
    ];
  });
  return sortable(columns, rows);
}

export function logTable({ log }: ClusterReport): Markup {
  const rows = log.map(({ at, what, by, effect }): Cell[] => [toSecond(at), what, by ?? '', effect]);
  return sortable(texts('at (UTC)', 'what', 'by', 'effect'), rows);
}

/** What was verified, by customer and day. */
export function proofTable({ proof }: ClusterReport): Content {
  if (!proof) return undefined;
  const columns = [
    ...texts('customer', 'day'),
    ...numbers('conversations', 'scorecards'),
    ...texts('window', 'when'),
    ...numbers('attempts'),
    ...texts('verified'),
  ];
  const figureOrNone = (amount: number | null): Cell => (amount === null ? '' : figure(amount));
  const rows = proof.rows.map((row): Cell[] => [
    row.customer,
    row.day,
    figureOrNone(row.conversations),
    figureOrNone(row.scorecards),
    html`<code>${row.window ?? ''}</code>`,
    row.completedAt === null ? '' : toSecond(row.completedAt),
    figure(row.attempts),
    row.verified ? '✓ yes' : '✗ no',
  ]);
  const verified = `${count(proof.rows.filter((row) => row.verified).length)} of ${count(proof.rows.length)} rows verified`;
  return html`<h3>Verified</h3>
<p class="note">SHA-256 of the rows as the run's result has them: <code>${proof.digest}</code>${proof.omitted > 0 ? `; ${count(proof.omitted)} done days have no rows` : undefined}</p>
<details><summary>${wasChecked(proof) ? verified : `${counted(proof.rows.length, 'row')}, ${NOT_CHECKED}`}</summary>${sortable(columns, rows)}</details>`;
}
