import type { AddCommand } from '../command-line.js';
import { knownCustomer } from './customer-names.js';
import { type TellOptions, tellRuns, withTellOptions } from './tell.js';
import { clusterAndWords } from './words.js';

export const addRemove: AddCommand = (program, action) => {
  const command = program
    .command('remove')
    .summary('leave out what is left of a customer')
    .description('Less work: what is left of a customer is skipped; its running windows finish.')
    .usage('[options] [cluster] <customer>')
    .argument('[words...]', 'the cluster, if the fleet file has several; the customer');
  withTellOptions(command, { several: false }).addHelpText(
    'after',
    `
Examples:
  backfill remove us-west-2-prod acme --yes`,
  );
  command.action(
    action(async (context, [typed = []], options: TellOptions) => {
      const { clusters, words } = await clusterAndWords(context, typed, ['customer']);
      const customer = words[0]!;
      return tellRuns(context, {
        ...{ clusters, options, command: 'removeCustomer' },
        argument: (target) => ({ customer: knownCustomer(target, customer) }),
        confirm: ([target]) => `leave out what is left of ${customer} in ${target!.run.workflowId}`,
      });
    }),
  );
};
