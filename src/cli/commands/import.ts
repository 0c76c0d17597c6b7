import { HOURS_PER_DAY } from '../../backfill/hours/calendar.js';
import { within } from '../../backfill/hours/interval.js';
import { parseRequest } from '../../backfill/request/request.js';
import type { Cluster } from '../../fleet/index.js';
import { onOneLine } from '../../one-line.js';
import { EXIT, type ExitCode } from '../../operations/exit-codes.js';
import { badUsage } from '../../operations/problem.js';
import { idsIn, type RequestOptions } from '../../operations/request-fields.js';
import { type CheckedInput, requestFor } from '../../operations/request-input.js';
import { type Cell, columns } from '../../presentation/lines/columns.js';
import { count, counted } from '../../presentation/lines/format.js';
import { type Line, styled } from '../../presentation/lines/line.js';
import { DEFAULT_PREFIX, prefixIn } from '../../runs/run-input.js';
import { rangeNamed } from '../../runs/run-names.js';
import type { TrackedDays } from '../tracking/entry.js';
import { readTracking } from '../tracking/read.js';
import { asDays, daysIn, summarise, type TrackedCustomer } from '../tracking/summary.js';
import { type AddCommand, withExamples } from './add-command.js';
import { selectClusters } from './clusters.js';
import type { CommandContext } from './context.js';
import { jsonFile } from './json-input.js';
import { inputFile } from './request-input.js';
import { withRequestOptions } from './request-options.js';
import { startRuns } from './start.js';

interface ImportOptions extends RequestOptions {
  wait?: boolean;
}

export const addImport: AddCommand = (program, action) => {
  const command = program
    .command('import')
    .summary('start a run that continues from tracking files')
    .description(
      'Read tracking files (JSON) of a manual backfill, and start a run in which the days that they mark as done count as ' +
        'done. Without --yes it only shows what it would do.',
    )
    .usage('[options] [cluster] <files...>')
    .argument('<words...>', 'the cluster, if the fleet file has several; the files')
    .option('--wait', 'wait until the run has ended');
  withRequestOptions(command).addHelpText(
    'after',
    `
Without --customers the run has the customers that the files name for the cluster.`,
  );
  withExamples(
    command,
    'backfill import us-west-2-prod sequential_tracking.json --month 2026-01',
    'backfill import us-west-2-prod backfill_tracking.json sequential_tracking.json --month 2026-01 --resume --yes',
  ).action(
    action(async (context, [typed = []], { wait = false, ...options }: ImportOptions) => {
      const known = (await context.fleet()).clusters.map(({ name }) => name);
      const files = typed.filter((word) => !known.includes(word));
      const names = typed.filter((word) => known.includes(word));
      if (files.length === 0) throw badUsage('expected the files to import after the cluster');
      if (names.length > 1) throw badUsage(`import is for one cluster at a time, got ${names.join(', ')}`);
      const [cluster] = await selectClusters(context, names, { changes: true });
      return importFiles(context, cluster!, files, options, wait);
    }),
  );
};

async function importFiles(
  context: CommandContext,
  cluster: Cluster,
  files: readonly string[],
  options: RequestOptions,
  wait: boolean,
): Promise<ExitCode> {
  const base = await inputFile(context, options);
  const entries = await readFiles(context, cluster, files, options);
  const own = entries.filter((entry) => entry.cluster === undefined || entry.cluster === cluster.name);
  const others = entries.length - own.length;
  if (own.length === 0) throw badUsage(`${files.join(', ')}: no entry is for ${cluster.name}`);
  const tracked = summarise(own);
  const ids = options.customers ? idsIn(options.customers) : tracked.map(({ customer }) => customer);
  const checked = await requestFor(context.environment, cluster, options, {
    ...base,
    customers: ids.map((id) => {
      const done = asDays(tracked.find(({ customer }) => customer === id)?.done ?? []);
      return done.length > 0 ? { id, done } : { id };
    }),
  });
  showImport(context, cluster, checked, tracked, others);
  if (!context.options.yes) {
    context.say('nothing has started; add --yes to start the run');
    return EXIT.done;
  }
  return startRuns(context, new Map([[cluster, { cluster, value: checked }]]), wait);
}

/** @throws CommandProblem (exit code 2) with a line for each thing in any of the files that can't be read */
async function readFiles(
  context: CommandContext,
  cluster: Cluster,
  files: readonly string[],
  options: RequestOptions,
): Promise<TrackedDays[]> {
  const { start, end, month } = options;
  const range = month === undefined ? (start && end ? { start, end } : undefined) : rangeNamed(month);
  if (!range) throw badUsage('expected the range of the new run, as --month 2026-01 or --start and --end');
  const reading = {
    range,
    clusters: (await context.fleet()).clusters.map(({ name }) => name),
    workflowIdPrefix: prefixIn(cluster.defaults) ?? DEFAULT_PREFIX,
  };
  const all = await Promise.all(
    files.map(async (file) => {
      const { entries, problems } = readTracking(await jsonFile(file), reading);
      const lines = problems.map(({ path, expected, got }) => `${file}: ${path}: expected ${expected}, got ${got}`);
      return { entries, lines: lines.map(onOneLine) };
    }),
  );
  const lines = all.flatMap((one) => one.lines);
  if (lines.length > 0) throw badUsage(lines.join('\n'));
  return all.flatMap(({ entries }) => entries);
}

/** Shows what the run would be: each customer's days, by what the files say of them. */
function showImport(
  context: CommandContext,
  cluster: Cluster,
  { input, range }: CheckedInput,
  tracked: readonly TrackedCustomer[],
  others: number,
): void {
  const parsed = parseRequest(input);
  if (!parsed.ok || parsed.value.customers === 'all') throw new Error('an import names its customers');
  const trackedOf = new Map(tracked.map((one) => [one.customer, one]));
  const rows = parsed.value.customers.map(({ id, start, end, done = [] }) => ({
    id,
    days: (end - start) / HOURS_PER_DAY,
    done: daysIn(within(done, [start, end])),
    withoutStatus: daysIn(trackedOf.get(id)?.withoutStatus ?? []),
  }));
  const unclear = rows.filter(({ withoutStatus }) => withoutStatus > 0);
  const nothingDone = tracked.some(({ done }) => done.length > 0) && rows.every(({ done }) => done === 0);
  const rangeText = `${range.start} to ${range.end} (exclusive)`;
  const hints = [
    unclear.length > 0 &&
      `${counted(unclear.length, 'customer')} with workflows whose end is not in the files: --resume asks Temporal`,
    nothingDone && `none of the days that the files mark as done is in ${rangeText}; is that the right range?`,
    others > 0 && `${count(others)} of the files' entries are for other clusters and are left out`,
  ];
  context.print([
    [styled(cluster.name, 'bold'), `  ${rangeText}, ${counted(rows.length, 'customer')}`],
    ...columns(
      [
        { title: 'customer' },
        { title: 'done', align: 'right' },
        { title: 'to do', align: 'right' },
        { title: 'no status', align: 'right' },
      ],
      rows.map(({ id, days, done, withoutStatus }): Cell[] => [
        id,
        count(done),
        count(days - done),
        count(withoutStatus),
      ]),
    ),
    ...hints.flatMap((hint): Line[] => (hint ? [[styled('! ', 'yellow'), hint]] : [])),
  ]);
  if (!context.options.yes) {
    context.printJson({ command: context.command, exitCode: EXIT.done, cluster: cluster.name, customers: rows, input });
  }
}
