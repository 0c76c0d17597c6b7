import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Cluster, ClusterSession } from '../../fleet/index.js';
import { startRun as start, workflowIdFor } from '../../runs/start.js';
import { hasWorker, noWorkerText } from '../../runs/workers.js';
import { counted, percent } from '../terminal/format.js';
import { styled } from '../terminal/line.js';
import type { AddCommand } from './add-command.js';
import { answer } from './answer.js';
import { type Outcome, onEach, selectClusters, valueIn, valuesOf, withClusters, withSessions } from './clusters.js';
import type { CommandContext } from './context.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { type ClosedRun, followToEnd } from './follow.js';
import { planRuns } from './plan.js';
import { CommandProblem } from './problem.js';
import { type CheckedInput, inputsFor } from './request-input.js';
import { type RequestOptions, withRequestOptions } from './request-options.js';
import { exitCodeOf, runFields } from './run-state.js';
import { describeRun, isOpen, openRuns, progressOf, type Run } from './runs.js';

interface StartOptions extends RequestOptions {
  all?: boolean;
  dryRun?: boolean;
  wait?: boolean;
}

export const addStart: AddCommand = (program, action) => {
  const command = withClusters(program.command('start'), { changes: true })
    .summary('start a run')
    .description(
      'Start a run on each cluster. Its input is made of the fleet file’s defaults, then --input, then the options.',
    )
    .option('--all', 'every cluster of the fleet')
    .option('--dry-run', 'only show the plan, as backfill plan does')
    .option('--wait', 'wait until the run has ended');
  withRequestOptions(command).addHelpText(
    'after',
    `
Examples:
  backfill start us-west-2-prod --month 2026-01
  backfill start us-west-2-prod --start 2026-01-05 --end 2026-01-20
  backfill start us-west-2-prod --month 2026-01 --customers cvs,oportun
  backfill start --all --month 2026-01 --parallelism 8 --adaptive --yes
  backfill start us-west-2-prod --input run.json --resume --wait`,
  );
  command.action(
    action(async (context, [names = []], { all, dryRun, wait = false, ...options }: StartOptions) => {
      const clusters = await selectClusters(context, names, { all, changes: true });
      if (dryRun) return planRuns(context, clusters, options);
      return startRuns(context, await inputsFor(context, clusters, options), wait);
    }),
  );
};

/** A run that is ready to start. */
export interface Prepared {
  readonly session: ClusterSession;
  readonly workflowId: string;
  readonly input: CheckedInput['input'];
  readonly range: CheckedInput['range'];
  /** What the operator should know before it starts. */
  readonly warnings: readonly string[];
}

/**
 * Starts a run on each cluster with its input, and waits until they have ended if asked to.
 *
 * @returns the exit code: refused where such a run is already open
 */
export async function startRuns(
  context: CommandContext,
  inputs: ReadonlyMap<Cluster, Outcome<CheckedInput>>,
  wait: boolean,
): Promise<ExitCode> {
  return withSessions(context, [...inputs.keys()], async (sessions) => {
    const ready = await onEach(sessions, (session) => prepareStart(session, valueIn(inputs.get(session.cluster)!)));
    await confirmStart(context, valuesOf(ready));
    const started = await onEach(ready, async (prepared) => {
      const run = await startRun(prepared);
      // The run waits for a worker: it may start, but nothing happens until there is one.
      if (!(await hasWorker(prepared.session))) context.say(noWorkerText(prepared.session));
      return run;
    });
    const closed = wait ? await followToEnd(context, valuesOf(started)) : new Map<Run, ClosedRun>();
    const latest = (run: Run) => closed.get(run)?.run ?? run;
    return answer(context, started, {
      lines: (runs) =>
        runs.map((run) => {
          const { workflowId, status, session } = latest(run);
          const { name } = session.cluster;
          const what = closed.has(run) ? `is ${status.toLowerCase()}` : `started; see backfill status ${name}`;
          return [styled(name, 'bold'), `  ${workflowId} ${what}`];
        }),
      fields: (run) => ({ run: runFields(latest(run)), progress: closed.get(run)?.progress ?? null }),
      exitCode: (run) => finalExitCode(closed.get(run)),
    });
  });
}

function finalExitCode(closed: ClosedRun | undefined): ExitCode {
  if (!closed) return EXIT.done;
  return closed.progress ? exitCodeOf(closed.run, closed.progress) : EXIT.attention;
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

async function confirmStart(context: CommandContext, ready: readonly Prepared[]): Promise<void> {
  const warnings = ready.flatMap((prepared) => prepared.warnings);
  for (const warning of warnings) context.say(warning);
  if (ready.length <= 1 && warnings.length === 0) return;
  const ids = ready.map(({ workflowId }) => workflowId).join(', ');
  await context.confirm(`start ${ready.length === 1 ? '' : `${counted(ready.length, 'run')}: `}${ids}`);
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
