import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import type { LogView } from '../../backfill/views/log.js';
import { errorText } from '../terminal/error-text.js';

/** Something that someone did, or that a run decided. */
export interface AuditEntry {
  /** RFC 3339. */
  readonly at: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly kind: 'start' | 'command' | 'cancel' | 'terminate' | 'decision';
  /** As they said with a command, else the identity that Temporal recorded: user@host, or a process. */
  readonly by: string | null;
  readonly what: string;
  readonly effect: string;
}

/** What is known of one run, and what could not be read of it. */
export interface RunAudit {
  readonly entries: readonly AuditEntry[];
  readonly gap?: string;
}

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

const isClosed = ({ status }: WorkflowExecutionInfo) => status.name !== 'RUNNING' && status.name !== 'PAUSED';

/**
 * All that is recorded of a run: its start and how it was ended from Temporal, commands and decisions from its log. A
 * closed run answers only while a worker polls; without one, its log is the gap.
 */
export async function auditOf(client: Client, run: WorkflowExecutionInfo): Promise<RunAudit> {
  const { workflowId, runId } = run;
  const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
  const first = raw.workflowExecutionInfo?.firstRunId || runId;
  const [started] = await eventsOf(client, workflowId, first, { maximumPageSize: 1 });
  const { identity = null, input } = started?.workflowExecutionStartedEventAttributes ?? {};
  const common = { workflowId, runId };
  const start: AuditEntry = {
    ...common,
    at: timeOf(started) ?? run.startTime.toISOString(),
    kind: 'start',
    by: identity,
    what: 'start',
    effect: `started with ${input?.payloads?.[0]?.data ? new TextDecoder().decode(input.payloads[0].data).slice(0, 500) : 'no input'}`,
  };
  const log = await client.workflow
    .getHandle(workflowId, runId)
    .query<LogView[]>('log')
    .catch((error: unknown) => errorText(error));
  if (typeof log === 'string') return { entries: [start, ...(await endOf(client, run))], gap: `${workflowId}: ${log}` };
  const canceller = log.some(({ what }) => what === 'cancel') ? await cancellerOf(client, run) : null;
  const logged = log.map(({ at, what, by, effect }): AuditEntry => {
    const kind = what === 'decision' ? 'decision' : what === 'cancel' ? 'cancel' : 'command';
    return { ...common, at, kind, by: by ?? (kind === 'cancel' ? canceller : null), what, effect };
  });
  return { entries: [start, ...logged, ...(await endOf(client, run))] };
}

/** Who terminated it, if someone did: the only end that a run does not log itself. */
async function endOf(client: Client, run: WorkflowExecutionInfo): Promise<AuditEntry[]> {
  if (!isClosed(run) || run.status.name !== 'TERMINATED') return [];
  const { workflowId, runId } = run;
  // HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT
  const [event] = await eventsOf(client, workflowId, runId, { historyEventFilterType: 2 });
  const { identity = null, reason } = event?.workflowExecutionTerminatedEventAttributes ?? {};
  const at = timeOf(event) ?? run.startTime.toISOString();
  const effect = `terminated${reason ? `: ${reason}` : ''}; running windows continue`;
  return [{ workflowId, runId, at, kind: 'terminate', by: identity, what: 'terminate', effect }];
}

async function cancellerOf(client: Client, { workflowId, runId }: WorkflowExecutionInfo): Promise<string | null> {
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const requested = events?.find((event) => event.workflowExecutionCancelRequestedEventAttributes);
  return requested?.workflowExecutionCancelRequestedEventAttributes?.identity ?? null;
}

async function eventsOf(
  client: Client,
  workflowId: string,
  runId: string,
  options: { maximumPageSize?: number; historyEventFilterType?: number },
): Promise<HistoryEvent[]> {
  const { namespace } = client.options;
  const answer = await client.workflowService.getWorkflowExecutionHistory({
    namespace,
    execution: { workflowId, runId },
    ...options,
  });
  return answer.history?.events ?? [];
}

const timeOf = (event: HistoryEvent | undefined): string | undefined =>
  event?.eventTime ? new Date(Number(event.eventTime.seconds) * 1_000).toISOString() : undefined;
