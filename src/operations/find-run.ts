import type { WorkflowExecutionInfo } from '@temporalio/client';
import type { Progress } from '../backfill/views/progress.js';
import type { Cluster, ClusterSession } from '../fleet/index.js';
import { isTimedOut } from '../fleet/queries.js';
import { onOneLine } from '../one-line.js';
import { NoWorker, whileWorkerPolls } from '../runs/ask.js';
import { describeRun as describe, isOfCluster, NotARun, type RunFacts, runsQuery } from '../runs/run.js';
import { rangeName, rangeNamed, runId } from '../runs/run-names.js';
import { withDeadline } from '../runs/time-limit.js';
import { isStuck } from '../runs/unanswered.js';
import { EXIT } from './exit-codes.js';
import { badUsage, CommandProblem, isNoAnswer } from './problem.js';

/** Which run to use: `--run`, `--range`, or neither. */
export interface RunChoice {
  run?: string;
  range?: string;
}

/** One run of a cluster. */
export interface Run extends RunFacts {
  readonly session: ClusterSession;
  /** Ids of other runs of the cluster that are open. */
  readonly others: readonly string[];
}

/** So many closed runs are looked at for the newest. */
const LATEST = 20;
const PAGE = 100;

/** Not ended. A paused run is open, although its status is not `RUNNING`. */
export const isOpen = ({ closedAt }: { closedAt?: Date | undefined }): boolean => closedAt === undefined;

/**
 * The run that was named, else the open one, else the newest.
 *
 * @param open for commands that need an open run, and exactly one if none is named
 * @throws CommandProblem: no such run, or several open ones
 */
export async function findRun(session: ClusterSession, choice: RunChoice, { open = false } = {}): Promise<Run> {
  const { name } = session.cluster;
  const found = choice.run === undefined ? await runsOf(session, choice.range) : { open: [], latest: choice.run };
  if (open && found.open.length > 1) {
    throw badUsage(`${found.open.length} open runs: ${found.open.join(', ')}; choose one with --run`);
  }
  const workflowId = found.open[0] ?? found.latest;
  const run = workflowId === undefined ? undefined : await describeRun(session, workflowId);
  if (choice.run !== undefined && !run) {
    throw new CommandProblem(EXIT.noRun, `no workflow ${choice.run}; see backfill status ${name}`);
  }
  if (!run) throw noRun(session.cluster, choice);
  if (open && !isOpen(run)) {
    const how = `${run.status.toLowerCase()}${run.closedAt ? ` ${run.closedAt.toISOString()}` : ''}`;
    throw new CommandProblem(EXIT.noRun, `no open run: ${workflowId} is ${how} and accepts no more commands`);
  }
  return { ...run, others: found.open.filter((id) => id !== workflowId) };
}

function noRun({ name }: Cluster, { range }: RunChoice): CommandProblem {
  const which = range ? `no run of ${range}` : 'no run';
  return new CommandProblem(EXIT.noRun, `${which}; start one with backfill start ${name} --month 2026-01`);
}

/** The run as it is now, also where visibility lags behind; undefined if there is none. */
export async function describeRun(session: ClusterSession, workflowId: string): Promise<Run | undefined> {
  try {
    const found = await describe(session, workflowId);
    return found && { ...found, session, others: [] };
  } catch (error) {
    if (error instanceof NotARun) throw new CommandProblem(EXIT.noRun, error.message);
    throw error;
  }
}

/** Every run of the cluster that was started since then, also several with the same id, the oldest first. */
export function executionsOfCluster(session: ClusterSession, since: Date): Promise<WorkflowExecutionInfo[]> {
  return withDeadline(session.client, async () => {
    const found: WorkflowExecutionInfo[] = [];
    for await (const run of inOrder(session, [`StartTime >= "${since.toISOString()}"`])) found.push(run);
    return found.reverse();
  });
}

/** In Temporal's order: those that are open, then those that closed last. */
async function* inOrder(
  session: ClusterSession,
  conditions?: readonly string[],
  pageSize = PAGE,
): AsyncGenerator<WorkflowExecutionInfo> {
  const query = runsQuery(session, conditions);
  for await (const run of session.client.workflow.list({ query, pageSize })) {
    // The prefix of cluster us-east-1 also matches the runs of us-east-1-prod.
    if (await isOfCluster(session, run)) yield run;
  }
}

