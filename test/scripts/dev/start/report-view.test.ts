import { describe, expect, it } from 'vitest';
import {
  proofTable,
  runsTable,
  type StoredScorecards,
  storedTable,
  verdict,
} from '../../../../scripts/dev/start/report-view.js';
import type { Report } from '../../../../src/backfill/views/report.js';
import { errorText } from '../../../../src/error-text.js';
import { render, widthOf } from '../../../../src/presentation/lines/line.js';
import { noProof, progress } from '../../../support/progress.js';

const texts = (lines: ReturnType<typeof runsTable>) => lines.map((line) => render(line, { colour: false }));

function report(cluster: string, from: string, to: string, changes: Partial<Report> = {}): Report {
  const windows = { started: 3, completed: 2, failed: 1, adopted: 0 };
  const { attention, ...rest } = progress({ a: 'd'.repeat(31), b: 'd'.repeat(31) });
  return {
    outcome: 'completed',
    cluster,
    range: rest.range,
    attention,
    forecasts: [],
    proof: noProof,
    startedAt: `2026-02-07T12:00:${from}Z`,
    endedAt: `2026-02-07T12:00:${to}Z`,
    durationMs: 0,
    totals: { ...rest.totals, windows },
    customers: [
      { id: 'a', days: 31, done: 31, windows: 1, retries: 1, busyMs: 5 },
      { id: 'b', days: 31, done: 31, windows: 1, retries: 0, busyMs: 5 },
    ],
    ...changes,
  };
}

/** Of a run with 62 days. */
const proof = (conversations: number, verifiedDays = 62) => ({
  ...noProof,
  digest: '0123456789abcdef',
  totals: { rows: 62, days: 62, verifiedDays, conversations, scorecards: conversations },
});

const stored = (customerId: string, cluster: string, conversations: number, missing = 0): StoredScorecards => ({
  customerId,
  cluster,
  conversations,
  missing,
  scorecards: conversations - missing,
  wrongAggregates: 0,
});

describe('the report', () => {
  it('adds up the runs; together they take from the first start to the last end', () => {
    expect(texts(runsTable([report('chat-prod', '00', '20'), report('voice-prod', '10', '40')]))).toEqual([
      'from the workflows  customers  days  windows  retries  took',
      'chat-prod                   2    62        2        1   20s',
      'voice-prod                  2    62        2        1   30s',
      'total                       4   124        4        2   40s',
    ]);
  });

  it('adds up the customers of each cluster', () => {
    const lines = texts(storedTable([stored('a', 'x', 1_000), stored('b', 'x', 500, 2), stored('c', 'y', 1)]));
    expect(lines).toEqual([
      'from the database  conversations  scorecards  missing  wrong aggregates',
      'x                          1,500       1,498        2                 0',
      'y                              1           1        0                 0',
      'total                      1,501       1,499        2                 0',
    ]);
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(80);
  });

  it('adds up the proofs, and shows where days were not verified', () => {
    const [verified, partly] = [proof(1_000), proof(1, 60)];
    const reports = [report('x', '00', '01', { proof: verified }), report('y', '00', '01', { proof: partly })];
    expect(texts(proofTable(reports))).toEqual([
      'from the proofs  days verified  conversations  scorecards  digest',
      'x                           62          1,000       1,000  0123456789ab',
      'y                        60/62              1           1  0123456789ab',
      'total                  122/124          1,001       1,001',
    ]);
  });

  it('is not well when a proof and the database disagree', () => {
    const { ok, lines } = verdict([report('x', '00', '01', { proof: proof(999) })], [stored('a', 'x', 1_000)]);
    expect(ok).toBe(false);
    expect(texts(lines)).toEqual(['✗ x proves 999 scorecards of 999 conversations; the database has 1,000 of 1,000']);
  });

  it('is well when every run completed, nothing is missing, and the proofs agree', () => {
    const { ok, lines } = verdict([report('x', '00', '01', { proof: proof(1_000) })], [stored('a', 'x', 1_000)]);
    expect(ok).toBe(true);
    expect(texts(lines)).toEqual(['✓ all 1,000 conversations have a current scorecard']);
  });

  it('names the customers with something missing or wrong', () => {
    const wrong = { ...stored('b', 'y', 7), wrongAggregates: 1 };
    const { ok, lines } = verdict([], [stored('a', 'x', 1_000, 2), wrong, stored('c', 'y', 3)]);
    expect(ok).toBe(false);
    expect(texts(lines)).toEqual([
      '✗ 2 customers with missing scorecards or wrong aggregates:',
      '  a (x): 2 of 1,000 conversations without a scorecard',
      '  b (y): 1 wrong aggregate',
    ]);
  });

  it('is not well when a run left days undone, even if nothing is missing', () => {
    const { attention } = progress({}, { attention: [{}] });
    const incomplete = report('x', '00', '01', { outcome: 'incomplete', attention });
    expect(verdict([incomplete], []).ok).toBe(false);
    expect(texts(runsTable([incomplete])).at(-1)).toMatch(/^! cvs 2026-01-15 permanent/);
  });
});

describe('the text of an error', () => {
  it('has the messages of its causes where they say more', () => {
    const cause = new Error('connection refused');
    expect(errorText(new Error('migration failed', { cause }))).toBe('migration failed: connection refused');
    expect(errorText(new Error('failed: connection refused', { cause }))).toBe('failed: connection refused');
  });

  it('is never empty', () => {
    expect(errorText(new AggregateError([new Error('::1 refused'), new Error('127.0.0.1 refused')]))).toBe(
      '::1 refused, 127.0.0.1 refused',
    );
    expect(errorText(new Error(''))).toBe('unknown error');
  });
});
