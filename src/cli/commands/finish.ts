import type { AddCommand } from '../command-line.js';
import { type TellOptions, tellRuns, withTellOptions } from './tell.js';

export const addFinish: AddCommand = (program, action) => {
  const command = program
    .command('finish')
    .summary('end a run, leaving the rest undone')
    .description('Start nothing new; when running windows have ended, complete with a report of what is left undone.')
    .argument('[clusters...]', 'of the fleet file; needed if it has more than one')
    .option('--wait', 'until the run has ended');
  withTellOptions(command).addHelpText(
    'after',
    `
Examples:
  backfill finish us-west-2-prod --yes
  backfill finish us-west-2-prod --yes --wait`,
  );
  command.action(
    action((context, [clusters = []], { wait = false, ...options }: TellOptions & { wait?: boolean }) =>
      tellRuns(context, {
        ...{ clusters, options, wait, command: 'finish' },
        argument: () => ({}),
        confirm: (targets) => `finish ${targets.map(({ run }) => run.workflowId).join(', ')}`,
      }),
    ),
  );
};
