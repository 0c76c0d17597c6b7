import type { AddCommand } from '../command-line.js';
import { knownCustomer } from './customer-names.js';
import { type TellOptions, tellRuns, withTellOptions } from './tell.js';

interface PauseOptions extends TellOptions {
  customer?: string;
  reason?: string;
}

export const addPause: AddCommand = (program, action) => {
  const command = program
    .command('pause')
    .summary('start nothing new')
    .description('Start nothing new; running windows finish. backfill resume goes on.')
    .argument('[clusters...]', 'of the fleet file; needed if it has more than one')
    .option('--customer <id>', 'only this customer')
    .option('--reason <text>', 'why, for status and the log');
  withTellOptions(command).addHelpText(
    'after',
    `
Examples:
  backfill pause us-west-2-prod --reason "database maintenance"
  backfill pause us-west-2-prod --customer cvs
  backfill pause --all`,
  );
  command.action(
    action((context, [clusters = []], { customer, reason, ...options }: PauseOptions) =>
      tellRuns(context, {
        ...{ clusters, options, command: 'pause' },
        argument: (target) => ({
          ...(customer === undefined ? {} : { customer: knownCustomer(target, customer) }),
          ...(reason === undefined ? {} : { reason }),
        }),
      }),
    ),
  );
};
