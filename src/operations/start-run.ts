import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { ClusterSession } from '../fleet/index.js';
import { percent } from '../presentation/lines/format.js';
import { startRun as start, workflowIdFor } from '../runs/start.js';
import { EXIT } from './exit-codes.js';
import { describeRun, isOpen, openRuns, progressOf, type Run } from './find-run.js';
import { CommandProblem } from './problem.js';
import type { CheckedInput } from './request-input.js';

/** A run that is ready to start. */
export interface Prepared {
  readonly session: ClusterSession;
  readonly workflowId: string;
  readonly input: CheckedInput['input'];
  readonly range: CheckedInput['range'];
  /** What the operator should know before it starts. */
  readonly warnings: readonly string[];
}

/** @throws CommandProblem (refused) if the run is already open */
export async function prepareStart(
  session: ClusterSession,
  { input, range, warnings }: CheckedInput,
): Promise<Prepared> {
  const { cluster } = session;
  const workflowId = workflowIdFor(session, { input, range });
  const same = await describeRun(session, workflowId);
  if (same && isOpen(same)) throw await alreadyRunning(same);
  const found: string[] = [];
  if (same && input.resume !== true) {
    const ended = `${same.status.toLowerCase()} ${same.closedAt?.toISOString().slice(0, 10)}`;
    found.push(`${workflowId} ran before (${ended}); without --resume everything runs again`);
  }
  for (const other of await openRuns(session)) found.push(`${other} is also open on ${cluster.name}`);
  return { session, workflowId, input, range, warnings: [...found, ...warnings] };
}

async function alreadyRunning(run: Run): Promise<CommandProblem> {
  if (run.pause) return new CommandProblem(EXIT.refused, run.pause);
  const now = await progressOf(run).catch(() => undefined);
  const how = now
    ? `${now.status}, ${percent(now.totals.done + now.totals.skipped, now.totals.days)}% done`
    : 'open, but no worker answers';
  return new CommandProblem(
    EXIT.refused,
    `${run.workflowId} is already running (${how}), since ${run.startedAt.toISOString()}; see backfill status ${run.session.cluster.name}`,
  );
}

/** @throws CommandProblem (refused) if the run is already open */
export async function startRun({ session, workflowId, input, range }: Prepared, by?: string): Promise<Run> {
  try {
    await start(session, { input, range }, undefined, by);
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw await alreadyRunning((await describeRun(session, workflowId))!);
  }
  return (await describeRun(session, workflowId))!;
}
