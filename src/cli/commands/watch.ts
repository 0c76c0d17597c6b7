import { defined } from '../../backfill/defined.js';
import { type Cluster, openCluster } from '../../fleet/index.js';
import { operatorName } from '../../fleet/operator-name.js';
import { EXIT } from '../../operations/exit-codes.js';
import { findRun, type RunChoice } from '../../operations/find-run.js';
import { badUsage, CommandProblem } from '../../operations/problem.js';
import type { WatchedCluster } from '../../watch/cluster-watch.js';
import { wantsColour } from '../terminal/output.js';
import type { Display } from '../watch/full-screen.js';
import { watchClusters } from '../watch/watch-clusters.js';
import { type AddCommand, withExamples } from './add-command.js';
import { selectClusters, withClusters } from './clusters.js';
import type { CommandContext } from './context.js';
import { withRunOptions } from './run-options.js';

interface WatchOptions extends RunChoice {
  by?: string;
}

export const addWatch: AddCommand = (program, action) => {
  const command = withClusters(program.command('watch'))
    .summary('show the status of runs, live')
    .description('Show the runs of one or more clusters on the whole terminal, and keep them up to date.')
    .option('--by <name>', "your name, for the run's log when you pause or resume (default: your user name)");
  withRunOptions(command).addHelpText(
    'after',
    `
Keys: left and right (or tab) for the cluster; up, down, page up, page down, home
and end to scroll; w windows in flight, a what needs attention, o worst customers
first; p pause and r resume the cluster that is shown, after a question; q quit.`,
  );
  withExamples(command, 'backfill watch', 'backfill watch us-west-2-prod chat-prod').action(
    action(async (context, [names = []], { by, ...choice }: WatchOptions) => {
      const { stdin, stdout } = context.surroundings;
      if (!stdin.isTTY || !stdout.isTTY) throw badUsage('watch needs a terminal; backfill status shows the same once');
      const clusters = await selectClusters(context, names, choice);
      await watchClusters(
        clusters.map((cluster) => watchedCluster(cluster, choice, context)),
        {
          display: stdout as Display,
          keyboard: stdin,
          by: by ?? operatorName(context.environment),
          signal: context.signal,
          colour: wantsColour(stdout, context.environment),
        },
      );
      return context.signal.aborted ? EXIT.interrupted : EXIT.done;
    }),
  );
};

/** A cluster of the fleet, and the run of it that was chosen. */
export function watchedCluster(
  cluster: Cluster,
  choice: RunChoice,
  { environment }: Pick<CommandContext, 'environment'>,
): WatchedCluster {
  let asked = choice;
  return {
    name: cluster.name,
    open: (signal) => openCluster(cluster, { environment, signal }),
    async findRun(session) {
      try {
        const { workflowId, pause, closedAt, others } = await findRun(session, asked);
        // A range has one run: once found, it alone is asked for.
        if (choice.range !== undefined) asked = { run: workflowId };
        return defined({ workflowId, pause, closed: closedAt ? (true as const) : undefined, others });
      } catch (error) {
        if (error instanceof CommandProblem && error.exitCode === EXIT.noRun) return { none: error.message };
        throw error;
      }
    },
  };
}
