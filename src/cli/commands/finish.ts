import { type AddCommand, withExamples } from './add-command.js';
import { withClusters } from './clusters.js';
import { type SendOptions, sendToRuns, withSendOptions } from './send-command.js';

interface FinishOptions extends SendOptions {
  wait?: boolean;
}

export const addFinish: AddCommand = (program, action) => {
  const command = withClusters(program.command('finish'), { changes: true })
    .summary('end a run, leaving the rest undone')
    .description(
      'Start nothing new. When the running windows have ended, the run completes with a report of what is left undone.',
    )
    .option('--wait', 'wait until the run has ended');
  withExamples(
    withSendOptions(command),
    'backfill finish us-west-2-prod --yes',
    'backfill finish us-west-2-prod --yes --wait',
  ).action(
    action((context, [clusters = []], { wait = false, ...options }: FinishOptions) =>
      sendToRuns(context, {
        clusters,
        options,
        wait,
        command: 'finish',
        argument: () => ({}),
        confirm: (targets) => `finish ${targets.map(({ run }) => run.workflowId).join(', ')}`,
      }),
    ),
  );
};
