import { countDays, type DayCounts } from '../../backfill/views/day-letters.js';
import type { LoadView } from '../../backfill/views/load.js';
import type { LogView } from '../../backfill/views/log.js';
import type { PlacedDays } from '../../backfill/views/placed-days.js';
import type { Attention, Progress } from '../../backfill/views/progress.js';
import type { Audit } from '../../backfill/views/report.js';
import type { Status } from '../../backfill/views/status.js';

/** Increases when a field changes its meaning or is removed, not when a field is added. */
export const REPORT_VERSION = 1;

/**
 * A report: `--format json` writes it as it is, and every other format is made from it. Times are RFC 3339 in UTC, days
 * `YYYY-MM-DD`, ends exclusive, durations in ms.
 */
export interface ReportDocument {
  readonly version: typeof REPORT_VERSION;
  readonly generatedAt: string;
  readonly totals: ReportTotals;
  readonly clusters: readonly ClusterReport[];
  /** Requested clusters that are not in `clusters`, each with the reason and the next step. */
  readonly missing: readonly MissingCluster[];
}

export interface MissingCluster {
  readonly cluster: string;
  readonly reason: string;
}

/** Sums over all clusters. */
export interface ReportTotals extends DayCounts {
  readonly customers: number;
  readonly windows: Progress['totals']['windows'];
}

/** One run. */
export interface ClusterReport {
  readonly cluster: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly namespace: string;
  readonly status: Status;
  readonly statusReason: string;
  readonly range: { readonly start: string; readonly end: string };
  readonly startedAt: string;
  /** Null while the run is open; then the report is as of `generatedAt`. */
  readonly endedAt: string | null;
  readonly durationMs: number;
  readonly eta: string | null;
  readonly totals: ReportTotals;
  readonly parallelism: Progress['parallelism'];
  readonly customers: readonly CustomerReport[];
  /** How many customers are in `totals` only, because they do not fit in the run's answer; most are done. */
  readonly customersLeftOut: number;
  /** Temporal's own records of the windows' workflows, in the order of their starts. */
  readonly windows: readonly WindowRecord[];
  /** Whether there are more windows than are listed: the earliest are left out. */
  readonly windowsTruncated: boolean;
  /** How the limit moved, oldest first, as far back as the log goes. */
  readonly limits: readonly LimitStep[];
  /** How the database's load moved, as the probe saw it, oldest first; empty without a probe. */
  readonly load: readonly LoadView[];
  readonly failures: readonly FailureCount[];
  readonly attention: readonly Attention[];
  readonly log: readonly LogView[];
  /** What was verified for each day of each customer, where the run did so. */
  readonly proof?: ProofReport;
  /** The digests of the log, from the run's result: see `backfill verify-report`. */
  readonly audit?: Audit;
}

export interface CustomerReport extends PlacedDays {
  readonly windows: { readonly completed: number; readonly unsuccessful: number; readonly busyMs: number };
}

export type WindowStatus =
  | 'running'
  | 'completed'
  | 'failed'
  | 'timedOut'
  | 'cancelled'
  | 'terminated'
  | 'continuedAsNew';

/** One execution of a window's workflow. */
export interface WindowRecord {
  readonly workflowId: string;
  readonly runId: string;
  readonly customer: string;
  /** The hours that it covers. */
  readonly from: string;
  readonly to: string;
  readonly status: WindowStatus;
  /** The class of its failure, as far back as the run remembers. */
  readonly class?: string;
  readonly error?: string;
  readonly startedAt: string;
  readonly closedAt: string | null;
  readonly durationMs: number;
}

export interface LimitStep {
  readonly at: string;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

/** Windows that did not complete, by class of failure. */
export interface FailureCount {
  /** `notRemembered` for those that the run no longer remembers. */
  readonly class: string;
  readonly windows: number;
  readonly customers: number;
  readonly example: string;
}

/** The evidence that done days are done, from the run's result. */
export interface ProofReport {
  readonly rows: readonly ProofRow[];
  /** Done days without rows, because there were too many. */
  readonly omitted: number;
  /** SHA-256 over the rows as the result has them, in hexadecimal. */
  readonly digest: string;
}

/** One day of one customer, or the part of it that one window covered. */
export interface ProofRow {
  readonly customer: string;
  readonly day: string;
  /** Null where nothing was counted. */
  readonly conversations: number | null;
  readonly scorecards: number | null;
  /** The window's workflow id, and when it completed; null where it completed before this run. */
  readonly window: string | null;
  readonly completedAt: string | null;
  readonly attempts: number;
  readonly verified: boolean;
}

/** Several runs as one document. */
export function documentOf(
  clusters: readonly ClusterReport[],
  now: number,
  missing: readonly MissingCluster[] = [],
): ReportDocument {
  const totals: ReportTotals = {
    ...countDays([]),
    customers: 0,
    windows: { started: 0, completed: 0, failed: 0, adopted: 0 },
  };
  for (const { totals: own } of clusters) addTo(totals as unknown as Sums, own as unknown as Sums);
  return { version: REPORT_VERSION, generatedAt: new Date(now).toISOString(), totals, clusters, missing };
}

type Sums = { [name: string]: number | Sums };

function addTo(sums: Sums, more: Sums): void {
  for (const [name, amount] of Object.entries(sums)) {
    if (typeof amount === 'number') sums[name] = amount + ((more[name] as number | undefined) ?? 0);
    else addTo(amount, more[name] as Sums);
  }
}
