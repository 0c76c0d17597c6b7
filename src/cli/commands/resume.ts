import type { CommandName } from '../../backfill/commands/command.js';
import type { AddCommand } from '../command-line.js';
import { knownCustomer } from './customer-names.js';
import { type TellOptions, tellRuns, withTellOptions } from './tell.js';

interface CustomerOptions extends TellOptions {
  customer?: string;
}

export const addResume: AddCommand = forCustomers('resume', 'resume', {
  summary: 'go on after a pause; lift holds',
  description: 'Go on: lifts pauses, and holds of days whose window somebody stopped, of one customer or of all.',
  examples: `
  backfill resume us-west-2-prod
  backfill resume us-west-2-prod --customer cvs`,
});

export const addRetryFailed: AddCommand = forCustomers('retry-failed', 'retryFailed', {
  summary: 'try failed days again',
  description: 'Failed days wait again, their attempts from zero.',
  examples: `
  backfill retry-failed us-west-2-prod
  backfill retry-failed us-west-2-prod --customer cvs
  backfill retry-failed --all`,
});

/** A command whose one argument is a customer, or nobody in particular. */
function forCustomers(
  name: string,
  told: CommandName,
  help: { summary: string; description: string; examples: string },
): AddCommand {
  return (program, action) => {
    const command = program
      .command(name)
      .summary(help.summary)
      .description(help.description)
      .argument('[clusters...]', 'of the fleet file; needed if it has more than one')
      .option('--customer <id>', 'only this customer');
    withTellOptions(command).addHelpText('after', `\nExamples:${help.examples}`);
    command.action(
      action((context, [clusters = []], { customer, ...options }: CustomerOptions) =>
        tellRuns(context, {
          ...{ clusters, options, command: told },
          argument: (target) => (customer === undefined ? {} : { customer: knownCustomer(target, customer) }),
        }),
      ),
    );
  };
}
