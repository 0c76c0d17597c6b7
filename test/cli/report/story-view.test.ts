import { describe, expect, it } from 'vitest';
import { LOG_LENGTH, type LogView } from '../../../src/backfill/state/journal.js';
import type { Report } from '../../../src/backfill/views/report.js';
import { type EndedRun, story } from '../../../src/cli/report/story-view.js';
import { render } from '../../../src/cli/terminal/line.js';
import { noProof, progress } from '../watch/progress.js';

const texts = (runs: EndedRun[]) => story(runs).map((line) => render(line, { colour: false }));

/** Customers by how many windows they took. */
function report(windows: Record<string, number>, changes: Partial<Report> = {}): Report {
  const { totals, range } = progress({});
  return {
    ...{ outcome: 'completed', cluster: 'chat-prod', range, attention: [], forecasts: [], proof: noProof },
    ...{ startedAt: '2026-02-07T12:00:00Z', endedAt: '2026-02-07T12:01:00Z', durationMs: 60_000 },
    totals: { ...totals, windows: { started: 0, completed: 0, failed: 0, adopted: 0 } },
    customers: Object.entries(windows).map(([id, windows]) => ({
      ...{ id, days: 31, done: 31, windows, retries: 0, busyMs: 0 },
    })),
    ...changes,
  };
}

const log = (...effects: string[]): LogView[] =>
  effects.map((effect) => ({ at: '2026-02-07T12:00:00Z', what: 'decision', effect }));

const told = (...effects: string[]) => texts([{ report: report({ a: 1 }), log: log(...effects) }]).slice(2);

describe('what happened', () => {
  it('leaves out runs with nothing to tell, and says nothing when all are', () => {
    const quiet = log(
      'the directory has 2 customers for this run',
      'database: unknown → ok: activeSessions 0',
      'adopted reindexconversations-a-2026-01-01: it was running already',
      'the run ends: completed',
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
    expect(
      told(
        'p-cvs-2026-01-01--2026-01-11: timeout; windows of cvs halved to 5d: heartbeat timeout',
        'p-cvs-2026-01-01--2026-01-06: timeout; windows of cvs halved to 3d: heartbeat timeout',
        'cvs: grown to 6d: 3 windows in a row took at most half of the target',
        'oportun: grown to 2d: 3 windows in a row took at most half of the target',
      ),
    ).toEqual([
      '  window size: cvs changed once, then halved to 3d (timeout, heartbeat timeout), grown to 6d (well under the target), oportun grown to 2d (well under the target)',
    ]);
  });

  it('sums up the moves of the limit, with the reason for each less', () => {
    const up = (n: number) => `limit ${n} → ${n + 1}: the database is ok with every slot taken`;
    expect(told(up(2), up(3))).toEqual(['  limit 2 → 4: the database is ok with every slot taken']);
    expect(told(up(2), up(3), 'limit 4 → 2: 2 contention, 1 overload in 60s')).toEqual([
      '  limit 2 → 2, 4 at most: the database is ok with every slot taken; slowed once: 2 contention, 1 overload in 60s',
    ]);
  });

  it('says how often the database was worse than ok, once', () => {
    const high = 'activeSessions 18, maxLoad 16';
    expect(
      told(
        'database: unknown → ok: activeSessions 1',
        `limit 4 → 3: the database is high: ${high}`,
        `database: ok → high: ${high}`,
        'database: high → ok: activeSessions 2',
        'limit 3 → 2: the database is high: activeSessions 20, maxLoad 16',
        'database: ok → high: activeSessions 20, maxLoad 16',
      ),
    ).toEqual([
      '  limit 4 → 2; slowed 2 times: the database is high',
      `  database high 2 times: ${high}; activeSessions 20, maxLoad 16`,
    ]);
  });

  it('counts retries by class, with the messages, on one line each', () => {
    expect(
      told(
        'p-a-2026-01-01: contention (attempt 1 of 6), again in 3s: deadlock\ndetected',
        'p-a-2026-01-01: contention (attempt 2 of 6), again in 7s: deadlock detected',
        'p-b-2026-01-01: contention, 2026-01-01 is to run again: canceling statement',
        'p-b-2026-01-02: contention (attempt 1 of 6), again in 3s: could not obtain lock',
        `p-b-2026-01-02: unknown (attempt 1 of 3), again in 1m 5s: ${'x'.repeat(300)}`,
      ),
    ).toEqual([
      '  retried 4 times after contention: deadlock detected; canceling statement and 1 other reason',
      `  retried once after unknown: ${'x'.repeat(119)}…`,
    ]);
  });

  it('says why a run paused by itself', () => {
    const reason = 'breaker: 11 of the latest 20 windows failed; see attention and log, then resume';
    const held = 'p-a-2026-01-01 was stopped by someone else; 2026-01-01 is held until resume';
    expect(told(held, `pause: ${reason}`)).toEqual([
      '  1 window stopped by someone else, held until resume',
      `  paused: ${reason}`,
    ]);
  });

  it('says when the log is not all there', () => {
    const long = log(...Array.from({ length: LOG_LENGTH }, () => 'the run ends: completed'));
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
