import { type Client, defaultPayloadConverter } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';

export type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/** One execution of a workflow; without a run id, its latest. */
export interface Execution {
  readonly workflowId: string;
  readonly runId?: string | undefined;
}

/** Of `HistoryEventFilterType`: only the event that closed the execution. */
const CLOSE_EVENT = 2;

/** The first events of an execution, at most so many. */
export const firstEvents = (client: Client, execution: Execution, most: number): Promise<HistoryEvent[]> =>
  eventsOf(client, execution, { maximumPageSize: most });

/** The event with which an execution ended. */
export async function closeEvent(client: Client, execution: Execution): Promise<HistoryEvent | undefined> {
  return (await eventsOf(client, execution, { historyEventFilterType: CLOSE_EVENT })).at(-1);
}

async function eventsOf(
  client: Client,
  { workflowId, runId }: Execution,
  options: { maximumPageSize?: number; historyEventFilterType?: number },
): Promise<HistoryEvent[]> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId, ...(runId ? { runId } : {}) },
    ...options,
  });
  return history?.events ?? [];
}

/** A payload's value; undefined without one, and where its codec is not known here. */
export function decoded(payload: temporal.api.common.v1.IPayload | undefined): unknown {
  try {
    return payload && defaultPayloadConverter.fromPayload(payload);
  } catch {
    return undefined;
  }
}

/** A time as Temporal's API has it. */
export const dateOf = (time: HistoryEvent['eventTime']): Date | undefined =>
  time ? new Date(Number(time.seconds ?? 0) * 1_000 + (time.nanos ?? 0) / 1e6) : undefined;
