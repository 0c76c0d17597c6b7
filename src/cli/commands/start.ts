import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Cluster, ClusterSession } from '../../fleet/index.js';
import type { AddCommand } from '../command-line.js';
import { counted, percent } from '../terminal/format.js';
import { styled } from '../terminal/line.js';
import { answer } from './answer.js';
import { type Outcome, onEach, selectClusters, valueIn, valuesOf, withSessions } from './clusters.js';
import type { CommandContext } from './context.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { type ClosedRun, followToEnd } from './follow.js';
import { within } from './patience.js';
import { planRuns } from './plan.js';
import { CommandProblem } from './problem.js';
import { type CheckedInput, inputsFor } from './request-input.js';
import { type RequestOptions, withRequestOptions } from './request-options.js';
import { runId, WORKFLOW_TYPE } from './run-names.js';
import { exitCodeOf, runFields } from './run-state.js';
import { describeRun, isOpen, openRuns, progressOf, type Run } from './runs.js';
import { hasWorker, noWorkerText } from './workers.js';

interface StartOptions extends RequestOptions {
  all?: boolean;
  dryRun?: boolean;
  wait?: boolean;
}

export const addStart: AddCommand = (program, action) => {
  const command = program
    .command('start')
    .summary('start a run')
    .description(
      'Start a run on each cluster. Its input: the fleet file’s defaults, over them --input, then the options.',
    )
    .argument('[clusters...]', 'of the fleet file; needed if it has more than one')
    .option('--all', 'every cluster of the fleet')
    .option('--dry-run', 'only show the plan, like backfill plan')
    .option('--wait', 'until the run has ended');
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

/** A run that could start now. */
interface Prepared {
  readonly session: ClusterSession;
  readonly workflowId: string;
  readonly input: CheckedInput['input'];
  /** What a person should know before it starts. */
  readonly doubts: readonly string[];
}

/**
 * Starts a run on each cluster with its input, and waits for their ends if asked to.
 *
 * @returns the exit code: refused where a run is open already
 */
export async function startRuns(
  context: CommandContext,
  inputs: ReadonlyMap<Cluster, Outcome<CheckedInput>>,
  wait: boolean,
): Promise<ExitCode> {
  return withSessions(context, [...inputs.keys()], async (sessions) => {
    const ready = await onEach(sessions, (session) => prepare(session, valueIn(inputs.get(session.cluster)!)));
    await confirmStart(context, valuesOf(ready));
    const started = await onEach(ready, (prepared) => start(context, prepared));
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
      exitCode: (run) => endCode(closed.get(run)),
    });
  });
}

function endCode(closed: ClosedRun | undefined): ExitCode {
  if (!closed) return EXIT.done;
  return closed.progress ? exitCodeOf(closed.run, closed.progress) : EXIT.attention;
}

/** @throws CommandProblem (refused) if the run is open already */
async function prepare(session: ClusterSession, { input, range, doubts }: CheckedInput): Promise<Prepared> {
  const { cluster } = session;
  const label = typeof input.cluster === 'string' ? input.cluster : cluster.name;
  const workflowId = runId(label, range.start, range.end);
  const same = await describeRun(session, workflowId);
  if (same && isOpen(same)) throw await alreadyRuns(same);
  const found: string[] = [];
  if (same && input.resume !== true) {
    const ended = `${same.status.toLowerCase()} ${same.closedAt?.toISOString().slice(0, 10)}`;
    found.push(`${workflowId} ran before (${ended}); without --resume all of it runs again`);
  }
  for (const other of await openRuns(session)) found.push(`${other} is open on ${cluster.name} too`);
  return { session, workflowId, input, doubts: [...found, ...doubts] };
}

async function alreadyRuns(run: Run): Promise<CommandProblem> {
  if (run.pause) return new CommandProblem(EXIT.refused, run.pause);
  const now = await progressOf(run).catch(() => undefined);
  const how = now
    ? `${now.status}, ${percent(now.totals.done + now.totals.skipped, now.totals.days)}% done`
    : 'open, but no worker answers for it';
  return new CommandProblem(
    EXIT.refused,
    `${run.workflowId} runs already (${how}), since ${run.startedAt.toISOString()}; see backfill status ${run.session.cluster.name}`,
  );
}

async function confirmStart(context: CommandContext, ready: readonly Prepared[]): Promise<void> {
  const doubts = ready.flatMap((prepared) => prepared.doubts);
  for (const doubt of doubts) context.say(doubt);
  if (ready.length <= 1 && doubts.length === 0) return;
  const ids = ready.map(({ workflowId }) => workflowId).join(', ');
  await context.confirm(`start ${ready.length === 1 ? '' : `${counted(ready.length, 'run')}: `}${ids}`);
}

async function start(context: CommandContext, { session, workflowId, input }: Prepared): Promise<Run> {
  const { client, cluster } = session;
  try {
    await within(client, () =>
      client.workflow.start(WORKFLOW_TYPE, { workflowId, taskQueue: cluster.taskQueue, args: [input] }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw await alreadyRuns((await describeRun(session, workflowId))!);
  }
  // The run waits for one: no reason not to start it, but nothing would happen.
  if (!(await hasWorker(session))) context.say(noWorkerText(session));
  return (await describeRun(session, workflowId))!;
}
