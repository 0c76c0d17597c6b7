import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { commandNamed } from '../../backfill/commands/command.js';
import { isFields } from '../../backfill/json.js';
import { dateOf, decoded, type Execution, type HistoryEvent } from '../../runs/history.js';

/** A command, or Temporal's own cancel, as it reached a run. */
export interface Sent {
  /** RFC 3339. */
  readonly at: string;
  readonly what: string;
  /** As they said with the command. */
  readonly by: string | undefined;
  /** What Temporal recorded: user@host, or a process. */
  readonly identity: string | null;
  /** What an Update answered. A signal has no answer, and may have been refused. */
  readonly did: string | undefined;
}

/**
 * All that was sent to a run, oldest first, from the histories of its executions, the latest of which is named.
 *
 * @returns `complete` is false where earlier executions are past the namespace's retention
 */
export async function sentTo(
  client: Client,
  { workflowId, runId }: Execution,
): Promise<{ sent: Sent[]; complete: boolean }> {
  const sent: Sent[][] = [];
  let execution: string | null | undefined = runId;
  try {
    while (execution) {
      const { events } = await client.workflow.getHandle(workflowId, execution).fetchHistory();
      sent.unshift(sentIn(events ?? []));
      execution = events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
    }
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
  return { sent: sent.flat(), complete: !execution };
}

/** Of one execution. An Update that was refused leaves no event. */
export function sentIn(events: readonly HistoryEvent[]): Sent[] {
  const answers = new Map<unknown, unknown>();
  for (const { workflowExecutionUpdateCompletedEventAttributes: completed } of events) {
    if (completed) answers.set(completed.meta?.updateId, decoded(completed.outcome?.success?.payloads?.[0]));
  }
  return events.flatMap((event): Sent[] => {
    const {
      workflowExecutionSignaledEventAttributes: signal,
      workflowExecutionUpdateAcceptedEventAttributes: update,
      workflowExecutionCancelRequestedEventAttributes: cancel,
    } = event;
    const at = timeOf(event) ?? '';
    if (cancel) return [{ at, what: 'cancel', by: undefined, identity: cancel.identity || null, did: undefined }];
    const request = update?.acceptedRequest;
    const what = commandNamed(signal?.signalName ?? request?.input?.name ?? '');
    if (what === undefined) return [];
    const argument = decoded((signal?.input ?? request?.input?.args)?.payloads?.[0]);
    const by = isFields(argument) && typeof argument.by === 'string' ? argument.by : undefined;
    const answer = answers.get(request?.meta?.updateId);
    const did = request && isFields(answer) && typeof answer.did === 'string' ? answer.did : undefined;
    return [{ at, what, by, identity: (signal?.identity ?? request?.meta?.identity) || null, did }];
  });
}

export const timeOf = ({ eventTime }: HistoryEvent): string | undefined => dateOf(eventTime)?.toISOString();
