import { writeFile } from 'node:fs/promises';
import { dayFrom, formatDay, HOURS_PER_DAY, parseDay } from '../../backfill/calendar.js';
import type { DayLetter } from '../../backfill/progress.js';
import type { AddCommand } from '../command-line.js';
import { onEach, selectClusters, withSessions } from './clusters.js';
import { lookAt } from './customers.js';
import { EXIT } from './exit-codes.js';
import { findRun, type RunChoice, runOptions } from './runs.js';

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
        const [outcome] = await onEach(sessions, async (session) => lookAt(await findRun(session, choice)));
        if (!outcome || 'problem' in outcome) throw outcome!.problem;
        const { run, look } = outcome.value;
        const { progress, starts } = look;
        const document = {
          version: 1,
          cluster: run.session.cluster.name,
          workflowId: run.workflowId,
          generatedAt: new Date().toISOString(),
          ...progress.range,
          customers: Object.fromEntries(
            progress.customers.map(({ id, days }) => [id, statuses(days, starts.get(id) ?? progress.range.start)]),
          ),
        };
        const text = `${JSON.stringify(document, null, 2)}\n`;
        if (out === undefined) context.surroundings.stdout.write(text);
        else await writeFile(out, text);
        return EXIT.done;
      });
    }),
  );
};

const STATUS: Record<DayLetter, string> = {
  ...{ d: 'completed', r: 'running', '.': 'pending', p: 'partly done' },
  ...{ f: 'failed', s: 'skipped', h: 'held' },
};

const statuses = (days: string, start: string): Record<string, string> =>
  Object.fromEntries(
    [...days].map((letter, i) => [
      formatDay(dayFrom(parseDay(start)! + i * HOURS_PER_DAY)[0]),
      STATUS[letter as DayLetter],
    ]),
  );
