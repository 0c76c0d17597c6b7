import type { Client, WorkflowHandle } from '@temporalio/client';
import { defined } from '../../backfill/defined.js';
import type { CustomerView } from '../../backfill/views/customer.js';
import type { LoadView } from '../../backfill/views/load.js';
import type { LogView } from '../../backfill/views/log.js';
import { placedDays } from '../../backfill/views/placed-days.js';
import type { Progress } from '../../backfill/views/progress.js';
import type { Report } from '../../backfill/views/report.js';
import { childPrefixOf } from '../../runs/run-input.js';
import { runReport } from '../../runs/run-result.js';
import { withDeadline } from '../../runs/time-limit.js';
import type { ClusterReport, CustomerReport, WindowRecord } from './document.js';
import { failureCounts, limitSteps } from './findings.js';
import { grouped } from './grouped.js';
import { proofOf } from './proof.js';
import { MOST_WINDOWS, windowRecords, withClasses } from './window-records.js';

const REPORT_LIMIT_MS = 60_000;

export interface CollectOptions {
  /** The run's answer, where it is known already. */
  readonly progress?: Progress | undefined;
  /** The most windows that are listed, the latest first. */
  readonly windows?: number;
  /** The most customers that are queried one by one, for what `progress` does not have. */
  readonly customers?: number;
}

/**
 * Everything that a report says about one run: from its queries, its result if it has one, and Temporal's records of its
 * windows.
 *
 * @throws when the server or the run's worker does not answer; a closed run needs its worker too
 */
export async function collectRun(
  client: Client,
  { cluster, workflowId, runId }: { cluster: string; workflowId: string; runId?: string | undefined },
  now: number,
  { progress: known, windows: mostWindows = MOST_WINDOWS, customers: mostCustomers = 200 }: CollectOptions = {},
): Promise<ClusterReport> {
  const calls = async (): Promise<ClusterReport> => {
    const handle = client.workflow.getHandle(workflowId, runId);
    const [described, progress, log, load, prefix] = await Promise.all([
      handle.describe(),
      known ?? handle.query<Progress>('progress'),
      handle.query<LogView[]>('log'),
      // A worker of an earlier release does not know this query.
      handle.query<LoadView[]>('load').catch((): LoadView[] => []),
      childPrefixOf(client, workflowId, runId),
    ]);
    const endedAt = described.closeTime?.getTime();
    const [found, result] = await Promise.all([
      windowRecords(client, prefix, progress, { endedAt, now, most: mostWindows }),
      endedAt === undefined ? undefined : runReport(handle).catch(() => undefined),
    ]);
    const views = await customerViews(handle, customersToAsk(found.windows).slice(0, mostCustomers));
    const windows = withClasses(found.windows, views, progress.attention);
    const { startedAt } = progress;
    const proof = proofOf(result);
    const customersLeftOut = progress.customersLeftOut?.count ?? 0;
    return {
      cluster,
      workflowId,
      runId: described.runId,
      namespace: client.options.namespace,
      status: progress.status,
      statusReason: progress.statusReason,
      range: progress.range,
      startedAt,
      endedAt: endedAt === undefined ? null : new Date(endedAt).toISOString(),
      durationMs: (endedAt ?? now) - Date.parse(startedAt),
      eta: progress.eta,
      totals: { ...progress.totals, customers: progress.customers.length + customersLeftOut },
      parallelism: progress.parallelism,
      customers: customerReports(progress, result, views, windows),
      customersLeftOut,
      windows,
      windowsTruncated: found.truncated,
      limits: limitSteps(log),
      load,
      failures: failureCounts(windows),
      attention: progress.attention,
      log,
      ...defined({ proof, audit: result?.audit }),
    };
  };
  return withDeadline(client, calls, REPORT_LIMIT_MS);
}

/** Customers whose windows did not all complete: the run may still remember why. */
function customersToAsk(windows: readonly WindowRecord[]): string[] {
  const troubled = windows.filter(({ status }) => status !== 'completed' && status !== 'running');
  const latestFirst = troubled.reverse().map(({ customer }) => customer);
  return [...new Set(latestFirst)];
}

async function customerViews(handle: WorkflowHandle, ids: readonly string[]): Promise<CustomerView[]> {
  const views: CustomerView[] = [];
  for (const customer of ids) views.push(await handle.query<CustomerView, [unknown]>('customer', { customer }));
  return views;
}

function customerReports(
  progress: Progress,
  result: Report | undefined,
  views: readonly CustomerView[],
  windows: ClusterReport['windows'],
): CustomerReport[] {
  const reports = new Map(result?.customers.map((customer) => [customer.id, customer]));
  const asked = new Map(views.map((view) => [view.id, view]));
  const own = grouped(windows, ({ customer }) => customer);
  return placedDays(progress).map((customer) => {
    const { id } = customer;
    const [report, view] = [reports.get(id), asked.get(id)];
    const recorded = (own.get(id) ?? []).filter(({ status }) => status !== 'running');
    const completed = recorded.filter(({ status }) => status === 'completed').length;
    const counts = report
      ? { completed: report.windows, unsuccessful: report.retries, busyMs: report.busyMs }
      : (view?.counts ?? {
          completed,
          unsuccessful: recorded.length - completed,
          busyMs: recorded.reduce((sum, { durationMs }) => sum + durationMs, 0),
        });
    return { ...customer, windows: counts };
  });
}
