import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import { listAll, microseconds } from './executions.js';
import { insist } from './stack.js';

/** What a backfill's histories say, in the one order in which Temporal recorded it, over all its runs. */
export type Fact = { order: number; time: number; chain: number } & (
  | { kind: 'started'; input: { parallelism: { max: number; perCustomer: number } } }
  | { kind: 'command'; name: string; argument: Record<string, unknown>; verdict: Verdict; updateId?: string }
  | { kind: 'windowDecided'; workflowId: string }
  | { kind: 'cancelAsked'; workflowId: string }
  /** A chain is one start with all its runs that continued as new. */
  | { kind: 'ended'; how: 'completed' | 'failed' | 'cancelled' | 'terminated' }
);

/** `unseen`: a signal that no log and no list of rejections mentions. */
export type Verdict = 'accepted' | 'refused' | 'unseen';

type Event = temporal.api.history.v1.IHistoryEvent;
type LogEntry = { what: string; by?: string };
type Rejected = { command: string; by?: string };

/** Reads the histories of every run of a workflow id. */
export async function factsOf(client: Client, workflowId: string): Promise<Fact[]> {
  const listed = await listAll(client, `WorkflowId = "${workflowId}"`);
  const runs = await Promise.all(
    listed.map(async ({ runId }) => {
      const history = await insist(() => client.workflow.getHandle(workflowId, runId).fetchHistory());
      return { runId, events: (history.events ?? []) as Event[] };
    }),
  );
  runs.sort((a, b) => microseconds(a.events[0]!.eventTime)! - microseconds(b.events[0]!.eventTime)!);
  const facts: Fact[] = [];
  const chains: string[] = [];
  for (const { runId, events } of runs) {
    const first = events[0]!.workflowExecutionStartedEventAttributes!.firstExecutionRunId!;
    if (!chains.includes(first)) chains.push(first);
    const seen = await mentions(client, workflowId, runId);
    readRun(events, chains.indexOf(first), seen, facts);
  }
  return facts;
}

/** What the run itself says that it did with each signal: by name and sender, accepted or refused. */
async function mentions(client: Client, workflowId: string, runId: string): Promise<Map<string, Verdict>> {
  const handle = client.workflow.getHandle(workflowId, runId);
  let log: LogEntry[];
  let rejected: Rejected[];
  try {
    log = await insist(() => handle.query<LogEntry[]>('log'));
    ({ rejected } = await insist(() => handle.query<{ rejected: Rejected[] }>('progress')));
  } catch (error) {
    // A run that was terminated before its first task has nothing to tell.
    if (/closed before WorkflowTaskStarted/.test(String((error as Error).cause))) return new Map();
    throw error;
  }
  return new Map([
    ...rejected.map(({ command, by }) => [`${key(command)} ${by}`, 'refused'] as const),
    ...log.map(({ what, by }) => [`${key(what)} ${by}`, 'accepted'] as const),
  ]);
}

const key = (name: string) => name.toLowerCase().replace(/[-_]/g, '');

function readRun(events: Event[], chain: number, seen: Map<string, Verdict>, facts: Fact[]): void {
  const outcomes = new Map<string, Verdict>();
  for (const { workflowExecutionUpdateCompletedEventAttributes: completed } of events) {
    if (completed) outcomes.set(String(completed.acceptedEventId), completed.outcome?.success ? 'accepted' : 'refused');
  }
  for (const event of events) {
    const fact = factOf(event, outcomes, seen);
    if (fact) facts.push({ ...fact, order: facts.length, time: microseconds(event.eventTime)!, chain });
  }
}

type Bare<T> = T extends unknown ? Omit<T, 'order' | 'time' | 'chain'> : never;

function factOf(event: Event, outcomes: Map<string, Verdict>, seen: Map<string, Verdict>): Bare<Fact> | undefined {
  const started = event.workflowExecutionStartedEventAttributes;
  if (started && !started.continuedExecutionRunId) return { kind: 'started', input: decode(started.input) };
  const updated = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest;
  if (updated) {
    const verdict = outcomes.get(String(event.eventId)) ?? 'unseen';
    const updateId = updated.meta?.updateId ?? '';
    return { kind: 'command', ...commandOf(updated.input?.name, updated.input?.args), verdict, updateId };
  }
  const signalled = event.workflowExecutionSignaledEventAttributes;
  if (signalled) {
    const command = commandOf(signalled.signalName, signalled.input);
    const verdict = seen.get(`${key(command.name)} ${command.argument.by}`) ?? 'unseen';
    return { kind: 'command', ...command, verdict };
  }
  const initiated = event.startChildWorkflowExecutionInitiatedEventAttributes;
  if (initiated) return { kind: 'windowDecided', workflowId: initiated.workflowId! };
  const cancel = event.requestCancelExternalWorkflowExecutionInitiatedEventAttributes;
  if (cancel) return { kind: 'cancelAsked', workflowId: cancel.workflowExecution!.workflowId! };
  if (event.workflowExecutionCompletedEventAttributes) return { kind: 'ended', how: 'completed' };
  if (event.workflowExecutionFailedEventAttributes) return { kind: 'ended', how: 'failed' };
  if (event.workflowExecutionCanceledEventAttributes) return { kind: 'ended', how: 'cancelled' };
  if (event.workflowExecutionTerminatedEventAttributes) return { kind: 'ended', how: 'terminated' };
  return undefined;
}

type Payloads = temporal.api.common.v1.IPayloads | null | undefined;

function commandOf(spelling: string | null | undefined, args: Payloads) {
  const plain = (spelling ?? '').replace(/[-_]([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return { name: plain, argument: decode<Record<string, unknown>>(args) };
}

function decode<T>(payloads: Payloads): T {
  return defaultPayloadConverter.fromPayload<T>(payloads!.payloads![0]!);
}
