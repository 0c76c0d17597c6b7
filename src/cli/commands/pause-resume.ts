import type { CommandName } from '../../backfill/commands/command.js';
import { defined } from '../../backfill/defined.js';
import { type AddCommand, withExamples } from './add-command.js';
import { withClusters } from './clusters.js';
import { knownCustomer } from './customer-names.js';
import { type SendOptions, sendToRuns, withSendOptions } from './send-command.js';

interface CustomerOptions extends SendOptions {
  customer?: string;
  reason?: string;
}

export const addPause: AddCommand = forCustomers('pause', 'pause', {
  summary: 'start nothing new',
  description: 'Start nothing new; running windows finish. backfill resume continues.',
  reason: 'why, for status and the log',
  examples: [
    'backfill pause us-west-2-prod --reason "database maintenance"',
    'backfill pause us-west-2-prod --customer cvs',
    'backfill pause --all',
  ],
});

export const addResume: AddCommand = forCustomers('resume', 'resume', {
  summary: 'continue after a pause; lift holds',
  description: 'Continue: lift pauses, and holds of days whose window was stopped, of one customer or of all.',
  examples: ['backfill resume us-west-2-prod', 'backfill resume us-west-2-prod --customer cvs'],
});

export const addRetryFailed: AddCommand = forCustomers('retry-failed', 'retryFailed', {
  summary: 'try failed days again',
  description: 'Failed days wait again, with their attempts counted from zero.',
  examples: [
    'backfill retry-failed us-west-2-prod',
    'backfill retry-failed us-west-2-prod --customer cvs',
    'backfill retry-failed --all',
  ],
});

/** A command for a customer, or without one for all of them. */
function forCustomers(
  name: string,
  commandName: CommandName,
  help: { summary: string; description: string; reason?: string; examples: string[] },
): AddCommand {
  return (program, action) => {
    const command = withClusters(program.command(name), { changes: true })
      .summary(help.summary)
      .description(help.description)
      .option('--customer <id>', 'only this customer');
    if (help.reason) command.option('--reason <text>', help.reason);
    withExamples(withSendOptions(command), ...help.examples).action(
      action((context, [clusters = []], { customer, reason, ...options }: CustomerOptions) =>
        sendToRuns(context, {
          clusters,
          options,
          command: commandName,
          argument: (target) => ({
            ...(customer === undefined ? {} : { customer: knownCustomer(target, customer) }),
            ...defined({ reason }),
          }),
        }),
      ),
    );
  };
}
