import { formatDuration } from '../../../backfill/hours/duration.js';
import { countDays } from '../../../backfill/views/day-letters.js';
import { count, counted, percent } from '../../terminal/format.js';
import { asTyped, daysText, together } from '../../watch/attention.js';
import type { ClusterReport, ReportDocument, ReportTotals } from '../document.js';
import { NOT_CHECKED, wasChecked } from '../proof.js';
import { type Content, html, type Markup } from './markup.js';

interface Column {
  readonly title: string;
  readonly number?: true;
}

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
    ...[{ title: 'cluster' }, { title: 'status' }],
    ...['done', 'customers', 'days', 'failed', 'held', 'windows', 'took'].map((title) => ({
      title,
      number: true as const,
    })),
  ];
  const cells = (own: ReportTotals): Cell[] => [
    { shown: `${percent(own.done + own.skipped, own.days)}%`, by: own.done + own.skipped },
    ...[own.customers, own.days, own.failed, own.held, own.windows.completed].map(figure),
  ];
  const rows = clusters.map((report): Cell[] => [
    html`<a href="#${anchorOf(report)}">${report.cluster}</a>`,
    status(report),
    ...cells(report.totals),
    took(report.durationMs),
  ]);
  const total = clusters.length > 1 ? html`<p><strong>Together</strong>: ${figures(totals)}</p>` : undefined;
  return html`${sortable(columns, rows)}${total}`;
}

export const status = ({ status: word }: ClusterReport): Markup =>
  html`<span class="status status-${word}">${word}</span>`;

/** The place of a cluster's section. Only letters and digits: it stands in an address. */
export const anchorOf = ({ workflowId }: ClusterReport): string => `run-${workflowId.replace(/[^A-Za-z0-9]+/g, '-')}`;

export function figures(totals: ReportTotals): string {
  const parts = (['running', 'verifying', 'waiting', 'failed', 'held', 'skipped'] as const).flatMap((name) =>
    totals[name] > 0 ? [`${count(totals[name])} ${name}`] : [],
  );
  const days = [`${count(totals.done)} of ${count(totals.days)} days done`, ...parts].join(', ');
  const { completed, failed, adopted } = totals.windows;
  const windows = [
    `${count(completed)} windows completed`,
    ...(failed > 0 ? [`${count(failed)} ended otherwise`] : []),
    ...(adopted > 0 ? [`${count(adopted)} adopted`] : []),
  ];
  return `${count(totals.customers)} customers; ${days}; ${windows.join(', ')}`;
}

export function customersTable({ customers }: ClusterReport): Markup {
  const numbers = ['done', 'failed', 'held', 'windows', 'retries', 'busy'].map((title) => ({
    title,
    number: true as const,
  }));
  const columns: Column[] = [{ title: 'customer' }, { title: 'first day' }, ...numbers, { title: 'days' }];
  const rows = customers.map(({ id, start, days, windows }): Cell[] => {
    const { days: all, done, failed, held } = countDays([days]);
    return [
      ...[id, start, { shown: `${done}/${all}`, by: done / Math.max(1, all) }],
      ...[failed, held, windows.completed, windows.unsuccessful].map(figure),
      ...[took(windows.busyMs), html`<code>${days}</code>`],
    ];
  });
  return sortable(columns, rows);
}

export function failuresTable({ failures }: ClusterReport): Markup {
  if (failures.length === 0) return html`<p class="note">No window ended otherwise than completed.</p>`;
  const most = Math.max(...failures.map(({ windows }) => windows));
  const rows = failures.map((failure): Cell[] => [
    failure.class === 'notRemembered' ? 'not remembered by the run' : failure.class,
    html`<meter min="0" max="${most}" value="${failure.windows}" aria-hidden="true"></meter>`,
    ...[figure(failure.windows), figure(failure.customers), failure.example],
  ]);
  const columns: Column[] = [
    ...[{ title: 'class' }, { title: 'share' }],
    ...[
      { title: 'windows', number: true as const },
      { title: 'customers', number: true as const },
      { title: 'latest' },
    ],
  ];
  return sortable(columns, rows);
}

export function attentionTable({ attention }: ClusterReport): Markup {
  if (attention.length === 0) return html`<p class="note">Nothing needs a person.</p>`;
  const columns: Column[] = [
    ...['customer', 'days', 'class'].map((title) => ({ title })),
    ...[
      { title: 'attempts', number: true as const },
      { title: 'message' },
      { title: 'next step' },
      { title: 'workflow' },
    ],
  ];
  const rows = together(attention).map((problem): Cell[] => {
    const { customer, days, message, nextStep, workflowId } = problem;
    const which = days.length > 1 ? `${daysText(days)} (${days.length})` : daysText(days);
    return [
      customer,
      which,
      problem.class,
      figure(problem.attempts),
      message,
      asTyped(nextStep),
      html`<code>${workflowId}</code>`,
    ];
  });
  return sortable(columns, rows);
}

export function logTable({ log }: ClusterReport): Markup {
  const rows = log.map(({ at, what, by, effect }): Cell[] => [
    at.slice(0, 19).replace('T', ' '),
    what,
    by ?? '',
    effect,
  ]);
  return sortable([{ title: 'at (UTC)' }, { title: 'what' }, { title: 'by' }, { title: 'effect' }], rows);
}

/** What was verified, customer-day by customer-day. */
export function proofTable({ proof }: ClusterReport): Content {
  if (!proof) return undefined;
  const columns: Column[] = [
    ...['customer', 'day'].map((title) => ({ title })),
    ...['conversations', 'scorecards'].map((title) => ({ title, number: true as const })),
    ...['window', 'when'].map((title) => ({ title })),
    ...[{ title: 'attempts', number: true as const }, { title: 'verified' }],
  ];
  const amountOf = (amount: number | null): Cell => (amount === null ? '' : figure(amount));
  const rows = proof.rows.map((row): Cell[] => [
    ...[
      row.customer,
      row.day,
      amountOf(row.conversations),
      amountOf(row.scorecards),
      html`<code>${row.window ?? ''}</code>`,
    ],
    ...[row.completedAt?.slice(0, 19).replace('T', ' '), figure(row.attempts), row.verified ? '✓ yes' : '✗ no'],
  ]);
  const verified = `${count(proof.rows.filter((row) => row.verified).length)} of ${count(proof.rows.length)} rows verified`;
  return html`<h3>Verified</h3>
<p class="note">SHA-256 of the rows as the run's result has them: <code>${proof.digest}</code>${proof.omitted > 0 ? `; ${count(proof.omitted)} done days have no rows` : undefined}</p>
<details><summary>${wasChecked(proof) ? verified : `${counted(proof.rows.length, 'row')}, ${NOT_CHECKED}`}</summary>${sortable(columns, rows)}</details>`;
}
