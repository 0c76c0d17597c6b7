import { describe, expect, it } from 'vitest';
import type { CustomerView } from '../../../src/backfill/views/customer.js';
import { documentOf, type WindowRecord } from '../../../src/presentation/report/document.js';
import { failureCounts, limitSteps } from '../../../src/presentation/report/findings.js';
import { withClasses } from '../../../src/presentation/report/window-records.js';
import { clusterReport, logEntry, START, time } from './sample.js';

const record = (more: Partial<WindowRecord>): WindowRecord => ({
  workflowId: 'w-cvs-2026-01-01',
  runId: 'r',
  customer: 'cvs',
  status: 'failed',
  closedAt: time(START + 1_000),
  from: '2026-01-01T00:00:00Z',
  to: '2026-01-02T00:00:00Z',
  startedAt: time(START),
  durationMs: 1_000,
  ...more,
});

describe('what a report finds', () => {
  it('are the moves of the limit in the log', () => {
    const at = time(START);
    expect(
      limitSteps([
        logEntry(at, { kind: 'limitMoved', from: 8, to: 4, why: '3 contention in 60s' }),
        logEntry(at, { kind: 'limitMoved', from: 4, to: 6, why: '1 window went well', times: 2 }),
        logEntry(at, { kind: 'databaseLevel', from: 'ok', to: 'high', reason: '20 active sessions' }),
        logEntry(at, {
          kind: 'command',
          command: 'pause',
          outcome: { kind: 'paused', windows: 1 },
        }),
      ]),
    ).toEqual([
      { at, from: 8, to: 4, reason: '3 contention in 60s' },
      { at, from: 4, to: 6, reason: '1 window went well, 2 times' },
    ]);
  });

  it('are failures by class, the most frequent first, with the latest as an example', () => {
    const windows = [
      record({ class: 'contention', error: 'deadlock detected' }),
      record({ class: 'timeout', error: 'heartbeat', customer: 'oportun' }),
      record({ class: 'contention', error: 'deadlock detected, again', customer: 'oportun' }),
      record({ status: 'terminated' }),
      record({ status: 'completed' }),
      record({ status: 'running' }),
    ];
    expect(failureCounts(windows)).toEqual([
      { class: 'contention', windows: 2, customers: 2, example: 'w-cvs-2026-01-01: deadlock detected, again' },
      { class: 'timeout', windows: 1, customers: 1, example: 'w-cvs-2026-01-01: heartbeat' },
      { class: 'notRemembered', windows: 1, customers: 1, example: 'w-cvs-2026-01-01: terminated' },
    ]);
  });

  it('are classes from what the run remembers of the same window at about the same time', () => {
    const view = (startedAt: number, failure: string) => ({
      workflowId: 'w-cvs-2026-01-01',
      start: '',
      end: '',
      state: 'unsuccessful' as const,
      attempt: 1,
      startedAt: time(startedAt),
      durationMs: 1,
      class: failure,
      error: `${failure}!`,
    });
    const views = [{ windows: [view(START + 60_100, 'contention'), view(START + 90, 'timeout')] }] as CustomerView[];
    const windows = [record({}), record({ startedAt: time(START + 60_000) }), record({ status: 'completed' })];
    expect(withClasses(windows, views).map((window) => [window.class, window.error])).toEqual([
      ['timeout', 'timeout!'],
      ['contention', 'contention!'],
      [undefined, undefined],
    ]);
  });

  it('are classes of what the run wants looked at, where it no longer remembers the window', () => {
    const look = { workflowId: 'w-cvs-2026-01-01', class: 'permanent' as const, message: 'no such customer' };
    const rest = { customer: 'cvs', days: ['2026-01-01'], attempts: 2, nextStep: '' };
    const earlier = record({ startedAt: time(START - 1_000) });
    const windows = [earlier, record({}), record({ workflowId: 'another' })];
    expect(withClasses(windows, [], [{ ...look, ...rest }]).map((window) => [window.class, window.error])).toEqual([
      [undefined, undefined],
      ['permanent', 'no such customer'],
      [undefined, undefined],
    ]);
  });

  it('are totals over all clusters', () => {
    const { totals, version } = documentOf(
      [clusterReport({ customers: { a: 'ddf' } }), clusterReport({ customers: { b: 'd.', c: 'hs' } })],
      START,
    );
    expect(version).toBe(1);
    expect(totals).toMatchObject({ customers: 3, days: 7, done: 3, failed: 1, waiting: 1, held: 1, skipped: 1 });
    expect(totals.windows.started).toBe(4);
  });
});
