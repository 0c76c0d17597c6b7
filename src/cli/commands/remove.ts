import { type AddCommand, withExamples } from './add-command.js';
import { knownCustomer } from './customer-names.js';
import { type SendOptions, sendToRuns, withSendOptions } from './send-command.js';
import { clusterAndWords } from './words.js';

export const addRemove: AddCommand = (program, action) => {
  const command = program
    .command('remove')
    .summary('remove a customer from a run')
    .description('Skip what is left of a customer; its running windows finish.')
    .usage('[options] [cluster] <customer>')
    .argument('[words...]', 'the cluster, if the fleet file has several; the customer');
  withExamples(withSendOptions(command, { several: false }), 'backfill remove us-west-2-prod acme --yes').action(
    action(async (context, [typed = []], options: SendOptions) => {
      const { clusters, words } = await clusterAndWords(context, typed, ['customer']);
      const customer = words[0]!;
      return sendToRuns(context, {
        clusters,
        options,
        command: 'removeCustomer',
        argument: (target) => ({ customer: knownCustomer(target, customer) }),
        confirm: ([target]) => `skip what is left of ${customer} in ${target!.run.workflowId}`,
      });
    }),
  );
};