/** Workflow ids of the cluster's open runs, the newest first, and of the newest among the latest closed ones. */
async function runsOf(session: ClusterSession, range?: string): Promise<{ open: string[]; latest?: string }> {
  const asked = range === undefined ? undefined : rangeNamed(range);
  const { name, connection } = session.cluster;
  // Without a fleet file the cluster in the id has any name that its starter chose.
  if (asked && !connection.environment) return { open: [], latest: runId(name, asked.start, asked.end) };
  const suffix = asked ? `-${rangeName(asked.start, asked.end)}` : '';
  const enough = asked ? 1 : LATEST;
  const found: WorkflowExecutionInfo[] = [];
  await withDeadline(session.client, async () => {
    for await (const run of inOrder(session, [], asked ? PAGE : LATEST)) {
      if (run.workflowId.endsWith(suffix)) found.push(run);
      // Not all: each refresh of a page or a screen asks.
      if (found.length >= enough && run.closeTime) break;
    }
  });
  found.sort((a, b) => b.startTime.getTime() - a.startTime.getTime());
  const ids = (runs: typeof found) => runs.map(({ workflowId }) => workflowId);
  const [latest] = ids(found);
  return { open: ids(found.filter(({ closeTime }) => !closeTime)), ...(latest !== undefined && { latest }) };
}

/** Workflow ids of the cluster's open runs. */
export const openRuns = async (session: ClusterSession): Promise<string[]> => (await runsOf(session)).open;

/** A run's answer to a query, or a problem that names what does not answer and what to do. */
export function ask<T>(run: Run, query: string, ...args: unknown[]): Promise<T> {
  const { client } = run.session;
  // By its id alone: a run may have continued as new since it was found.
  return answered(run, () =>
    withDeadline(client, () => client.workflow.getHandle(run.workflowId).query<T, unknown[]>(query, ...args)),
  );
}

export const progressOf = (run: Run): Promise<Progress> => ask<Progress>(run, 'progress');

/** Calls that the run's worker answers. If no worker polls, they fail at once, rather than at their deadline. */
export async function answered<T>(run: Run, calls: () => Promise<T>): Promise<T> {
  if (run.pause) throw new CommandProblem(EXIT.attention, run.pause);
  try {
    return await whileWorkerPolls(run.session, run, calls);
  } catch (error) {
    throw error instanceof NoWorker || isNoAnswer(error) ? await noAnswerFrom(run, error) : error;
  }
}

/** The run does not answer: the next step is to look at its worker. */
export async function noAnswerFrom(run: Run, cause?: unknown): Promise<CommandProblem> {
  const { session, workflowId, taskQueue } = run;
  const mayFail = isStuck(cause) || isTimedOut(cause);
  const failed = mayFail ? await taskFailureOf(run).catch(() => undefined) : undefined;
  const message =
    failed !== undefined || isStuck(cause)
      ? `${workflowId} does not answer: its workflow task keeps failing${failed ? `: ${failed}` : ''}; the log of the worker on task queue ${taskQueue} says more`
      : `${workflowId} does not answer; check that a worker polls task queue ${taskQueue}, or see backfill doctor ${session.cluster.name}`;
  return new CommandProblem(EXIT.unreachable, message, { cause });
}

/** Why the run's latest workflow task failed, in its worker's words; undefined if it did not. */
async function taskFailureOf({ session: { client }, workflowId }: Run): Promise<string | undefined> {
  const { namespace } = client.options;
  const latest = { namespace, execution: { workflowId }, maximumPageSize: 20 };
  const ask = () => client.workflowService.getWorkflowExecutionHistoryReverse(latest);
  const { history } = await withDeadline(client, ask);
  const ended = history?.events?.find(
    (event) => event.workflowTaskFailedEventAttributes ?? event.workflowTaskCompletedEventAttributes,
  );
  const failed = ended?.workflowTaskFailedEventAttributes;
  return failed ? onOneLine(failed.failure?.message ?? '').slice(0, 300) : undefined;
}
