import { writeFile } from 'node:fs/promises';
import { DAY_NAMES, type DayLetter } from '../../backfill/day-letters.js';
import type { AddCommand } from '../command-line.js';
import { eachDay, type PlacedDays, placedDays } from '../placed-days.js';
import { onEach, selectClusters, withSessions } from './clusters.js';
import { EXIT } from './exit-codes.js';
import { findRun, progressOf, type RunChoice, runOptions } from './runs.js';

interface ExportOptions extends RunChoice {
  out?: string;
}

export const addExport: AddCommand = (program, action) => {
  const command = program
    .command('export')
    .summary("a run's days as a tracking file")
    .description(
      'Write what a run knows of its days as JSON, customer by customer and day by day; backfill import reads it.',
    )
    .argument('[cluster]', 'of the fleet file; needed if it has more than one')
    .option('--out <file>', 'write it there, and not to stdout');
  for (const option of runOptions()) command.addOption(option);
  command.addHelpText(
    'after',
    `
Examples:
  backfill export us-west-2-prod > tracking.json
  backfill export us-west-2-prod --range 2026-01 --out tracking.json`,
  );
  command.action(
    action(async (context, [name]: string[], { out, ...choice }: ExportOptions) => {
      const clusters = await selectClusters(context, name === undefined ? [] : [name], { changes: true });
      return withSessions(context, clusters, async (sessions) => {
        const [outcome] = await onEach(sessions, async (session) => {
          const run = await findRun(session, choice);
          return { run, progress: await progressOf(run) };
        });
        if (!outcome || 'problem' in outcome) throw outcome!.problem;
        const { run, progress } = outcome.value;
        const document = {
          version: 1,
          cluster: run.session.cluster.name,
          workflowId: run.workflowId,
          generatedAt: new Date().toISOString(),
          ...progress.range,
          customers: Object.fromEntries(placedDays(progress).map((customer) => [customer.id, statuses(customer)])),
        };
        const text = `${JSON.stringify(document, null, 2)}\n`;
        if (out === undefined) context.surroundings.stdout.write(text);
        else await writeFile(out, text);
        return EXIT.done;
      });
    }),
  );
};

/** Tracking files call these otherwise. */
const TRACKED: Partial<Record<string, string>> = { d: 'completed', '.': 'pending' };

const statuses = (customer: PlacedDays): Record<string, string> =>
  Object.fromEntries(
    eachDay(customer).map(([day, letter]) => [day, TRACKED[letter] ?? DAY_NAMES[letter as DayLetter]]),
  );
