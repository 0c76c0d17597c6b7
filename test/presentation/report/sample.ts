import type { LogFact } from '../../../src/backfill/state/log-entry.js';
import { sentenceOf } from '../../../src/backfill/state/sentence.js';
import { countDays } from '../../../src/backfill/views/day-letters.js';
import type { LogView } from '../../../src/backfill/views/log.js';
import type { Proof } from '../../../src/backfill/views/proof.js';
import {
  type ClusterReport,
  documentOf,
  type ReportDocument,
  type WindowRecord,
} from '../../../src/presentation/report/document.js';
import { failureCounts, limitSteps } from '../../../src/presentation/report/findings.js';
import { progress } from '../../support/progress.js';

export const START = Date.parse('2026-02-07T09:00:00Z');
const WINDOW_MS = 90_000;
const AT_ONCE = 8;

export const time = (ms: number): string => new Date(ms).toISOString();

export interface Sample {
  cluster?: string;
  /** Letters by customer. */
  customers: Record<string, string>;
  /** In every text that is somebody else's. */
  text?: string;
}

/** A run's report as it would be collected: a window for each day that is done, failed or running. */
export function clusterReport({
  cluster = 'us-east-1-prod',
  customers,
  text = 'out of memory',
}: Sample): ClusterReport {
  const windows = windowsOf(customers, text);
  const { statusReason, parallelism } = progress(customers);
  const attention = windows
    .filter(({ status }) => status === 'failed')
    .map(({ customer, from, workflowId }) => ({
      customer,
      days: [from.slice(0, 10)],
      class: 'permanent' as const,
      message: text,
      attempts: 1,
      workflowId,
      nextStep: 'fix what the message names, then retryFailed; or skipDay',
    }));
  const moved = (from: number, to: number, why: string) => ({ kind: 'limitMoved', from, to, why }) as const;
  const log = [
    logEntry(time(START + 60_000), moved(2, 4, '3 windows went well with every slot taken')),
    logEntry(time(START + 600_000), moved(4, 8, 'the database is ok with every slot taken')),
    logEntry(time(START + 1_200_000), moved(8, 4, '3 contention in 60s')),
    logEntry(time(START + 1_250_000), { kind: 'writersMoved', customer: 'cvs', from: 1, to: 3, why: text }),
    {
      ...logEntry(time(START + 1_300_000), { kind: 'windowAdopted', window: text }),
      what: 'pause',
      by: text,
      effect: `paused: ${text}`,
    },
  ];
  return {
    cluster,
    workflowId: `backfillscorecards-${cluster}-2026-01`,
    runId: 'r',
    namespace: 'ingestion',
    status: 'running',
    statusReason,
    range: { start: '2026-01-01', end: '2026-02-01' },
    startedAt: time(START),
    endedAt: null,
    durationMs: endOf(windows) - START,
    eta: null,
    parallelism,
    totals: {
      ...countDays(Object.values(customers)),
      customers: Object.keys(customers).length,
      windows: { started: windows.length, completed: windows.length, failed: 0, adopted: 0 },
    },
    customers: Object.entries(customers).map(([id, days]) => ({
      id,
      start: '2026-01-01',
      days,
      windows: { completed: days.length, unsuccessful: 0, busyMs: days.length * WINDOW_MS },
    })),
    customersLeftOut: 0,
    windows,
    windowsTruncated: false,
    limits: limitSteps(log),
    load: [
      { at: time(START + 60_000), level: 'ok', utilization: 0.55, reason: text },
      { at: time(START + 600_000), level: 'high', utilization: 1.2, reason: 'activeSessions is 19' },
      { at: time(START + 900_000), level: 'unknown', reason: 'connection refused' },
    ],
    failures: failureCounts(windows),
    attention,
    log,
  };
}

/** An entry of a run's log, as its query answers. */
export const logEntry = (at: string, fact: LogFact): LogView => ({
  at,
  what: 'decision',
  effect: sentenceOf(fact),
  fact,
});

/** As a run's result has it. */
export const proofOfResult: Pick<Proof, 'rows' | 'omitted' | 'digest'> = {
  rows: [
    ['cvs', '2026-01-01', 1_200, 1_200, 'reindexconversations-cvs-2026-01-01', '2026-02-07T09:00:00Z', 1, true],
    ['cvs', '2026-01-02', 1_200, 1_100, 'reindexconversations-cvs-2026-01-02', '2026-02-07T09:01:00Z', 2, false],
    ['cvs', '2026-01-03', null, null, null, null, 0, false],
  ],
  omitted: 7,
  digest: 'ab12',
};

export const sample = (...samples: Sample[]): ReportDocument =>
  documentOf(samples.map(clusterReport), START + 86_400_000);

function windowsOf(customers: Record<string, string>, text: string): WindowRecord[] {
  const windows: WindowRecord[] = [];
  for (const [customer, days] of Object.entries(customers)) {
    for (const [i, letter] of [...days].entries()) {
      if (!'dfr'.includes(letter)) continue;
      const startedAt = START + Math.floor(windows.length / AT_ONCE) * WINDOW_MS + (windows.length % AT_ONCE) * 5_000;
      const from = Date.parse('2026-01-01T00:00:00Z') + i * 86_400_000;
      const [day, next] = [from, from + 86_400_000].map((at) => time(at).replace('.000', ''));
      windows.push({
        workflowId: `reindexconversations-${customer}-${day!.slice(0, 10)}`,
        runId: `r${windows.length}`,
        customer,
        from: day!,
        to: next!,
        startedAt: time(startedAt),
        status: letter === 'd' ? 'completed' : letter === 'f' ? 'failed' : 'running',
        ...(letter === 'f' ? { class: 'permanent', error: text } : {}),
        closedAt: letter === 'r' ? null : time(startedAt + WINDOW_MS),
        durationMs: WINDOW_MS,
      });
    }
  }
  return windows;
}

const endOf = (windows: readonly WindowRecord[]): number =>
  Math.max(START + WINDOW_MS, ...windows.map(({ startedAt, durationMs }) => Date.parse(startedAt) + durationMs));

/** The fleet of January: 260 customers by 31 days, not all of them well. */
export const fleet = (): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: 260 }, (_, i) => {
      const days =
        i % 40 === 7 ? `${'d'.repeat(12)}ff${'d'.repeat(17)}` : i > 250 ? `${'d'.repeat(20)}rp.......hs` : '';
      return [`customer-${String(i).padStart(3, '0')}`, days || 'd'.repeat(31)];
    }),
  );
