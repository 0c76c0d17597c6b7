import type { CommandName } from '../../backfill/commands/command.js';
import type { AddCommand } from './add-command.js';
import { withClusters } from './clusters.js';
import { knownCustomer } from './customer-names.js';
import { type SendOptions, sendToRuns, withSendOptions } from './send-command.js';

interface CustomerOptions extends SendOptions {
  customer?: string;
}

export const addResume: AddCommand = forCustomers('resume', 'resume', {
  summary: 'continue after a pause; lift holds',
  description: 'Continue: lift pauses, and holds of days whose window was stopped, of one customer or of all.',
  examples: `
  backfill resume us-west-2-prod
  backfill resume us-west-2-prod --customer cvs`,
});

export const addRetryFailed: AddCommand = forCustomers('retry-failed', 'retryFailed', {
  summary: 'try failed days again',
  description: 'Failed days wait again, with their attempts counted from zero.',
  examples: `
  backfill retry-failed us-west-2-prod
  backfill retry-failed us-west-2-prod --customer cvs
  backfill retry-failed --all`,
});

/** A command whose only argument is a customer, or none for all of them. */
function forCustomers(
  name: string,
  commandName: CommandName,
  help: { summary: string; description: string; examples: string },
): AddCommand {
  return (program, action) => {
    const command = withClusters(program.command(name), { changes: true })
      .summary(help.summary)
      .description(help.description)
      .option('--customer <id>', 'only this customer');
    withSendOptions(command).addHelpText('after', `\nExamples:${help.examples}`);
    command.action(
      action((context, [clusters = []], { customer, ...options }: CustomerOptions) =>
        sendToRuns(context, {
          clusters,
          options,
          command: commandName,
          argument: (target) => (customer === undefined ? {} : { customer: knownCustomer(target, customer) }),
        }),
      ),
    );
  };
}
