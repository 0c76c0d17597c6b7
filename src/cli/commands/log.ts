import type { LogView } from '../../backfill/views/log.js';
import type { ClusterSession } from '../../fleet/index.js';
import { onOneLine } from '../../one-line.js';
import { ask, findRun, type RunChoice } from '../../operations/find-run.js';
import { toSecond } from '../../presentation/lines/format.js';
import { type Line, styled } from '../../presentation/lines/line.js';
import { wrapped } from '../../presentation/lines/wrapping.js';
import { type AddCommand, withExamples } from './add-command.js';
import { answerOfEach, inBlocks } from './answer.js';
import { selectClusters, withClusters } from './clusters.js';
import { withRunOptions } from './run-options.js';
import { runFields } from './run-state.js';
import { wholeNumber } from './whole-number.js';

interface LogOptions extends RunChoice {
  limit: number;
}

/** A run keeps no more than this. */
const MOST_ENTRIES = 200;

export const addLog: AddCommand = (program, action) => {
  const command = withClusters(program.command('log'))
    .summary('show commands and decisions, with their reasons')
    .description('Show the commands that a run received and its decisions, each with its reason, the latest last.')
    .option('--limit <n>', 'the latest n entries', wholeNumber(1, MOST_ENTRIES), 20);
  withExamples(
    withRunOptions(command),
    'backfill log us-west-2-prod',
    'backfill log us-west-2-prod --limit 200 --output json',
  ).action(
    action(async (context, [names = []], { limit, ...choice }: LogOptions) => {
      const clusters = await selectClusters(context, names, choice);
      const logOf = async (session: ClusterSession) => {
        const run = await findRun(session, choice);
        return { run, log: (await ask<LogView[]>(run, 'log')).slice(-limit) };
      };
      return answerOfEach(context, clusters, logOf, {
        lines: (logs) =>
          inBlocks(
            logs.map(({ run, log }): Line[] => [
              [styled(run.session.cluster.name, 'bold'), styled(`  ${run.workflowId}, times in UTC`, 'dim')],
              ...log.flatMap((entry) => wrapped(entryLine(entry), context.columns, 21)),
            ]),
          ),
        fields: ({ run, log }) => ({ run: runFields(run), log }),
      });
    }),
  );
};

const entryLine = ({ at, what, by, effect }: LogView): Line => [
  styled(toSecond(at), 'dim'),
  '  ',
  ...(what === 'decision' ? [] : [styled(`${what}${by ? ` by ${onOneLine(by)}` : ''}: `, 'bold')]),
  onOneLine(effect),
];
