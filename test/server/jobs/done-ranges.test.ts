import { timestampDate } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import type { ProofRow } from '../../../src/backfill/views/proof.js';
import type { CustomerReport, Report } from '../../../src/backfill/views/report.js';
import { customerInReport } from '../../../src/server/jobs/customer-message.js';

const row = (day: string): ProofRow => ['cvs', day, 10, 10, `reindexconversations-cvs-${day}`, null, 1, true];
const days = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => `2026-01-${String(first + i).padStart(2, '0')}`);

/** What a report of five days, with these rows, says that cvs has done, as days, the end exclusive. */
function doneIn(cvs: Partial<CustomerReport>, rows: readonly string[]): string[] {
  const customer = { id: 'cvs', days: 5, windows: 5, retries: 0, busyMs: 0, ...cvs };
  const range = { start: '2026-01-01', end: '2026-01-06' };
  const report = { range, customers: [customer], proof: { rows: rows.map(row) } } as unknown as Report;
  const day = (time: Parameters<typeof timestampDate>[0]) => timestampDate(time).toISOString().slice(0, 10);
  return (customerInReport(report, 'cvs')?.doneRanges ?? []).map(
    ({ startTime, endTime }) => `${day(startTime as never)}--${day(endTime as never)}`,
  );
}

describe('what a report says that a customer has done', () => {
  it('is every day where all are done, also where it has no room for their rows', () => {
    expect(doneIn({ done: 5 }, days(1, 2))).toEqual(['2026-01-01--2026-01-06']);
  });

  it('leaves out a day of which only a part is done, although it has a row', () => {
    expect(doneIn({ done: 4, failed: ['2026-01-03'] }, days(1, 5))).toEqual([
      '2026-01-01--2026-01-03',
      '2026-01-04--2026-01-06',
    ]);
  });

  it('is nothing where the report can name neither all days that are done nor all that are not', () => {
    expect(doneIn({ done: 4, failed: ['2026-01-03'] }, days(1, 2))).toEqual([]);
    expect(doneIn({ done: 3, waiting: ['2026-01-03'] }, days(1, 5))).toEqual([]);
  });
});
