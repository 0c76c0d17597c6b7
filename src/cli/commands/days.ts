import type { CommandName } from '../../backfill/commands/command.js';
import { type AddCommand, withExamples } from './add-command.js';
import { knownCustomer } from './customer-names.js';
import { type SendOptions, sendToRuns, withSendOptions } from './send-command.js';
import { checkDayForm, checkInRange, typedDay } from './typed-day.js';
import { clusterAndWords } from './words.js';

export const addResetDay: AddCommand = forDay('reset-day', 'resetDay', {
  summary: 'run a day again, even if it is done',
  description:
    'Run one day of a customer again, even if it is done. If it is running, it runs again once it has ended.',
});

export const addSkipDay: AddCommand = forDay('skip-day', 'skipDay', {
  summary: 'leave a day out',
  description: 'Leave one day of a customer out; backfill reset-day brings it back.',
});

function forDay(name: string, commandName: CommandName, help: { summary: string; description: string }): AddCommand {
  return (program, action) => {
    const command = program
      .command(name)
      .summary(help.summary)
      .description(help.description)
      .usage('[options] [cluster] <customer> <day>')
      .argument('[words...]', 'the cluster, if the fleet file has several; the customer; the UTC day');
    withExamples(
      withSendOptions(command, { several: false }),
      `backfill ${name} us-west-2-prod cvs 2026-01-15`,
      `backfill ${name} us-west-2-prod cvs 15          in a run of one month`,
    ).action(
      action(async (context, [typed = []], options: SendOptions) => {
        const { clusters, words } = await clusterAndWords(context, typed, ['customer', 'day']);
        const [customer = '', day = ''] = words;
        checkDayForm(day);
        return sendToRuns(context, {
          clusters,
          options,
          command: commandName,
          argument: async (target) => {
            const argument = { customer: knownCustomer(target, customer), day: typedDay(target, day) };
            checkInRange(target, argument);
            return argument;
          },
        });
      }),
    );
  };
}
