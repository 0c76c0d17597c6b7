import { writeFile } from 'node:fs/promises';
import type { CustomerView } from '../../backfill/views/customer.js';
import { DAY_NAMES, type DayLetter } from '../../backfill/views/day-letters.js';
import { eachDay, type PlacedDays, placedDays } from '../../backfill/views/placed-days.js';
import type { Progress } from '../../backfill/views/progress.js';
import { EXIT } from '../../operations/exit-codes.js';
import { answered, findRun, progressOf, type RunChoice } from '../../operations/find-run.js';
import { CommandProblem } from '../../operations/problem.js';
import { counted } from '../../presentation/lines/format.js';
import { withDeadline } from '../../runs/time-limit.js';
import { type AddCommand, withExamples } from './add-command.js';
import { onEach, selectClusters, withSessions } from './clusters.js';
import { withRunOptions } from './run-options.js';

interface ExportOptions extends RunChoice {
  out?: string;
}

export const addExport: AddCommand = (program, action) => {
  const command = program
    .command('export')
    .summary("write a run's days as a tracking file")
    .description("Write the status of a run's days as JSON, by customer and day, for backfill import to read.")
    .argument('[cluster]', 'of the fleet file; required if it has more than one')
    .option('--out <file>', 'write to this file instead of stdout');
  withExamples(
    withRunOptions(command),
    'backfill export us-west-2-prod > tracking.json',
    'backfill export us-west-2-prod --range 2026-01 --out tracking.json',
  ).action(
    action(async (context, [name]: string[], { out, ...choice }: ExportOptions) => {
      const clusters = await selectClusters(context, name === undefined ? [] : [name], { changes: true });
      return withSessions(context, clusters, async (sessions) => {
        const [outcome] = await onEach(sessions, async (session) => {
          const run = await findRun(session, choice);
          const progress = await progressOf(run);
          const out = progress.customersLeftOut?.count ?? 0;
          if (out > 0) context.say(`asking one by one for ${counted(out, 'customer')} that did not fit in one answer`);
          const handle = session.client.workflow.getHandle(run.workflowId);
          const asking = (customer: string) =>
            withDeadline(session.client, () => handle.query<CustomerView, [object]>('customer', { customer }));
          return { run, progress, customers: await answered(run, () => everyCustomer(progress, asking)) };
        });
        if (!outcome || 'problem' in outcome) throw outcome!.problem;
        const { run, progress, customers } = outcome.value;
        const document = {
          version: 1,
          cluster: run.session.cluster.name,
          workflowId: run.workflowId,
          generatedAt: new Date().toISOString(),
          ...progress.range,
          customers: Object.fromEntries(customers.map((customer) => [customer.id, statuses(customer)])),
        };
        const text = `${JSON.stringify(document, null, 2)}\n`;
        if (out === undefined) context.surroundings.stdout.write(text);
        else await writeFile(out, text);
        return EXIT.done;
      });
    }),
  );
};

/**
 * The days of every customer. Those that did not fit in the answer are asked for one after the other, so that the file
 * is complete.
 *
 * @throws CommandProblem when the answer does not even name them
 */
export async function everyCustomer(
  progress: Progress,
  asking: (customer: string) => Promise<Pick<CustomerView, 'range' | 'days'>>,
): Promise<PlacedDays[]> {
  const customers = placedDays(progress);
  const out = progress.customersLeftOut;
  if (!out) return customers;
  if (!out.ids) {
    const message =
      `nothing was exported: ${counted(out.count, 'customer')} and their names do not fit in the run's answer, and a ` +
      'tracking file without them would be incomplete; backfill customers --customer ID shows each';
    throw new CommandProblem(EXIT.error, message);
  }
  for (const id of out.ids) {
    const { range, days } = await asking(id);
    customers.push({ id, start: range.start, days });
  }
  return customers;
}

/** Tracking files have other names for these. */
const TRACKING_NAMES: Partial<Record<string, string>> = { d: 'completed', '.': 'pending' };

const statuses = (customer: PlacedDays): Record<string, string> =>
  Object.fromEntries(
    eachDay(customer).map(([day, letter]) => [day, TRACKING_NAMES[letter] ?? DAY_NAMES[letter as DayLetter]]),
  );
