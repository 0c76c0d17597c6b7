import { defined } from '../../backfill/defined.js';
import { formatDuration } from '../../backfill/hours/duration.js';
import type { CustomerView } from '../../backfill/views/customer.js';
import { placedDays } from '../../backfill/views/placed-days.js';
import type { ClusterSession } from '../../fleet/index.js';
import { onOneLine } from '../../one-line.js';
import { ask, findRun, progressOf, type Run, type RunChoice } from '../../operations/find-run.js';
import { badUsage } from '../../operations/problem.js';
import { type Cell, columns } from '../../presentation/lines/columns.js';
import { count, counted, hoursText, toSecond } from '../../presentation/lines/format.js';
import { cellNote, heatMap, legend } from '../../presentation/lines/heat-map.js';
import { fact, LABEL_WIDTH, type Line, styled } from '../../presentation/lines/line.js';
import { wrapped } from '../../presentation/lines/wrapping.js';
import { figuresOf } from '../../presentation/status/figures.js';
import { type AddCommand, withExamples } from './add-command.js';
import { answerOfEach } from './answer.js';
import { selectClusters, withClusters } from './clusters.js';
import { knownCustomer } from './customer-names.js';
import { withRunOptions } from './run-options.js';
import { runFields } from './run-state.js';
import type { Target } from './send-command.js';
import { typedDay } from './typed-day.js';

interface CustomersOptions extends RunChoice {
  customer?: string;
  day?: string;
}

export const addCustomers: AddCommand = (program, action) => {
  const command = withClusters(program.command('customers'))
    .summary("show customers and their days, or one customer's windows")
    .description(
      "Show customers with a letter for each day; with --customer, one customer's windows, attempts and errors.",
    )
    .option('--customer <id>', "this customer's windows")
    .option('--day <day>', 'with --customer: why this UTC day is not running now');
  withExamples(
    withRunOptions(command),
    'backfill customers us-west-2-prod',
    'backfill customers us-west-2-prod --customer cvs',
    'backfill customers us-west-2-prod --customer cvs --day 2026-01-15',
  ).action(
    action(async (context, [names = []], { customer, day, ...choice }: CustomersOptions) => {
      if (day !== undefined && customer === undefined) throw badUsage('--day needs --customer');
      const clusters = await selectClusters(context, names, choice);
      const target = async (session: ClusterSession): Promise<Target> => {
        const run = await findRun(session, choice);
        return { run, progress: await progressOf(run) };
      };
      if (customer === undefined) {
        return answerOfEach(context, clusters, target, {
          lines: (found) => found.flatMap((one) => mapLines(one, context.columns)),
          fields: ({ run, progress }) => ({
            run: runFields(run),
            range: progress.range,
            ...defined({ customersLeftOut: progress.customersLeftOut }),
            customers: placedDays(progress),
          }),
        });
      }
      const view = async (session: ClusterSession) => customerViewOf(await target(session), customer, day);
      return answerOfEach(context, clusters, view, {
        lines: (found) => found.flatMap((one) => viewLines(one, context.columns)),
        fields: ({ run, view }) => ({ run: runFields(run), customer: view }),
      });
    }),
  );
};

interface FoundView {
  readonly run: Run;
  readonly view: CustomerView;
}

async function customerViewOf(target: Target, customer: string, typed?: string): Promise<FoundView> {
  const { run } = target;
  knownCustomer(target, customer);
  const day = typed === undefined ? undefined : typedDay(target, typed);
  return { run, view: await ask<CustomerView>(run, 'customer', defined({ customer, day })) };
}

function mapLines({ run, progress }: Target, width: number): Line[] {
  const rows = placedDays(progress);
  const { done, days } = progress.totals;
  const title: Line = [
    styled(run.session.cluster.name, 'bold'),
    `  ${counted(figuresOf(progress, Date.now()).customers, 'customer')}, ${count(done)} of ${counted(days, 'day')} done`,
    styled(`  ${run.workflowId}`, 'dim'),
  ];
  const titles = wrapped(title, width, 2);
  if (rows.length === 0) return titles;
  const map = heatMap(rows, progress.range, width);
  const out = progress.customersLeftOut;
  const rest: Line[] = out ? wrapped([`and ${counted(out.count, 'more customer')}: ${out.hint}`], width) : [];
  return [...titles, map.ruler, ...map.lines, ...rest, ...cellNote(map, width), ...legend(width)];
}

function writersText({ count, why, triedAgainAt }: NonNullable<FoundView['view']['writers']>): string {
  const later = triedAgainAt ? `; more are tried from ${toSecond(triedAgainAt)} UTC on` : '';
  return `${count}: ${onOneLine(why)}${later}`;
}

function viewLines({ run, view }: FoundView, width: number): Line[] {
  const { id, range, days, totals, counts, window, conversations, paused, perCustomer } = view;
  const volume = conversations === null ? '' : `, ${counted(conversations, 'conversation')}`;
  const facts: Line[] = [
    [styled(id, 'bold'), `  ${run.session.cluster.name}  ${range.start} to ${range.end}${volume}`],
    fact('days', `${days}  ${count(totals.done)} of ${count(totals.days)} done`),
    fact('window', `${window.size}, at most ${perCustomer} at once: ${onOneLine(window.why)}`),
    ...(view.writers ? [fact('writers', writersText(view.writers))] : []),
    fact(
      'so far',
      `${counts.completed} completed, ${counts.unsuccessful} did not complete, ${formatDuration(counts.busyMs)} of work`,
    ),
    ...(view.why ? [fact('why', `${view.why.day}: ${onOneLine(view.why.reason)}`)] : []),
    ...(paused ? [fact('paused', `${paused.at} ${onOneLine(paused.reason ?? '')}`)] : []),
  ];
  const out = view.windowsLeftOut ?? 0;
  const rows = view.windows.map((row): Cell[] => [
    hoursText(row),
    row.state,
    String(row.attempt),
    row.durationMs === undefined ? '' : formatDuration(row.durationMs),
    onOneLine([row.class, row.error].filter(Boolean).join(': ')),
  ]);
  const table = columns(
    [
      { title: 'window' },
      { title: 'state' },
      { title: 'try', align: 'right' },
      { title: 'took', align: 'right' },
      { title: '' },
    ],
    rows,
  );
  return [
    ...facts.flatMap((line) => wrapped(line, width, LABEL_WIDTH)),
    ...(rows.length > 0 ? [[], ...table] : []),
    ...(out > 0 ? wrapped([`and ${counted(out, 'more window')} that do not fit in one answer`], width) : []),
  ];
}
