import type { LogView } from '../../backfill/views/log.js';
import type { AddCommand } from '../command-line.js';
import { type Line, onOneLine, styled } from '../terminal/line.js';
import { wrapped } from '../terminal/wrapping.js';
import { answer } from './answer.js';
import { onEach, selectClusters, withSessions } from './clusters.js';
import { wholeNumber } from './number.js';
import { runFields } from './run-state.js';
import { ask, findRun, type RunChoice, runOptions } from './runs.js';

interface LogOptions extends RunChoice {
  limit: number;
}

/** A run keeps no more. */
const MOST_ENTRIES = 200;

export const addLog: AddCommand = (program, action) => {
  const command = program
    .command('log')
    .summary('commands and decisions, with their reasons')
    .description('What was asked of a run and what it decided, each with its reason, the latest last.')
    .argument('[clusters...]', 'default: all of the fleet')
    .option('--limit <n>', 'only the latest so many entries', wholeNumber(1, MOST_ENTRIES), 20);
  for (const option of runOptions()) command.addOption(option);
  command
    .addHelpText(
      'after',
      `
Examples:
  backfill log us-west-2-prod
  backfill log us-west-2-prod --limit 200 --output json`,
    )
    .action(
      action(async (context, [names = []], { limit, ...choice }: LogOptions) => {
        const clusters = await selectClusters(context, names, choice);
        return withSessions(context, clusters, async (sessions) => {
          const logs = await onEach(sessions, async (session) => {
            const run = await findRun(session, choice);
            return { run, log: (await ask<LogView[]>(run, 'log')).slice(-limit) };
          });
          return answer(context, logs, {
            lines: (found) =>
              found.flatMap(({ run, log }, i): Line[] => [
                ...(i === 0 ? [] : [[]]),
                [styled(run.session.cluster.name, 'bold'), styled(`  ${run.workflowId}, times in UTC`, 'dim')],
                ...log.flatMap((entry) => wrapped(entryLine(entry), context.columns, 21)),
              ]),
            fields: ({ run, log }) => ({ run: runFields(run), log }),
          });
        });
      }),
    );
};

const entryLine = ({ at, what, by, effect }: LogView): Line => [
  styled(at.slice(0, 19).replace('T', ' '), 'dim'),
  '  ',
  ...(what === 'decision' ? [] : [styled(`${what}${by ? ` by ${onOneLine(by)}` : ''}: `, 'bold')]),
  onOneLine(effect),
];
