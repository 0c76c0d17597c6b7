import { countDays } from '../../src/backfill/views/day-letters.js';
import type { Attention, Progress } from '../../src/backfill/views/progress.js';
import { PROOF_COLUMNS, type Proof } from '../../src/backfill/views/proof.js';
import type { Status } from '../../src/backfill/views/status.js';

/** The time that tests of views take for now. */
export const NOW = Date.parse('2026-02-07T12:00:00Z');

export interface Sketch {
  status?: Status;
  statusReason?: string;
  inFlight?: number;
  /** Seconds from now. */
  left?: number | null;
  attention?: Partial<Attention>[];
}

/** A progress as the query answers it, from the letters of its customers' days. */
export function progress(customers: Record<string, string>, sketch: Sketch = {}): Progress {
  const { status = 'running', statusReason = 'windows in flight', inFlight = 0, left = null, attention = [] } = sketch;
  return {
    status,
    statusReason,
    cluster: 'voice-prod',
    range: { start: '2026-01-01', end: '2026-02-01' },
    startedAt: '2026-02-07T11:59:00Z',
    totals: {
      ...countDays(Object.values(customers)),
      windows: { started: 0, completed: 0, failed: 0, adopted: 0 },
    },
    parallelism: { max: 4, min: 1, perCustomer: 1, adaptive: false, limit: 4, reason: '', inFlight },
    database: { level: 'off', reason: '' },
    writers: [],
    eta: left === null ? null : new Date(NOW + left * 1_000).toISOString(),
    customers: Object.entries(customers).map(([id, days]) => ({ id, days })),
    attention: attention.map((problem) => ({
      customer: 'cvs',
      days: ['2026-01-15'],
      class: 'permanent' as const,
      message: 'no such table',
      attempts: 1,
      workflowId: 'reindexconversations-cvs-2026-01-15',
      nextStep: 'retryFailed',
      ...problem,
    })),
    rejected: [],
  };
}

export const month = (letter: string) => letter.repeat(31);

/** What these tests do not need. */
export const noProof: Proof = {
  columns: PROOF_COLUMNS,
  rows: [],
  omitted: 0,
  digest: '',
  totals: { rows: 0, days: 0, verifiedDays: 0, conversations: 0, scorecards: 0 },
};
