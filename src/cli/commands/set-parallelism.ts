import type { PerCustomer } from '../../backfill/request/options.js';
import { MAX_PARALLELISM } from '../../backfill/request/values.js';
import { badUsage } from '../../operations/problem.js';
import { type AddCommand, withExamples } from './add-command.js';
import { withClusters } from './clusters.js';
import { type SendOptions, sendToRuns, withSendOptions } from './send-command.js';
import { perCustomer, wholeNumber } from './whole-number.js';

interface ParallelismOptions extends SendOptions {
  max?: number;
  perCustomer?: PerCustomer;
  adaptive?: boolean;
}

export const addSetParallelism: AddCommand = (program, action) => {
  const limit = wholeNumber(1, MAX_PARALLELISM);
  const command = withClusters(program.command('set-parallelism'), { changes: true })
    .summary('change how many windows run at once')
    .description('Change how many windows may be in flight at once; running windows are not affected.')
    .option('--max <n>', 'the most windows at once', limit)
    .option('--per-customer <n>', 'the most windows of one customer at once, or auto', perCustomer)
    .option('--adaptive', 'let the run find its own limit, up to --max')
    .option('--no-adaptive', 'keep to --max');
  withExamples(
    withSendOptions(command),
    'backfill set-parallelism us-west-2-prod --max 2',
    'backfill set-parallelism --all --max 4 --adaptive',
    'backfill set-parallelism us-west-2-prod --per-customer auto',
  ).action(
    action(async (context, [clusters = []], { max, perCustomer, adaptive, ...options }: ParallelismOptions) => {
      const given = Object.entries({ max, perCustomer, adaptive }).filter(([, value]) => value !== undefined);
      if (given.length === 0)
        throw badUsage('expected at least one of --max, --per-customer, --adaptive, --no-adaptive');
      return sendToRuns(context, {
        clusters,
        options,
        command: 'setParallelism',
        argument: () => Object.fromEntries(given),
      });
    }),
  );
};
