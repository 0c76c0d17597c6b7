import type { Client } from '@temporalio/client';
import { type Interval, meet } from '../backfill/hours/interval.js';
import { parseWindowId } from '../backfill/hours/window.js';
import { closeEvent, decoded, firstEvents, type HistoryEvent } from '../runs/history.js';

/** One execution of a window's workflow, as its own history has it. */
export interface Attempt {
  readonly workflowId: string;
  readonly runId: string;
  readonly interval: Interval;
  /** As Temporal names it: `COMPLETED`, `FAILED`. */
  readonly status: string;
  readonly startedAt: Date;
  readonly closedAt?: Date;
  /** The identities of the workers that worked on it. */
  readonly workers: readonly string[];
  /** Why it failed: the messages of its cause chain; or who terminated it, and why. */
  readonly message?: string;
  /** What it returned, as JSON: what it counted. */
  readonly result?: string;
}

const MOST = 12;
/** A window's history is short; of a longer one the first and the last events matter. */
const EVENTS = 200;
const LONGEST_RESULT = 500;

/** The latest executions of windows over a customer's day, the newest first. Each costs Temporal two questions. */
export async function attemptsOn(client: Client, prefix: string, customer: string, day: Interval): Promise<Attempt[]> {
  const query = `WorkflowId STARTS_WITH "${prefix}-${customer}-"`;
  const found: Promise<Attempt>[] = [];
  for await (const { workflowId, runId, startTime, closeTime, status } of client.workflow.list({ query })) {
    const window = parseWindowId(prefix, workflowId);
    if (window?.customer !== customer || !meet(window.interval, day)) continue;
    const listed = { workflowId, runId, interval: window.interval, status: status.name, startedAt: startTime };
    found.push(withHistory(client, { ...listed, ...(closeTime && { closedAt: closeTime }), workers: [] }));
    if (found.length === MOST) break;
  }
  return Promise.all(found);
}

async function withHistory(client: Client, attempt: Attempt): Promise<Attempt> {
  try {
    const [events, last] = await Promise.all([
      firstEvents(client, attempt, EVENTS),
      attempt.closedAt && closeEvent(client, attempt),
    ]);
    return { ...attempt, workers: workersIn(events), ...endingIn(last) };
  } catch {
    // Its history is past its retention.
    return attempt;
  }
}

function workersIn(events: readonly HistoryEvent[]): string[] {
  const identities = events.flatMap(({ activityTaskStartedEventAttributes: activity }) => activity?.identity ?? []);
  const workflow = events.flatMap(({ workflowTaskStartedEventAttributes: task }) => task?.identity ?? []);
  return [...new Set(identities.length > 0 ? identities : workflow)];
}

function endingIn(event: HistoryEvent | undefined): Pick<Attempt, 'message' | 'result'> {
  const failure = event?.workflowExecutionFailedEventAttributes?.failure;
  const { identity, reason } = event?.workflowExecutionTerminatedEventAttributes ?? {};
  const messages: string[] = [];
  if (identity) messages.push(`terminated by ${identity}`);
  if (reason) messages.push(reason);
  for (let cause = failure; cause; cause = cause.cause) if (cause.message) messages.push(cause.message);
  const result = event?.workflowExecutionCompletedEventAttributes?.result?.payloads?.[0];
  return {
    ...(messages.length > 0 ? { message: messages.join(': ') } : {}),
    ...(result ? { result: (JSON.stringify(decoded(result)) ?? '').slice(0, LONGEST_RESULT) } : {}),
  };
}
