import { describe, expect, it } from 'vitest';
import type { LogFact } from '../../../src/backfill/state/log-entry.js';
import type { ClusterReport, WindowRecord, WindowStatus } from '../../../src/presentation/report/document.js';
import { momentOf } from '../../../src/presentation/report/moment.js';

const at = (minute: number) => Date.parse('2026-02-07T12:00:00Z') + minute * 60_000;
const instant = (minute: number) => new Date(at(minute)).toISOString();

function windowOf(day: number, from: number, to: number | null, status: WindowStatus = 'completed'): WindowRecord {
  const name = (number: number) => `2026-01-0${number}`;
  return {
    workflowId: `reindexconversations-cvs-${name(day)}`,
    runId: `run-${day}-${from}`,
    customer: 'cvs',
    from: `${name(day)}T00:00:00Z`,
    to: `${name(day + 1)}T00:00:00Z`,
    status,
    startedAt: instant(from),
    closedAt: to === null ? null : instant(to),
    durationMs: ((to ?? 100) - from) * 60_000,
  };
}

const entry = (minute: number, fact: LogFact) => ({ at: instant(minute), what: 'decision', effect: '', fact });

/** A run of cvs over five days, whose last letters and log are these. */
function lettersAt(
  minute: number,
  days: string,
  windows: WindowRecord[],
  log: ReturnType<typeof entry>[] = [],
): string {
  const report = {
    customers: [{ id: 'cvs', start: '2026-01-01', days, windows: { completed: 0, unsuccessful: 0, busyMs: 0 } }],
    windows,
    log,
    load: [],
    limits: [{ at: instant(50), from: 4, to: 2, reason: 'deadlocks' }],
    startedAt: instant(0),
    parallelism: { limit: 2 },
    totals: {},
  } as unknown as ClusterReport;
  return momentOf(report, at(minute)).customers[0]!.days;
}

describe('a moment of a run', () => {
  const windows = [windowOf(1, 1, 5), windowOf(2, 6, null, 'running')];

  it('has days as running and done when their windows were, and waiting before', () => {
    expect([0, 1, 4, 5, 6].map((minute) => lettersAt(minute, 'dr...', windows))).toEqual([
      '.....',
      'r....',
      'r....',
      'd....',
      'dr...',
    ]);
  });

  it('has days as done from the start where no window of the run did them', () => {
    expect(lettersAt(0, 'drddd', windows)).toBe('..ddd');
  });

  it('has failed, held, skipped and reset days from the log', () => {
    const failing = [windowOf(1, 1, 3, 'failed'), windowOf(2, 1, 3, 'terminated')];
    const window = (day: number) => `reindexconversations-cvs-2026-01-0${day}`;
    const log = [
      entry(4, { kind: 'windowFailed', window: window(1), attempts: 1, class: 'permanent', message: 'no' }),
      entry(5, { kind: 'windowStopped', window: window(2), days: '2026-01-02' }),
      entry(6, {
        kind: 'command',
        command: 'skipDay',
        outcome: { kind: 'daySkipped', customer: 'cvs', day: '2026-01-03', was: ['waiting'], next: 'skipped' },
      }),
      entry(7, { kind: 'command', command: 'retryFailed', outcome: { kind: 'failedRetried', parts: [], more: 0 } }),
      entry(8, {
        kind: 'command',
        command: 'resume',
        outcome: { kind: 'resumed', run: true, parts: [], more: 0, stillPaused: false },
      }),
      entry(9, {
        kind: 'command',
        command: 'resetDay',
        outcome: { kind: 'dayReset', customer: 'cvs', day: '2026-01-03', was: ['skipped'], running: false },
      }),
    ];
    const letters = [2, 3, 4, 5, 6, 7, 8, 9].map((minute) => lettersAt(minute, '.....', failing, log));
    expect(letters).toEqual(['rr...', '.....', 'f....', 'fh...', 'fhs..', '.hs..', '..s..', '.....']);
  });

  it('has a completed day as verifying until its check, the oldest first, so that nobody takes it for proven', () => {
    const completed = [windowOf(1, 1, 2), windowOf(2, 3, 4), windowOf(3, 5, 6)];
    const log = [
      entry(7, { kind: 'verified', days: 2, windows: 1 }),
      entry(7, {
        kind: 'shortfall',
        customer: 'cvs',
        days: '2026-01-02',
        finding: { conversations: 5, missing: 1, next: 'repaired', repairs: 1, most: 2 },
      }),
      entry(9, { kind: 'verificationFailed', days: 1, reason: 'no database' }),
    ];
    const letters = [2, 4, 6, 7, 9].map((minute) => lettersAt(minute, 'd.d..', completed, log));
    expect(letters).toEqual(['v....', 'vv...', 'vvv..', 'd.v..', 'd.d..']);
  });
});
