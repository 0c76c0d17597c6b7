import { readFile } from 'node:fs/promises';
import { parseRequest } from '../../backfill/request/request.js';
import type { Cluster } from '../../fleet/index.js';
import type { AddCommand } from '../command-line.js';
import { type Cell, columns } from '../terminal/columns.js';
import { count, counted } from '../terminal/format.js';
import { type Line, onOneLine, styled } from '../terminal/line.js';
import type { TrackedDays } from '../tracking/entry.js';
import { readTracking } from '../tracking/read.js';
import { asDays, daysIn, summarise, type TrackedCustomer } from '../tracking/summary.js';
import { selectClusters } from './clusters.js';
import type { CommandContext } from './context.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { isFields } from './json-input.js';
import { badUsage } from './problem.js';
import { type CheckedInput, inputFile, requestFor } from './request-input.js';
import { type RequestOptions, withRequestOptions } from './request-options.js';
import { rangeNamed } from './run-names.js';
import { startRuns } from './start.js';

interface ImportOptions extends RequestOptions {
  wait?: boolean;
}

export const addImport: AddCommand = (program, action) => {
  const command = program
    .command('import')
    .summary('start a run from tracking files; the days they call done are done')
    .description(
      'Read tracking files (JSON) of a backfill that was run by hand, and start a run in which the days that they call done ' +
        'are done. Without --yes it only shows what it would do.',
    )
    .usage('[options] [cluster] <files...>')
    .argument('<words...>', 'the cluster, if the fleet file has several; the files')
    .option('--wait', 'until the run has ended');
  withRequestOptions(command).addHelpText(
    'after',
    `
Without --customers the run has the customers that the files name for the cluster.

Examples:
  backfill import us-west-2-prod sequential_tracking.json --month 2026-01
  backfill import us-west-2-prod backfill_tracking.json sequential_tracking.json --month 2026-01 --resume --yes`,
  );
  command.action(
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
  if (own.length === 0) throw badUsage(`${files.join(', ')}: nothing in it is for ${cluster.name}`);
  const tracked = summarise(own);
  const checked = await requestFor(context, cluster, options, {
    ...base,
    customers: (options.customers ? split(options.customers) : tracked.map(({ customer }) => customer)).map((id) => {
      const done = asDays(tracked.find(({ customer }) => customer === id)?.done ?? []);
      return done.length > 0 ? { id, done } : { id };
    }),
  });
  show(context, cluster, checked, tracked, others);
  if (!context.options.yes) {
    context.say('nothing has started; the same with --yes starts the run');
    return EXIT.done;
  }
  return startRuns(context, new Map([[cluster, { cluster, value: checked }]]), wait);
}

const split = (text: string) => text.split(',').map((id) => id.trim());

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
  const { child } = cluster.defaults;
  const prefix = isFields(child) && typeof child.workflowIdPrefix === 'string' ? child.workflowIdPrefix : undefined;
  const clusters = (await context.fleet()).clusters.map(({ name }) => name);
  const reading = { range, clusters, workflowIdPrefix: prefix ?? 'reindexconversations' };
  const all = await Promise.all(
    files.map(async (file) => {
      const { entries, problems } = readTracking(await jsonIn(file), reading);
      const lines = problems.map(({ path, expected, got }) => `${file}: ${path}: expected ${expected}, got ${got}`);
      return { entries, lines: lines.map(onOneLine) };
    }),
  );
  const lines = all.flatMap((one) => one.lines);
  if (lines.length > 0) throw badUsage(lines.join('\n'));
  return all.flatMap(({ entries }) => entries);
}

async function jsonIn(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw badUsage(`${file}: can't be read (${error.code ?? error.message})`);
  });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badUsage(`${file}: expected JSON, got what can't be read: ${(error as Error).message}`);
  }
}

/** What the run would be: each customer's days, by what the files say of them. */
function show(
  context: CommandContext,
  cluster: Cluster,
  { input, range }: CheckedInput,
  tracked: readonly TrackedCustomer[],
  others: number,
): void {
  const parsed = parseRequest(input);
  if (!parsed.ok || parsed.value.customers === 'all') throw new Error('an import names its customers');
  const told = new Map(tracked.map((one) => [one.customer, one]));
  const rows = parsed.value.customers.map(({ id, start, end, done = [] }) => {
    const days = (end - start) / 24;
    const finished = daysIn(
      done.flatMap(([from, to]) =>
        from < end && to > start ? [[Math.max(from, start), Math.min(to, end)] as const] : [],
      ),
    );
    return { id, days, done: finished, untold: daysIn(told.get(id)?.untold ?? []) };
  });
  const right = { align: 'right' as const };
  const cells = rows.map(({ id, days, done, untold }): Cell[] => [id, count(done), count(days - done), count(untold)]);
  const untold = rows.filter((row) => row.untold > 0);
  context.print([
    [styled(cluster.name, 'bold'), `  ${range.start} to ${range.end} (exclusive), ${counted(rows.length, 'customer')}`],
    ...columns(
      [
        { title: 'customer' },
        { title: 'done', ...right },
        { title: 'to do', ...right },
        { title: 'no status', ...right },
      ],
      cells,
    ),
    ...(untold.length > 0
      ? [
          hint(
            `${counted(untold.length, 'customer')} with workflows of which the files don't say how they ended: --resume asks Temporal`,
          ),
        ]
      : []),
    ...(tracked.some(({ done }) => done.length > 0) && rows.every(({ done }) => done === 0)
      ? [
          hint(
            `none of the days that the files call done lies in ${range.start} to ${range.end} (exclusive); is that the range?`,
          ),
        ]
      : []),
    ...(others > 0 ? [hint(`${count(others)} of the files' entries are for other clusters, and left out`)] : []),
  ]);
  if (!context.options.yes) {
    context.printJson({ command: context.command, exitCode: EXIT.done, cluster: cluster.name, customers: rows, input });
  }
}

const hint = (text: string): Line => [styled('! ', 'yellow'), text];
