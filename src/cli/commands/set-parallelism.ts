import { MAX_PARALLELISM } from '../../backfill/request/schema.js';
import type { AddCommand } from '../command-line.js';
import { wholeNumber } from './number.js';
import { badUsage } from './problem.js';
import { type TellOptions, tellRuns, withTellOptions } from './tell.js';

interface ParallelismOptions extends TellOptions {
  max?: number;
  perCustomer?: number;
  adaptive?: boolean;
}

export const addSetParallelism: AddCommand = (program, action) => {
  const limit = wholeNumber(1, MAX_PARALLELISM);
  const command = program
    .command('set-parallelism')
    .summary('change how many windows run at once')
    .description('Change how many windows may be in flight at once; running windows go on.')
    .argument('[clusters...]', 'of the fleet file; needed if it has more than one')
    .option('--max <n>', 'of the whole run', limit)
    .option('--per-customer <n>', 'of each customer', limit)
    .option('--adaptive', 'let the run find its own limit, up to --max')
    .option('--no-adaptive', 'keep to --max');
  withTellOptions(command).addHelpText(
    'after',
    `
Examples:
  backfill set-parallelism us-west-2-prod --max 2
  backfill set-parallelism --all --max 4 --adaptive`,
  );
  command.action(
    action(async (context, [clusters = []], { max, perCustomer, adaptive, ...options }: ParallelismOptions) => {
      const given = Object.entries({ max, perCustomer, adaptive }).filter(([, value]) => value !== undefined);
      if (given.length === 0)
        throw badUsage('expected at least one of --max, --per-customer, --adaptive, --no-adaptive');
      const argument = () => Object.fromEntries(given);
      return tellRuns(context, { clusters, options, command: 'setParallelism', argument });
    }),
  );
};
