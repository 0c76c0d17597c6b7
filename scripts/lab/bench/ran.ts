import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Job } from './job.js';
import type { Stack } from './stack.js';

/** What a job took, by the server's own clock and records. */
export interface Ran extends Job {
  /** From the first window's start to the last one's close. */
  windowsPerSecond: number;
  /** From the start of the parent, or of the first window, until its result was here. */
  wallMs: number;
  /** Of the parent's worker; of the client there is none. */
  parentCpuMs: number;
  /** In all histories of the parent, from the first window's start on: what is done before is done once. */
  events: number;
  /** How many histories the parent has: one more than it continued as new. */
  runs: number;
  /** Of a sequential run: from each window's close to the first workflow task of the next, in ms. */
  gaps: number[];
  /** How many windows a next run of the parent followed. */
  carried: number;
}

interface Window {
  workflowId: string;
  startedAt: number;
  closedAt: number;
}

export async function runOf(
  { client }: Stack,
  job: Job,
  id: string,
  measured: Pick<Ran, 'wallMs' | 'parentCpuMs'>,
): Promise<Ran> {
  const windows = await windowsOf(client, `${id}.window`, job.windows);
  const first = Math.min(...windows.map(({ startedAt }) => startedAt));
  const last = Math.max(...windows.map(({ closedAt }) => closedAt));
  const histories = job.side === 'client' ? [] : await historiesOf(client, id);
  return {
    ...job,
    ...measured,
    windowsPerSecond: (windows.length * 1_000) / (last - first),
    events: histories.reduce((sum, { events }) => sum + events, 0) - (await eventsBefore(client, id, histories[0])),
    runs: histories.length,
    carried: job.maxHistoryEvents ? await carriedOver(client, id, histories) : 0,
    gaps: job.flight === 1 ? await gapsOf(client, windows) : [],
  };
}

/** Once visibility, which is a little behind, has seen them all close. */
async function windowsOf(client: Client, prefix: string, expected: number): Promise<Window[]> {
  const query = `WorkflowId STARTS_WITH "${prefix}" AND ExecutionStatus = "Completed"`;
  for (let attempt = 0; attempt < 100; attempt++) {
    const windows: Window[] = [];
    for await (const { workflowId, raw } of client.workflow.list({ query, pageSize: 1_000 })) {
      windows.push({ workflowId, startedAt: milliseconds(raw.startTime), closedAt: milliseconds(raw.closeTime) });
    }
    if (windows.length === expected) return windows.sort((a, b) => a.startedAt - b.startedAt);
    if (windows.length > expected) throw new Error(`${prefix}: ${windows.length} windows ran, expected ${expected}`);
    await sleep(100);
  }
  throw new Error(`${prefix}: fewer than ${expected} windows completed`);
}

interface History {
  runId: string;
  events: number;
}

async function historiesOf(client: Client, workflowId: string): Promise<History[]> {
  const found: History[] = [];
  let runId: string | undefined;
  // Back from the latest: visibility may be behind, descriptions are not.
  do {
    const description = await client.workflow.getHandle(workflowId, runId).describe();
    found.push({ runId: description.runId, events: description.historyLength });
    const { history } = await client.workflowService.getWorkflowExecutionHistory({
      namespace: client.options.namespace,
      maximumPageSize: 1,
      execution: { workflowId, runId: description.runId },
    });
    const [started] = history?.events ?? [];
    runId = started?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || undefined;
  } while (runId);
  return found.reverse();
}

/** Events before the first window's start. */
async function eventsBefore(client: Client, workflowId: string, first: History | undefined): Promise<number> {
  if (!first) return 0;
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    maximumPageSize: 100,
    execution: { workflowId, runId: first.runId },
  });
  const events = history?.events ?? [];
  return events.findIndex((event) => event.startChildWorkflowExecutionInitiatedEventAttributes);
}

async function carriedOver(client: Client, workflowId: string, histories: readonly History[]): Promise<number> {
  let carried = 0;
  for (const { runId } of histories.slice(1)) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    carried += (events ?? []).filter(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'followWindow',
    ).length;
  }
  return carried;
}

async function gapsOf(client: Client, windows: readonly Window[]): Promise<number[]> {
  const gaps: number[] = [];
  for (const [i, { workflowId }] of windows.entries()) {
    const previous = windows[i - 1];
    if (!previous) continue;
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    const task = events?.find((event) => event.workflowTaskStartedEventAttributes);
    gaps.push(milliseconds(task?.eventTime) - previous.closedAt);
  }
  return gaps;
}

type Timestamp = { seconds?: unknown; nanos?: number | null } | null | undefined;

const milliseconds = (time: Timestamp) => Number(time?.seconds) * 1_000 + (time?.nanos ?? 0) / 1_000_000;
