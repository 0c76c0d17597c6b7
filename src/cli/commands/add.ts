import { parseDay } from '../../backfill/hours/calendar.js';
import { parseCustomers } from '../../backfill/request/request.js';
import { customersOf } from '../../fleet/index.js';
import { badUsage } from '../../operations/problem.js';
import { withVolumes } from '../../runs/input.js';
import { type AddCommand, withExamples } from './add-command.js';
import { jsonInput } from './json-input.js';
import { type SendOptions, sendToRuns, type Target, withSendOptions } from './send-command.js';
import { clusterAndWords } from './words.js';

interface AddOptions extends SendOptions {
  start?: string;
  end?: string;
  window?: string;
  input?: string;
}

export const addAdd: AddCommand = (program, action) => {
  const command = program
    .command('add')
    .summary('add customers to a run')
    .description('Add customers to a run that does not have them yet.')
    .usage('[options] [cluster] <customers...>')
    .argument('[words...]', 'the cluster, if the fleet file has several; then customers')
    .option('--start <day>', "their first day, if it is not the run's")
    .option('--end <day>', 'the day after their last')
    .option('--window <size>', 'the size of their windows: 6h, 1d, 1mo')
    .option('--input <file>', "a JSON list of customers, as in a run's input; - for stdin");
  withExamples(
    withSendOptions(command, { several: false }),
    'backfill add us-west-2-prod acme globex',
    'backfill add us-west-2-prod acme --start 2026-01-10 --window 6h',
    'backfill add us-west-2-prod --input customers.json',
  ).action(
    action(async (context, [typed = []], { start, end, window, input, ...options }: AddOptions) => {
      const { clusters, words } = await clusterAndWords(context, typed, input === undefined ? ['customers...'] : []);
      const listed = input === undefined ? [] : await jsonInput(context, input);
      if (!Array.isArray(listed)) throw badUsage('--input: expected a JSON list of customers');
      const own = Object.fromEntries(Object.entries({ start, end, window }).filter(([, value]) => value !== undefined));
      const customers = [...words.map((id) => ({ id, ...own })), ...(listed as unknown[])];
      return sendToRuns(context, {
        clusters,
        options,
        command: 'addCustomers',
        argument: async (target) => {
          const { cluster } = target.run.session;
          const known = await customersOf(cluster, target.progress.range, context.environment);
          return { customers: withVolumes(validated(target, customers, words.length), known ?? []) };
        },
      });
    }),
  );
};

/**
 * Checks the customers here, so that every wrong field is named before anything is sent.
 *
 * @param typed how many of the customers stand on the command line; the others are those of `--input`
 */
function validated(
  { progress: { range } }: Target,
  customers: unknown[],
  typed: number,
): (string | Record<string, unknown>)[] {
  const parsed = parseCustomers(customers, [parseDay(range.start)!, parseDay(range.end)!]);
  if (!parsed.ok) {
    const wrong = parsed.issues.map(
      ({ field, expected, got }) => `${sourceOf(field, typed)}: expected ${expected}, got ${got}`,
    );
    throw badUsage([...new Set(wrong)].join('; '));
  }
  return customers as (string | Record<string, unknown>)[];
}

/** Where the value of `[0].start` was given: an option, a customer on the command line, or a place in the file. */
function sourceOf(field: string, typed: number): string {
  const [, index = '', name = 'id'] = /^\[(\d+)\](?:\.(.*))?$/.exec(field) ?? [];
  if (index === '') return field;
  if (Number(index) >= typed) return `--input [${Number(index) - typed}]${name === 'id' ? '' : `.${name}`}`;
  return name === 'id' ? 'customer' : `--${name}`;
}
