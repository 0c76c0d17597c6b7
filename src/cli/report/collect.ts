import {
  ApplicationFailure,
  CancelledFailure,
  type Client,
  WorkflowFailedError,
  type WorkflowHandle,
} from '@temporalio/client';
import type { CustomerView } from '../../backfill/customer-view.js';
import type { LogView } from '../../backfill/journal.js';
import type { Progress } from '../../backfill/progress.js';
import type { Report } from '../../backfill/report.js';
import { childPrefixOf } from '../pictures/child-prefix.js';
import type { ClusterReport, CustomerDays, WindowRecord } from './document.js';
import { failureCounts, limitSteps } from './findings.js';
import { grouped } from './grouped.js';
import { proofOf } from './proof.js';
import { windowRecords, withClasses } from './window-records.js';

const PATIENCE_MS = 60_000;
/** Customers asked one by one, for what `progress` does not say; several at once. */
const MOST_ASKED = 200;
const ASKED_AT_ONCE = 8;
const DAY_MS = 86_400_000;

/**
 * Everything that a report says of one run: its own answers, its result if it has one, and Temporal's records of its
 * windows.
 *
 * @throws when the server or the run's worker does not answer; a closed run needs its worker too
 */
export async function collectRun(
  client: Client,
  { cluster, workflowId }: { cluster: string; workflowId: string },
  now: number,
): Promise<ClusterReport> {
  return client.withDeadline(Date.now() + PATIENCE_MS, async () => {
    const handle = client.workflow.getHandle(workflowId);
    const [described, progress, log, prefix] = await Promise.all([
      handle.describe(),
      handle.query<Progress>('progress'),
      handle.query<LogView[]>('log'),
      childPrefixOf(client, workflowId),
    ]);
    const endedAt = described.closeTime?.getTime();
    const [found, result] = await Promise.all([
      windowRecords(client, prefix, progress, { endedAt, now }),
      endedAt === undefined ? undefined : resultOf(handle),
    ]);
    const views = await customerViews(handle, customersToAsk(progress, found.windows));
    const windows = withClasses(found.windows, views, progress.attention);
    const { statusReason, range, startedAt, eta, parallelism, attention, status, totals } = progress;
    const proof = proofOf(result);
    const customersLeftOut = progress.customersLeftOut?.count ?? 0;
    return {
      ...{ cluster, workflowId, runId: described.runId, namespace: client.options.namespace },
      ...{ status, statusReason, range, startedAt, eta, parallelism, attention, log },
      endedAt: endedAt === undefined ? null : new Date(endedAt).toISOString(),
      durationMs: (endedAt ?? now) - Date.parse(startedAt),
      totals: { ...totals, customers: progress.customers.length + customersLeftOut },
      customers: customersOf(progress, result, views, windows),
      customersLeftOut,
      ...{ windows, windowsTruncated: found.truncated, limits: limitSteps(log), failures: failureCounts(windows) },
      ...(proof ? { proof } : {}),
    };
  });
}

/** The report that the run ended with, however it ended; undefined for a terminated run, or one that planned only. */
async function resultOf(handle: WorkflowHandle): Promise<Report | undefined> {
  let value: unknown;
  try {
    value = await handle.result();
  } catch (error) {
    const cause = error instanceof WorkflowFailedError ? error.cause : undefined;
    if (cause instanceof ApplicationFailure || cause instanceof CancelledFailure) value = cause.details?.[0];
  }
  return typeof value === 'object' && value !== null && 'outcome' in value ? (value as Report) : undefined;
}

/** Whose range is not the run's, and whose windows did not all complete: the run may still remember why. */
function customersToAsk({ customers, range }: Progress, windows: readonly WindowRecord[]): string[] {
  const days = (Date.parse(range.end) - Date.parse(range.start)) / DAY_MS;
  const odd = customers.filter((customer) => customer.days.length !== days).map(({ id }) => id);
  const troubled = windows.filter(({ status }) => status !== 'completed' && status !== 'running');
  const latestFirst = troubled.reverse().map(({ customer }) => customer);
  return [...new Set([...odd, ...latestFirst])].slice(0, MOST_ASKED);
}

async function customerViews(handle: WorkflowHandle, ids: readonly string[]): Promise<CustomerView[]> {
  const views: CustomerView[] = [];
  for (let at = 0; at < ids.length; at += ASKED_AT_ONCE) {
    const some = ids.slice(at, at + ASKED_AT_ONCE);
    const answers = some.map((customer) => handle.query<CustomerView, [unknown]>('customer', { customer }));
    views.push(...(await Promise.all(answers)));
  }
  return views;
}

function customersOf(
  { customers, range }: Progress,
  result: Report | undefined,
  views: readonly CustomerView[],
  windows: ClusterReport['windows'],
): CustomerDays[] {
  const reports = new Map(result?.customers.map((customer) => [customer.id, customer]));
  const asked = new Map(views.map((view) => [view.id, view]));
  const own = grouped(windows, ({ customer }) => customer);
  return customers.map(({ id, days }) => {
    const [report, view] = [reports.get(id), asked.get(id)];
    const recorded = (own.get(id) ?? []).filter(({ status }) => status !== 'running');
    const completed = recorded.filter(({ status }) => status === 'completed').length;
    const counts = report
      ? { completed: report.windows, unsuccessful: report.retries, busyMs: report.busyMs }
      : (view?.counts ?? {
          ...{ completed, unsuccessful: recorded.length - completed },
          busyMs: recorded.reduce((sum, { durationMs }) => sum + durationMs, 0),
        });
    return { id, start: view?.range.start ?? range.start, days, windows: counts };
  });
}
