import { daysCsv, proofCsv, windowsCsv } from './csv.js';
import type { ReportDocument } from './document.js';
import { htmlPage } from './html/page.js';
import { markdown } from './markdown.js';

export const REPORT_FORMATS = ['md', 'html', 'json', 'csv'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** What a row of the CSV is: a customer's day, a window's workflow, or the proof of a day. */
export const ROWS = ['days', 'windows', 'proof'] as const;
export type Rows = (typeof ROWS)[number];

const CSV: Record<Rows, (document: ReportDocument) => string> = { days: daysCsv, windows: windowsCsv, proof: proofCsv };

/** The document as text. `rows` is for CSV only. */
export function formatted(document: ReportDocument, format: ReportFormat, rows: Rows): string {
  switch (format) {
    case 'md':
      return markdown(document);
    case 'html':
      return htmlPage(document);
    case 'json':
      return `${JSON.stringify(document, null, 2)}\n`;
    case 'csv':
      return CSV[rows](document);
    default:
      return format satisfies never;
  }
}
