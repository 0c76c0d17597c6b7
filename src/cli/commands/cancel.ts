import type { ExitCode } from '../../operations/exit-codes.js';
import { findRun, type Run } from '../../operations/find-run.js';
import { badUsage } from '../../operations/problem.js';
import { styled } from '../../presentation/lines/line.js';
import { withDeadline } from '../../runs/time-limit.js';
import { type AddCommand, withExamples } from './add-command.js';
import { answer } from './answer.js';
import { onEach, selectClusters, valuesOf, withClusters, withSessions } from './clusters.js';
import type { CommandContext } from './context.js';
import { knownCustomer } from './customer-names.js';
import { followToEnd } from './follow.js';
import { type SendOptions, sendToRuns, withSendOptions } from './send-command.js';

interface CancelOptions extends SendOptions {
  windows?: boolean;
  customer?: string;
  wait?: boolean;
}

export const addCancel: AddCommand = (program, action) => {
  const command = withClusters(program.command('cancel'), { changes: true })
    .summary('cancel a run, or only its running windows')
    .description(
      'Cancel the run: its windows are asked to cancel, are awaited, then it closes. With --windows only the windows: ' +
        'the run pauses, and their days wait again.',
    )
    .option('--windows', 'only the running windows; the run pauses')
    .option('--customer <id>', "with --windows: only this customer's")
    .option('--wait', 'wait until the run has ended');
  withExamples(
    withSendOptions(command),
    'backfill cancel us-west-2-prod --yes --wait',
    'backfill cancel us-west-2-prod --windows --customer cvs --yes',
  ).action(
    action(async (context, [clusters = []], { windows, customer, wait = false, ...options }: CancelOptions) => {
      if (customer !== undefined && !windows)
        throw badUsage('--customer needs --windows: a run can only be cancelled as a whole');
      if (windows && wait) throw badUsage('--wait waits for the end of a run; cancel --windows only pauses it');
      if (!windows) return cancelRuns(context, clusters, options, wait);
      return sendToRuns(context, {
        clusters,
        options,
        command: 'cancelWindows',
        argument: (target) => (customer === undefined ? {} : { customer: knownCustomer(target, customer) }),
        confirm: (targets) =>
          `cancel the running windows of ${customer ?? 'all customers'} in ${idsOf(targets.map(({ run }) => run))}`,
      });
    }),
  );
};

const idsOf = (runs: readonly Run[]) => runs.map(({ workflowId }) => workflowId).join(', ');

/** Temporal's own cancel, which no run can refuse and which needs no worker at that moment. */
async function cancelRuns(
  context: CommandContext,
  names: readonly string[],
  options: SendOptions,
  wait: boolean,
): Promise<ExitCode> {
  const clusters = await selectClusters(context, names, { ...options, changes: true });
  return withSessions(context, clusters, async (sessions) => {
    const ready = await onEach(sessions, (session) => findRun(session, options, { open: true }));
    const runs = valuesOf(ready);
    if (runs.length > 0) await context.confirm(`cancel ${idsOf(runs)}`);
    const cancelled = await onEach(ready, async (run) => {
      const { client } = run.session;
      await withDeadline(client, () => client.workflow.getHandle(run.workflowId).cancel());
      return run;
    });
    const closed = wait ? await followToEnd(context, valuesOf(cancelled)) : undefined;
    const finalStatus = (run: Run) => closed?.get(run)?.run.status.toLowerCase();
    return answer(context, cancelled, {
      lines: (values) =>
        values.map((run) => {
          const status = finalStatus(run);
          const requested = run.pause
            ? `will be cancelled once it is unpaused: ${run.pause}`
            : 'was asked to cancel; its windows in flight end first';
          const what = status ? `is ${status}` : requested;
          return [styled(run.session.cluster.name, 'bold'), `  ${run.workflowId} ${what}`];
        }),
      fields: (run) => ({ workflowId: run.workflowId, status: finalStatus(run) ?? 'cancelling' }),
    });
  });
}
