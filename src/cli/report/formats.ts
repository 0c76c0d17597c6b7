import { daysCsv, windowsCsv } from './csv.js';
import type { ReportDocument } from './document.js';
import { htmlPage } from './html/page.js';
import { markdown } from './markdown.js';

export const REPORT_FORMATS = ['md', 'html', 'json', 'csv'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** What a row of the CSV is: a customer's day, or a window's workflow. */
export const ROWS = ['days', 'windows'] as const;
export type Rows = (typeof ROWS)[number];

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
      return rows === 'days' ? daysCsv(document) : windowsCsv(document);
    default:
      return format satisfies never;
  }
}
