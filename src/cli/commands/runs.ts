import type { WorkflowExecutionInfo } from '@temporalio/client';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Progress } from '../../backfill/views/progress.js';
import type { Cluster, ClusterSession } from '../../fleet/index.js';
import { NoWorker, whileWorkerPolls } from '../../runs/ask.js';
import { describeRun as describe, isOfCluster, NotARun, type RunFacts, runsQuery } from '../../runs/run.js';
import { rangeName, rangeNamed } from '../../runs/run-names.js';
import { withDeadline } from '../../runs/time-limit.js';
import { onOneLine } from '../terminal/line.js';
import { EXIT } from './exit-codes.js';
import { badUsage, CommandProblem, isNoAnswer, isStuck } from './problem.js';

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

/** Adds the options that {@link findRun} reads. */
export const withRunOptions = (command: Command): Command =>
  command
    .addOption(new Option('--run <workflow id>', 'this run, by its exact workflow id').conflicts('range'))
    .addOption(
      new Option('--range <range>', 'the run of this range: 2026-01, or 2026-01-05--2026-01-20').argParser((text) => {
        if (rangeNamed(text)) return text;
        throw new InvalidArgumentError('Expected a month such as 2026-01, or days such as 2026-01-05--2026-01-20.');
      }),
    );

/**
 * The run that was named, else the open one, else the newest.
 *
 * @param open for commands that need an open run, and exactly one if none is named
 * @throws CommandProblem: no such run, or several open ones
 */
export async function findRun(session: ClusterSession, choice: RunChoice, { open = false } = {}): Promise<Run> {
  const { name } = session.cluster;
  const all = choice.run ? [] : await runsOf(session, choice.range);
  const openOnes = all.filter(({ closeTime }) => !closeTime);
  if (open && openOnes.length > 1) {
    const ids = openOnes.map(({ workflowId }) => workflowId).join(', ');
    throw badUsage(`${openOnes.length} open runs: ${ids}; choose one with --run`);
  }
  const workflowId = choice.run ?? (openOnes[0] ?? all[0])?.workflowId;
  if (workflowId === undefined) throw noRun(session.cluster, choice);
  const run = await describeRun(session, workflowId);
  if (!run) throw new CommandProblem(EXIT.noRun, `no workflow ${workflowId}; see backfill status ${name}`);
  if (open && !isOpen(run)) {
    const how = `${run.status.toLowerCase()}${run.closedAt ? ` ${run.closedAt.toISOString()}` : ''}`;
    throw new CommandProblem(EXIT.noRun, `no open run: ${workflowId} is ${how} and accepts no more commands`);
  }
  return { ...run, others: openOnes.map((other) => other.workflowId).filter((id) => id !== workflowId) };
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
): AsyncGenerator<WorkflowExecutionInfo> {
  const query = runsQuery(session, conditions);
  for await (const run of session.client.workflow.list({ query, pageSize: PAGE })) {
    // The prefix of cluster us-east-1 also matches the runs of us-east-1-prod.
    if (await isOfCluster(session, run)) yield run;
  }
}

/** The cluster's open runs and the latest closed ones, the newest first. Not all: each refresh of a page or a screen asks. */
function runsOf(session: ClusterSession, range?: string): Promise<WorkflowExecutionInfo[]> {
  const asked = range === undefined ? undefined : rangeNamed(range);
  const suffix = asked ? `-${rangeName(asked.start, asked.end)}` : '';
  return withDeadline(session.client, async () => {
    const found: WorkflowExecutionInfo[] = [];
    for await (const run of inOrder(session)) {
      if (found.length >= LATEST && run.closeTime) break;
      if (run.workflowId.endsWith(suffix)) found.push(run);
    }
    return found.sort((a, b) => b.startTime.getTime() - a.startTime.getTime());
  });
}

/** Workflow ids of the cluster's open runs. */
export async function openRuns(session: ClusterSession): Promise<string[]> {
  const runs = await runsOf(session);
  return runs.filter(({ closeTime }) => !closeTime).map(({ workflowId }) => workflowId);
}

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
  const message = isStuck(cause)
    ? `${workflowId} does not answer: its workflow task keeps failing${await taskFailureOf(run)}; the log of the worker on task queue ${taskQueue} says more`
    : `${workflowId} does not answer; check that a worker polls task queue ${taskQueue}, or see backfill doctor ${session.cluster.name}`;
  return new CommandProblem(EXIT.unreachable, message, { cause });
}

/** Why the run's latest workflow task failed, in its worker's words; empty where the history does not say. */
async function taskFailureOf({ session: { client }, workflowId }: Run): Promise<string> {
  const { namespace } = client.options;
  const latest = { namespace, execution: { workflowId }, maximumPageSize: 20 };
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse(latest);
  const failed = history?.events?.find((event) => event.workflowTaskFailedEventAttributes);
  const said = failed?.workflowTaskFailedEventAttributes?.failure?.message;
  return said ? `: ${onOneLine(said).slice(0, 300)}` : '';
}
