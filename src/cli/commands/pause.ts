import { type AddCommand, withExamples } from './add-command.js';
import { withClusters } from './clusters.js';
import { knownCustomer } from './customer-names.js';
import { type SendOptions, sendToRuns, withSendOptions } from './send-command.js';

interface PauseOptions extends SendOptions {
  customer?: string;
  reason?: string;
}

export const addPause: AddCommand = (program, action) => {
  const command = withClusters(program.command('pause'), { changes: true })
    .summary('start nothing new')
    .description('Start nothing new; running windows finish. backfill resume continues.')
    .option('--customer <id>', 'only this customer')
    .option('--reason <text>', 'why, for status and the log');
  withExamples(
    withSendOptions(command),
    'backfill pause us-west-2-prod --reason "database maintenance"',
    'backfill pause us-west-2-prod --customer cvs',
    'backfill pause --all',
  ).action(
    action((context, [clusters = []], { customer, reason, ...options }: PauseOptions) =>
      sendToRuns(context, {
        clusters,
        options,
        command: 'pause',
        argument: (target) => ({
          ...(customer === undefined ? {} : { customer: knownCustomer(target, customer) }),
          ...(reason === undefined ? {} : { reason }),
        }),
      }),
    ),
  );
};
