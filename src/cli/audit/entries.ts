import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { LOG_LENGTH } from '../../backfill/state/journal.js';
import type { LogView } from '../../backfill/views/log.js';
import { errorText } from '../../error-text.js';
import { closeEvent, firstEvents } from '../../runs/history.js';
import { type Sent, sentTo, timeOf } from './history.js';

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

/**
 * All that is recorded of a run: its start and how it was ended from Temporal, commands and decisions from its log. What its
 * log no longer has, or does not answer because no worker polls, comes from its histories: commands, but no decisions.
 */
export async function auditOf(client: Client, run: WorkflowExecutionInfo): Promise<RunAudit> {
  const { workflowId, runId } = run;
  const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
  const first = raw.workflowExecutionInfo?.firstRunId || runId;
  const [started] = await firstEvents(client, { workflowId, runId: first }, 1);
  const { identity = null, input } = started?.workflowExecutionStartedEventAttributes ?? {};
  const common = { workflowId, runId };
  const start: AuditEntry = {
    ...common,
    at: (started && timeOf(started)) ?? run.startTime.toISOString(),
    kind: 'start',
    by: identity,
    what: 'start',
    effect: `started with ${input?.payloads?.[0]?.data ? new TextDecoder().decode(input.payloads[0].data).slice(0, 500) : 'no input'}`,
  };
  const log = await client.workflow
    .getHandle(workflowId, runId)
    .query<LogView[]>('log')
    .catch((error: unknown) => errorText(error));
  const entries = typeof log === 'string' ? [] : log;
  const isWhole = typeof log !== 'string' && log.length < LOG_LENGTH;
  const needed = !isWhole || entries.some(({ what }) => what === 'cancel');
  const { sent, complete } = needed ? await sentTo(client, run) : { sent: [], complete: true };
  const { older, logged } = merged(sent, entries);
  const gap = complete ? '' : 'commands of its earliest executions are past the retention of their histories';
  const gaps = [typeof log === 'string' ? log : '', gap].filter((text) => text !== '');
  return {
    entries: [start, ...[...older, ...logged].map((entry) => ({ ...common, ...entry })), ...(await endOf(client, run))],
    ...(gaps.length > 0 && { gap: `${workflowId}: ${gaps.join('; ')}` }),
  };
}

type Entry = Omit<AuditEntry, 'workflowId' | 'runId'>;

/** What was sent before the log begins, and the log, with the identity that Temporal recorded where nobody said who. */
export function merged(sent: readonly Sent[], log: readonly LogView[]): { older: Entry[]; logged: Entry[] } {
  const unmatched = [...sent];
  const logged = log.toReversed().map(({ at, what, by, effect }): Entry => {
    if (what === 'decision') return { at, kind: 'decision', by: null, what, effect };
    // A command is logged when its workflow task begins, which is not before it was sent.
    const index = unmatched.findLastIndex((own) => own.what === what && own.by === by && own.at <= at);
    const [found] = index < 0 ? [] : unmatched.splice(index, 1);
    return { at, kind: kindOf(what), by: by ?? found?.identity ?? null, what, effect };
  });
  // What is left of the log's own time are signals that were refused.
  const begin = log[0]?.at;
  const older = unmatched
    .filter(({ at }) => begin === undefined || at < begin)
    .map(({ at, what, by, identity, did }): Entry => {
      const effect = did ?? 'accepted or refused: the log no longer has what it did';
      return { at, kind: kindOf(what), by: by ?? identity, what, effect };
    });
  return { older, logged: logged.toReversed() };
}

const kindOf = (what: string) => (what === 'cancel' ? 'cancel' : 'command');

/** Who terminated it, if someone did: the only end that a run does not log itself. */
async function endOf(client: Client, run: WorkflowExecutionInfo): Promise<AuditEntry[]> {
  if (run.status.name !== 'TERMINATED') return [];
  const { workflowId, runId } = run;
  const event = await closeEvent(client, run);
  const { identity = null, reason } = event?.workflowExecutionTerminatedEventAttributes ?? {};
  const at = (event && timeOf(event)) ?? run.startTime.toISOString();
  const effect = `terminated${reason ? `: ${reason}` : ''}; running windows continue`;
  return [{ workflowId, runId, at, kind: 'terminate', by: identity, what: 'terminate', effect }];
}
