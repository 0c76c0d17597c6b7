import type { Command } from 'commander';
import type { CommandName } from '../../backfill/commands/command.js';
import type { Progress } from '../../backfill/views/progress.js';
import { operatorName } from '../../fleet/operator-name.js';
import { onOneLine } from '../../one-line.js';
import type { ExitCode } from '../../operations/exit-codes.js';
import { findRun, progressOf, type Run, type RunChoice } from '../../operations/find-run.js';
import { sendUpdate } from '../../operations/send-update.js';
import { type Line, styled } from '../../presentation/lines/line.js';
import type { CommandAnswer } from '../../workflows/messages.js';
import { answer } from './answer.js';
import { onEach, selectClusters, valuesOf, withSessions } from './clusters.js';
import type { CommandContext } from './context.js';
import { followToEnd } from './follow.js';
import { withRunOptions } from './run-options.js';

/** Options of every command that is sent to runs. */
export interface SendOptions extends RunChoice {
  all?: boolean;
  by?: string;
}

/** Adds the options that every command for runs has. */
export function withSendOptions(command: Command, { several = true } = {}): Command {
  if (several) command.option('--all', 'every cluster of the fleet');
  return withRunOptions(command).option('--by <name>', "your name, for the run's log (default: your user name)");
}

/** A run that is about to get a command, and its progress just before. */
export interface Target {
  readonly run: Run;
  readonly progress: Progress;
}

interface AnsweredRun {
  readonly run: Run;
  readonly answer: CommandAnswer;
}

export interface RunCommand {
  /** Names of clusters, as typed. */
  readonly clusters: readonly string[];
  readonly options: SendOptions;
  readonly command: CommandName;
  /** The command's argument without `by`. Throws a CommandProblem if the run's progress shows that it can't be right. */
  argument(target: Target): object | Promise<object>;
  /** Set for a command that needs confirmation: the end of the question, for these runs. */
  confirm?(targets: readonly Target[]): string;
  /** Whether to wait until the runs are closed. */
  readonly wait?: boolean;
}

/**
 * Sends a command to the run of each cluster, as an Update, and shows what each answered. Everything is checked first, on
 * every cluster; only then is anything sent.
 *
 * @returns the exit code: refused if a run refused, unreachable if a cluster or a run's worker does not answer
 */
export async function sendToRuns(context: CommandContext, request: RunCommand): Promise<ExitCode> {
  const { options, command } = request;
  const clusters = await selectClusters(context, request.clusters, { ...options, changes: true });
  const by = options.by ?? operatorName(context.environment);
  return withSessions(context, clusters, async (sessions) => {
    const ready = await onEach(sessions, async (session) => {
      const run = await findRun(session, options, { open: true });
      const target: Target = { run, progress: await progressOf(run) };
      return { target, argument: { ...(await request.argument(target)), by } };
    });
    const targets = valuesOf(ready).map(({ target }) => target);
    if (request.confirm && targets.length > 0) await context.confirm(request.confirm(targets));
    const answered = await onEach(ready, async ({ target: { run }, argument }): Promise<AnsweredRun> => {
      return { run, answer: await sendUpdate(run, command, argument) };
    });
    const runs = valuesOf(answered).map(({ run }) => run);
    const closed = request.wait ? await followToEnd(context, runs) : undefined;
    const finalStatus = ({ run, answer }: AnsweredRun) => closed?.get(run)?.run.status.toLowerCase() ?? answer.status;
    return answer(context, answered, {
      lines: (values) =>
        values.map(
          ({ run, answer }): Line => [
            styled(run.session.cluster.name, 'bold'),
            `  ${onOneLine(answer.did)} `,
            styled(`(${finalStatus({ run, answer })})`, 'dim'),
          ],
        ),
      fields: ({ run, answer }) => ({ workflowId: run.workflowId, ...answer, status: finalStatus({ run, answer }) }),
    });
  });
}
