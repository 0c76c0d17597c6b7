import type { Cluster } from '../../fleet/index.js';
import { EXIT, type ExitCode } from '../../operations/exit-codes.js';
import type { Run } from '../../operations/find-run.js';
import type { RequestOptions } from '../../operations/request-fields.js';
import type { CheckedInput } from '../../operations/request-input.js';
import { type Prepared, prepareStart, startRun } from '../../operations/start-run.js';
import { counted } from '../../presentation/lines/format.js';
import { styled } from '../../presentation/lines/line.js';
import { hasWorker, noWorkerText } from '../../runs/workers.js';
import { type AddCommand, withExamples } from './add-command.js';
import { answer } from './answer.js';
import { type Outcome, onEach, selectClusters, valueIn, valuesOf, withClusters, withSessions } from './clusters.js';
import type { CommandContext } from './context.js';
import { type ClosedRun, followToEnd } from './follow.js';
import { planRuns } from './plan.js';
import { inputsFor } from './request-input.js';
import { withRequestOptions } from './request-options.js';
import { exitCodeOf, runFields } from './run-state.js';

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
  withExamples(
    withRequestOptions(command),
    'backfill start us-west-2-prod --month 2026-01',
    'backfill start us-west-2-prod --start 2026-01-05 --end 2026-01-20',
    'backfill start us-west-2-prod --month 2026-01 --customers cvs,oportun',
    'backfill start --all --month 2026-01 --parallelism 8 --adaptive --yes',
    'backfill start us-west-2-prod --input run.json --resume --wait',
  ).action(
    action(async (context, [names = []], { all, dryRun, wait = false, ...options }: StartOptions) => {
      const clusters = await selectClusters(context, names, { all, changes: true });
      if (dryRun) return planRuns(context, clusters, options);
      return startRuns(context, await inputsFor(context, clusters, options), wait);
    }),
  );
};

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

async function confirmStart(context: CommandContext, ready: readonly Prepared[]): Promise<void> {
  const warnings = ready.flatMap((prepared) => prepared.warnings);
  for (const warning of warnings) context.say(warning);
  if (ready.length <= 1 && warnings.length === 0) return;
  const ids = ready.map(({ workflowId }) => workflowId).join(', ');
  await context.confirm(`start ${ready.length === 1 ? '' : `${counted(ready.length, 'run')}: `}${ids}`);
}
