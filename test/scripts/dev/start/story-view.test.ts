import { describe, expect, it } from 'vitest';
import { type EndedRun, story } from '../../../../scripts/dev/start/story-view.js';
import { LOG_LENGTH } from '../../../../src/backfill/state/journal.js';
import type { LogFact } from '../../../../src/backfill/state/log-entry.js';
import { sentenceOf } from '../../../../src/backfill/state/sentence.js';
import type { LogView } from '../../../../src/backfill/views/log.js';
import type { Report } from '../../../../src/backfill/views/report.js';
import { render } from '../../../../src/presentation/lines/line.js';
import { noProof, progress } from '../../../support/progress.js';

const texts = (runs: EndedRun[]) => story(runs).map((line) => render(line, { colour: false }));

/** Customers by how many windows they took. */
function report(windows: Record<string, number>, changes: Partial<Report> = {}): Report {
  const { totals, range } = progress({});
  return {
    outcome: 'completed',
    cluster: 'chat-prod',
    range,
    attention: [],
    forecasts: [],
    proof: noProof,
    startedAt: '2026-02-07T12:00:00Z',
    endedAt: '2026-02-07T12:01:00Z',
    durationMs: 60_000,
    totals: { ...totals, windows: { started: 0, completed: 0, failed: 0, adopted: 0 } },
    customers: Object.entries(windows).map(([id, windows]) => ({
      id,
      days: 31,
      done: 31,
      windows,
      retries: 0,
      busyMs: 0,
    })),
    ...changes,
  };
}

const at = '2026-02-07T12:00:00Z';
const log = (...facts: LogFact[]): LogView[] =>
  facts.map((fact) => ({ at, what: 'decision', effect: sentenceOf(fact), fact }));

const told = (...facts: LogFact[]) => texts([{ report: report({ a: 1 }), log: log(...facts) }]).slice(2);

const limit = (from: number, to: number, why: string): LogFact => ({ kind: 'limitMoved', from, to, why });

