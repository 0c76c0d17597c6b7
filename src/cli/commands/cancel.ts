import type { AddCommand } from '../command-line.js';
import { styled } from '../terminal/line.js';
import { answer } from './answer.js';
import { onEach, selectClusters, valuesOf, withSessions } from './clusters.js';
import type { CommandContext } from './context.js';
import { knownCustomer } from './customer-names.js';
import type { ExitCode } from './exit-codes.js';
import { followToEnd } from './follow.js';
import { within } from './patience.js';
import { badUsage } from './problem.js';
import { findRun, type Run } from './runs.js';
import { type TellOptions, tellRuns, withTellOptions } from './tell.js';

interface CancelOptions extends TellOptions {
  windows?: boolean;
  customer?: string;
  wait?: boolean;
}

export const addCancel: AddCommand = (program, action) => {
  const command = program
    .command('cancel')
    .summary('cancel a run, or only its running windows')
    .description(
      'Cancel the run: its windows are asked to cancel, are awaited, then it closes. With --windows only the windows: ' +
        'the run pauses, and their days wait again.',
    )
    .argument('[clusters...]', 'of the fleet file; needed if it has more than one')
    .option('--windows', 'only the running windows; the run pauses')
    .option('--customer <id>', "with --windows: only this customer's")
    .option('--wait', 'until the run has ended');
  withTellOptions(command).addHelpText(
    'after',
    `
Examples:
  backfill cancel us-west-2-prod --yes --wait
  backfill cancel us-west-2-prod --windows --customer cvs --yes`,
  );
  command.action(
    action(async (context, [clusters = []], { windows, customer, wait = false, ...options }: CancelOptions) => {
      if (customer !== undefined && !windows)
        throw badUsage('--customer is for --windows: a run is cancelled as a whole');
      if (windows && wait)
        throw badUsage('--wait is for the end of a run, which cancel --windows does not bring about');
      if (!windows) return cancelRuns(context, clusters, options, wait);
      return tellRuns(context, {
        ...{ clusters, options, command: 'cancelWindows' },
        argument: (target) => (customer === undefined ? {} : { customer: knownCustomer(target, customer) }),
        confirm: (targets) =>
          `cancel the running windows of ${customer ?? 'all customers'} in ${namesOf(targets.map(({ run }) => run))}`,
      });
    }),
  );
};

const namesOf = (runs: readonly Run[]) => runs.map(({ workflowId }) => workflowId).join(', ');

/** Temporal's own cancel, which no run refuses, and which needs no worker at once. */
async function cancelRuns(
  context: CommandContext,
  names: readonly string[],
  options: TellOptions,
  wait: boolean,
): Promise<ExitCode> {
  const clusters = await selectClusters(context, names, { ...options, changes: true });
  return withSessions(context, clusters, async (sessions) => {
    const ready = await onEach(sessions, (session) => findRun(session, options, { open: true }));
    const runs = valuesOf(ready);
    if (runs.length > 0) await context.confirm(`cancel ${namesOf(runs)}`);
    const cancelled = await onEach(ready, async (run) => {
      const { client } = run.session;
      await within(client, () => client.workflow.getHandle(run.workflowId).cancel());
      return run;
    });
    const closed = wait ? await followToEnd(context, valuesOf(cancelled)) : undefined;
    const endOf = (run: Run) => closed?.get(run)?.run.status.toLowerCase();
    return answer(context, cancelled, {
      lines: (told) =>
        told.map((run) => {
          const end = endOf(run);
          const asked = run.pause
            ? `was asked to cancel, and does so once it is unpaused: ${run.pause}`
            : 'was asked to cancel; its windows in flight end first';
          const what = end ? `is ${end}` : asked;
          return [styled(run.session.cluster.name, 'bold'), `  ${run.workflowId} ${what}`];
        }),
      fields: (run) => ({ workflowId: run.workflowId, status: endOf(run) ?? 'cancelling' }),
    });
  });
}
