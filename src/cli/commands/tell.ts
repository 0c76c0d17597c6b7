import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { CommandName } from '../../backfill/commands/command.js';
import type { Progress } from '../../backfill/views/progress.js';
import type { CommandAnswer } from '../../workflows/messages.js';
import { type Line, onOneLine, styled } from '../terminal/line.js';
import { answer } from './answer.js';
import { onEach, selectClusters, valuesOf, withSessions } from './clusters.js';
import type { CommandContext } from './context.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { followToEnd } from './follow.js';
import { operatorName } from './operator-name.js';
import { within } from './patience.js';
import { CommandProblem, isSilence } from './problem.js';
import { findRun, progressOf, type Run, type RunChoice, runOptions } from './runs.js';

/** Options of every command that is told to runs. */
export interface TellOptions extends RunChoice {
  all?: boolean;
  by?: string;
}

/** Adds the options that every command for runs has. */
export function withTellOptions(command: Command, { several = true } = {}): Command {
  if (several) command.option('--all', 'every cluster of the fleet');
  for (const option of runOptions()) command.addOption(option);
  return command.option('--by <who>', "who asks, for the run's log (default: you, as the system knows you)");
}

/** A run that is about to be told something, and what it said of itself just before. */
export interface Target {
  readonly run: Run;
  readonly progress: Progress;
}

interface Told {
  readonly run: Run;
  readonly answer: CommandAnswer;
}

export interface Telling {
  /** Names of clusters, as typed. */
  readonly clusters: readonly string[];
  readonly options: TellOptions;
  readonly command: CommandName;
  /** The command's argument but for `by`. Throws a CommandProblem if the run's progress shows that it can't be meant. */
  argument(target: Target): object | Promise<object>;
  /** Given if it changes much: the question's end, for the runs that would be told. */
  confirm?(targets: readonly Target[]): string;
  /** Whether to wait until the runs are closed. */
  readonly wait?: boolean;
}

/**
 * Tells the run of each cluster a command, as an Update, and shows what each answered. Everything is checked first, on
 * every cluster; only then is anything sent.
 *
 * @returns the exit code: refused if a run refused, unreachable if a cluster or a run's worker does not answer
 */
export async function tellRuns(context: CommandContext, telling: Telling): Promise<ExitCode> {
  const { options, command } = telling;
  const clusters = await selectClusters(context, telling.clusters, { ...options, changes: true });
  const by = options.by ?? operatorName(context.environment);
  return withSessions(context, clusters, async (sessions) => {
    const ready = await onEach(sessions, async (session) => {
      const run = await findRun(session, options, { open: true });
      const target: Target = { run, progress: await progressOf(run) };
      return { target, argument: { ...(await telling.argument(target)), by } };
    });
    const targets = valuesOf(ready).map(({ target }) => target);
    if (telling.confirm && targets.length > 0) await context.confirm(telling.confirm(targets));
    const told = await onEach(ready, async ({ target: { run }, argument }): Promise<Told> => {
      return { run, answer: await tell(run, command, argument) };
    });
    const runs = valuesOf(told).map(({ run }) => run);
    const closed = telling.wait ? await followToEnd(context, runs) : undefined;
    const statusOf = ({ run, answer }: Told) => closed?.get(run)?.run.status.toLowerCase() ?? answer.status;
    return answer(context, told, {
      lines: (values) =>
        values.map(
          ({ run, answer }): Line => [
            styled(run.session.cluster.name, 'bold'),
            `  ${onOneLine(answer.did)} `,
            styled(`(${statusOf({ run, answer })})`, 'dim'),
          ],
        ),
      fields: ({ run, answer }) => ({ workflowId: run.workflowId, ...answer, status: statusOf({ run, answer }) }),
    });
  });
}

/**
 * Sends one Update and waits for its answer. A connection that drops in between is tried again by the session, with the
 * same id, which the server takes for the same Update: it is done once.
 */
async function tell(run: Run, name: CommandName, argument: object): Promise<CommandAnswer> {
  const { client, cluster } = run.session;
  const handle = client.workflow.getHandle(run.workflowId);
  const options = { args: [argument] as [object], updateId: randomUUID() };
  try {
    return await within(client, () => handle.executeUpdate<CommandAnswer, [object]>(name, options));
  } catch (error) {
    if (!isSilence(error)) throw error;
    const message = `${run.workflowId} did not answer in time; backfill log ${cluster.name} says whether it was done`;
    throw new CommandProblem(EXIT.unreachable, message, { cause: error });
  }
}