describe('what happened', () => {
  it('leaves out runs with nothing to tell, and says nothing when all are', () => {
    const quiet = log(
      { kind: 'customersListed', customers: 2, unknown: [] },
      { kind: 'databaseLevel', from: 'unknown', to: 'ok', reason: 'activeSessions 0' },
      { kind: 'windowAdopted', window: 'reindexconversations-a-2026-01-01' },
      { kind: 'runEnded', how: 'completed' },
    );
    expect(texts([{ report: report({ a: 1, b: 1 }), log: quiet }])).toEqual([]);
    const busy = { report: report({ a: 3 }, { cluster: 'voice-prod' }), log: quiet };
    expect(texts([{ report: report({ a: 1 }), log: quiet }, busy])).toEqual([
      'what happened',
      'voice-prod',
      '  split by volume: a into 3 windows',
    ]);
  });

  it('names the largest of those that were split', () => {
    const windows = { a: 2, b: 3, c: 31, d: 4, e: 5, f: 6, g: 1 };
    expect(texts([{ report: report(windows), log: [] }]).at(-1)).toBe(
      '  split by volume: c into 31 windows, f into 6 windows, e into 5 windows, d into 4 windows, b into 3 windows and 1 more',
    );
  });

  it('says whose windows were halved or grown, and why', () => {
    const split = (size: string): LogFact => ({
      kind: 'windowSplit',
      window: 'p-cvs-2026-01-01--2026-01-11',
      customer: 'cvs',
      size,
      why: 'heartbeat timeout',
      class: 'timeout',
      message: 'the activity timed out',
    });
    const grown = (customer: string, size: string): LogFact => {
      return { kind: 'sizeGrown', customer, size, why: '3 windows in a row took at most half of the target' };
    };
    expect(told(split('5d'), split('3d'), grown('cvs', '6d'), grown('oportun', '2d'))).toEqual([
      '  window size: cvs changed once, then halved to 3d (timeout, heartbeat timeout), grown to 6d (well under the target), oportun grown to 2d (well under the target)',
    ]);
  });

  it('sums up the moves of the limit, with the reason for each less', () => {
    const up = (n: number) => limit(n, n + 1, 'the database is ok with every slot taken');
    expect(told(up(2), up(3))).toEqual(['  limit 2 → 4: the database is ok with every slot taken']);
    expect(told(up(2), up(3), limit(4, 2, '2 contention, 1 overload in 60s'))).toEqual([
      '  limit 2 → 2, 4 at most: the database is ok with every slot taken; slowed once: 2 contention, 1 overload in 60s',
    ]);
  });

  it('says how often the database was worse than ok, once', () => {
    const high = 'activeSessions 18, maxLoad 16';
    const level = (from: 'ok' | 'high' | 'unknown', to: 'ok' | 'high', reason: string): LogFact => {
      return { kind: 'databaseLevel', from, to, reason };
    };
    expect(
      told(
        level('unknown', 'ok', 'activeSessions 1'),
        limit(4, 3, `the database is high: ${high}`),
        level('ok', 'high', high),
        level('high', 'ok', 'activeSessions 2'),
        limit(3, 2, 'the database is high: activeSessions 20, maxLoad 16'),
        level('ok', 'high', 'activeSessions 20, maxLoad 16'),
      ),
    ).toEqual([
      '  limit 4 → 2; slowed 2 times: the database is high',
      `  database high 2 times: ${high}; activeSessions 20, maxLoad 16`,
    ]);
  });

  it('counts retries by class, with the messages, on one line each', () => {
    const again = (kind: 'contention' | 'unknown', message: string): LogFact => {
      const tries = { attempt: 1, attempts: 6, wait: 3_000 };
      return { kind: 'windowRetried', window: 'p-a-2026-01-01', ...tries, class: kind, message };
    };
    expect(
      told(
        again('contention', 'deadlock\ndetected'),
        again('contention', 'deadlock detected'),
        {
          kind: 'windowRerun',
          window: 'p-b-2026-01-01',
          days: '2026-01-01',
          class: 'contention',
          message: 'canceling statement',
        },
        again('contention', 'could not obtain lock'),
        again('unknown', 'x'.repeat(300)),
      ),
    ).toEqual([
      '  retried 4 times after contention: deadlock detected; could not obtain lock and 1 other reason',
      `  retried once after unknown: ${'x'.repeat(119)}…`,
    ]);
  });

  it('says why a run paused by itself', () => {
    expect(
      told(
        { kind: 'windowStopped', window: 'p-a-2026-01-01', days: '2026-01-01' },
        { kind: 'pausedByStops', windows: 3, within: 300_000 },
        { kind: 'breakerOpened', because: '11 of the latest 20 windows failed', wait: 300_000 },
      ),
    ).toEqual([
      '  1 window stopped by someone else, held until resume',
      '  pause: 3 windows were stopped by someone else within 5m',
      '  the breaker opens: 11 of the latest 20 windows failed; one window is tried in 5m',
    ]);
  });

  it('says when the log is not all there', () => {
    const long = log(...Array.from({ length: LOG_LENGTH }, (): LogFact => ({ kind: 'runEnded', how: 'completed' })));
    expect(texts([{ report: report({}), log: long }]).at(-1)).toMatch(/^ {2}from the latest 200 entries/);
    expect(texts([{ report: report({}) }])).toEqual(['what happened', 'chat-prod', '  its log could not be read']);
  });

  it('compares the ETA half-way with the end', () => {
    const with_ = (error: number) => {
      const at = '2026-02-07T12:00:30Z';
      const forecasts = [0.25, 0.5].map((share) => ({ share, at, eta: at, error: share === 0.5 ? error : 9 }));
      return { report: report({}, { forecasts }), log: [] };
    };
    expect(texts([with_(-0.04), with_(0.28)])).toEqual([
      'what happened',
      "ETA half-way, as a share of a run's duration: 4% too early to 28% too late",
    ]);
  });
});
