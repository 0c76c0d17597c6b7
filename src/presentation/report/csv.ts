import { DAY_NAMES, type DayLetter } from '../../backfill/views/day-letters.js';
import { eachDay } from '../../backfill/views/placed-days.js';
import { PROOF_COLUMNS } from '../../backfill/views/proof.js';
import type { ReportDocument, WindowRecord } from './document.js';

/** A row for each day of each customer. */
export function daysCsv({ clusters }: ReportDocument): string {
  const rows = clusters.flatMap(({ cluster, workflowId, customers }) =>
    customers.flatMap((customer) =>
      eachDay(customer).map(([day, letter]) => [cluster, workflowId, customer.id, day, DAY_NAMES[letter as DayLetter]]),
    ),
  );
  return csv([['cluster', 'run', 'customer', 'day', 'state'], ...rows]);
}

const WINDOW_COLUMNS: Record<string, (window: WindowRecord) => string> = {
  customer: ({ customer }) => customer,
  from: ({ from }) => from,
  to: ({ to }) => to,
  workflow_id: ({ workflowId }) => workflowId,
  run_id: ({ runId }) => runId,
  status: ({ status }) => status,
  class: (window) => window.class ?? '',
  error: ({ error }) => error ?? '',
  started_at: ({ startedAt }) => startedAt,
  closed_at: ({ closedAt }) => closedAt ?? '',
  seconds: ({ durationMs }) => String(durationMs / 1_000),
};

/** A row for each window's workflow, as recorded by Temporal. */
export function windowsCsv({ clusters }: ReportDocument): string {
  const columns = Object.values(WINDOW_COLUMNS);
  const rows = clusters.flatMap(({ cluster, workflowId, windows }) =>
    windows.map((window) => [cluster, workflowId, ...columns.map((textOf) => textOf(window))]),
  );
  return csv([['cluster', 'run', ...Object.keys(WINDOW_COLUMNS)], ...rows]);
}

/** A row for each row of the runs' proofs. */
export function proofCsv({ clusters }: ReportDocument): string {
  const rows = clusters.flatMap(({ cluster, workflowId, proof }) =>
    (proof?.rows ?? []).map((row) => [cluster, workflowId, ...PROOF_COLUMNS.map((name) => String(row[name] ?? ''))]),
  );
  const titles = PROOF_COLUMNS.map((name) => (name === 'completedAt' ? 'completed_at' : name));
  return csv([['cluster', 'run', ...titles], ...rows]);
}

/** RFC 4180: a comma between fields, CRLF after each record, quotes where a field needs them. */
export const csv = (rows: readonly (readonly string[])[]): string =>
  rows.map((row) => `${row.map(field).join(',')}\r\n`).join('');

/** Spreadsheets evaluate what starts like a formula; an apostrophe before it makes it text. */
const FORMULA = /^[=+\-@\t\r\n]/;

function field(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
