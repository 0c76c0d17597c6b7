import type { ClusterSession } from '../../fleet/index.js';
import { EXIT, type ExitCode } from '../../operations/exit-codes.js';
import { answered, findRun, isOpen, type Run, type RunChoice } from '../../operations/find-run.js';
import { CommandProblem } from '../../operations/problem.js';
import { fact, LABEL_WIDTH, type Line, styled } from '../../presentation/lines/line.js';
import { wrapped } from '../../presentation/lines/wrapping.js';
import { problemLines, renderStatus } from '../../presentation/status/status-view.js';
import { headline, summaryLines } from '../../presentation/status/summary.js';
import { childPrefixOf, DEFAULT_PREFIX, prefixIn } from '../../runs/run-input.js';
import { ANSWER_LIMIT_MS } from '../../runs/time-limit.js';
import { type ClusterPicture, rateSinceStart } from '../../watch/picture.js';
import { takeSnapshot } from '../../watch/run-snapshot.js';
import { type AddCommand, withExamples } from './add-command.js';
import { answerOfEach, inBlocks } from './answer.js';
import { selectClusters, withClusters } from './clusters.js';
import type { CommandContext } from './context.js';
import { withRunOptions } from './run-options.js';
import { endingOf, exitCodeOf, runFields } from './run-state.js';
import { byHandLines, type WindowsByHand, windowsByHand } from './windows-by-hand.js';

/** The status of a cluster at one moment. */
interface ClusterStatus {
  readonly picture: ClusterPicture;
  readonly byHand: WindowsByHand;
  readonly run?: Run;
  /** How it ended, if it did not complete. */
  readonly ending?: string | undefined;
  /** Why there is no progress: there is no run, or no answer from it. */
  readonly problem?: CommandProblem;
}

interface StatusOptions extends RunChoice {
  everyone?: boolean;
}

export const addStatus: AddCommand = (program, action) => {
  const command = withClusters(program.command('status'))
    .summary('show the progress of runs, and what needs attention')
    .description(
      'Show the progress of the run of each cluster, the reasons, and what needs attention. Works on closed runs as well.',
    )
    .option('--everyone', 'also customers whose days are all done or skipped');
  withExamples(
    withRunOptions(command).addHelpText(
      'after',
      `
Exit code: 0 if every day is done or skipped, 3 if a run is not finished, 4 if
days failed or are held, 5 if a cluster does not answer, 7 if one has no run.`,
    ),
    'backfill status',
    'backfill status us-west-2-prod chat-prod',
    'backfill status us-west-2-prod --range 2026-01 --output json',
  ).action(
    action(async (context, [names = []], options: StatusOptions) => {
      const clusters = await selectClusters(context, names, options);
      return answerOfEach(context, clusters, (session) => statusOf(session, options), {
        lines: (statuses) => statusLines(context, statuses, options),
        fields: statusFields,
        exitCode: statusExitCode,
      });
    }),
  );
};

async function statusOf(session: ClusterSession, choice: RunChoice): Promise<ClusterStatus> {
  const { client, cluster } = session;
  const { name } = cluster;
  let run: Run;
  try {
    run = await findRun(session, choice);
  } catch (problem) {
    if (!(problem instanceof CommandProblem) || problem.exitCode !== EXIT.noRun) throw problem;
    const byHand = await windowsByHand(client, prefixIn(cluster.defaults) ?? DEFAULT_PREFIX);
    return { picture: { cluster: name, note: problem.message }, byHand, problem };
  }
  const { workflowId } = run;
  const prefix = await childPrefixOf(client, workflowId, run.runId);
  const [byHand, ending] = await Promise.all([windowsByHand(client, prefix), endingOf(run)]);
  try {
    const snapshot = await answered(run, () => takeSnapshot(client, workflowId, prefix, ANSWER_LIMIT_MS));
    const asOf = Date.now();
    return { picture: { cluster: name, workflowId, asOf, ...snapshot }, byHand, run, ending };
  } catch (error) {
    // A run whose input was refused has nothing else to report.
    if (ending) return { picture: { cluster: name, workflowId, note: workflowId }, byHand, run, ending };
    if (!(error instanceof CommandProblem)) throw error;
    return { picture: { cluster: name, workflowId, note: error.message }, byHand, run, problem: error };
  }
}

function statusExitCode({ run, picture: { progress }, problem }: ClusterStatus): ExitCode {
  if (problem) return problem.exitCode;
  return run && progress ? exitCodeOf(run, progress) : EXIT.attention;
}

function statusFields({ run, picture: { progress }, byHand, ending, problem }: ClusterStatus): object {
  return {
    run: run ? runFields(run) : null,
    otherOpenRuns: run?.others ?? [],
    ending: ending ?? null,
    progress: progress ?? null,
    windowsPerHour: (progress && run && isOpen(run) && rateSinceStart(progress, Date.now())) || null,
    startedByHand: byHand,
    ...(problem ? { problem: { exitCode: problem.exitCode, message: problem.message } } : {}),
  };
}

/** One cluster is shown with the days of its customers; several without, in a block each. */
function statusLines(
  { columns }: CommandContext,
  statuses: readonly ClusterStatus[],
  { everyone = false }: StatusOptions,
): Line[] {
  const now = Date.now();
  const extras = ({ run, ending, byHand }: ClusterStatus): Line[] => [
    ...(ending ? [fact('closed', styled(ending, 'red'))] : []),
    ...(run && run.others.length > 0
      ? [fact('others', `also open: ${run.others.join(', ')}; show them with --run`)]
      : []),
    ...byHandLines(byHand),
  ];
  const indented = (lines: Line[]) => lines.flatMap((line) => wrapped(line, columns, LABEL_WIDTH));
  if (statuses.length === 1) {
    const [status] = statuses as [ClusterStatus];
    return [...renderStatus(status.picture, now, { columns, everyone }), ...indented(extras(status))];
  }
  const blocks = statuses.map((status): Line[] => {
    const { picture } = status;
    const summary = picture.progress ? summaryLines(picture.progress, picture, now) : [];
    return [
      ...wrapped(headline(picture, now), columns, 2),
      ...indented([...summary, ...extras(status)]),
      ...problemLines(picture, now).flatMap((line) => wrapped(line, columns, 2)),
    ];
  });
  return inBlocks(blocks);
}
