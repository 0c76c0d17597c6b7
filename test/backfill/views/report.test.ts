import { describe, expect, it } from 'vitest';
import { reportOf } from '../../../src/backfill/views/report.js';
import { throughJson } from '../../support/core.js';
import { eventful } from '../../support/eventful.js';

describe('the report', () => {
  it('says what was done and what is left, of each customer only what it has', () => {
    const report = reportOf(eventful.state, 'incomplete', eventful.now);
    expect(report).toMatchObject({ outcome: 'incomplete', durationMs: eventful.now - Date.parse(report.startedAt) });
    expect(report.customers[0]).toEqual({
      id: 'cvs',
      days: 4,
      done: 1,
      windows: 1,
      retries: 0,
      busyMs: 1_000,
      waiting: ['2026-01-03', '2026-01-04'],
    });
    expect(report.customers[2]).toMatchObject({ skipped: ['2026-01-03'], held: ['2026-01-01'], retries: 1 });
    expect(report.attention).toHaveLength(2);
    expect(throughJson(report)).toStrictEqual(report);
  });
});
