import { onOneLine } from '../../one-line.js';
import { EXIT, type ExitCode } from '../../operations/exit-codes.js';
import { type Line, type Style, styled } from '../../presentation/lines/line.js';
import { wrapped } from '../../presentation/lines/wrapping.js';
import { checkCluster } from '../doctor/check-cluster.js';
import type { Finding } from '../doctor/finding.js';
import { type AddCommand, withExamples } from './add-command.js';
import { answer } from './answer.js';
import { onEach, outcomesFor, selectClusters, withClusters } from './clusters.js';

interface CheckedCluster {
  readonly cluster: string;
  readonly findings: readonly Finding[];
}

export const addDoctor: AddCommand = (program, action) => {
  const command = withClusters(program.command('doctor'))
    .summary('check everything that a run needs')
    .description(
      'Check, for each cluster, everything that a run needs and that can be seen from this machine, and say how to fix ' +
        'what is wrong. Changes nothing. Exit code 0 if no line has a ✗.',
    );
  withExamples(
    command,
    'backfill doctor',
    'backfill doctor us-west-2-prod chat-prod',
    `backfill doctor --output json | jq '.clusters[].findings[] | select(.level == "problem")'`,
  ).action(
    action(async (context, [names = []]) => {
      const { environment, signal } = context;
      const clusters = await selectClusters(context, names);
      const { path } = await context.fleet();
      const today = new Date().toISOString().slice(0, 10);
      const checked = await onEach(
        outcomesFor(clusters),
        async (cluster): Promise<CheckedCluster> => ({
          cluster: cluster.name,
          findings: await checkCluster(cluster, { environment, fleetFile: path, today, signal }),
        }),
      );
      signal.throwIfAborted();
      return answer(context, checked, {
        lines: (values) => values.flatMap((value) => findingLines(value, context.columns)),
        fields: ({ findings }) => ({ findings: findings.map(({ unreachable: _, ...finding }) => finding) }),
        exitCode: exitCodeOf,
      });
    }),
  );
};

function exitCodeOf({ findings }: CheckedCluster): ExitCode {
  const problems = findings.filter(({ level }) => level === 'problem');
  if (problems.length === 0) return EXIT.done;
  return problems.every(({ unreachable }) => unreachable) ? EXIT.unreachable : EXIT.error;
}

const MARKS: Record<Finding['level'], [mark: string, style: Style]> = {
  ok: ['✓', 'green'],
  hint: ['!', 'yellow'],
  problem: ['✗', 'red'],
};
const CHECK_WIDTH = 'search attributes'.length;

function findingLines({ cluster, findings }: CheckedCluster, columns: number): Line[] {
  const indent = 4 + CHECK_WIDTH + 2;
  const lines = findings.flatMap(({ check, level, text, fix }): Line[] => {
    const first: Line = ['  ', styled(...MARKS[level]), ` ${check.padEnd(CHECK_WIDTH)}  `, onOneLine(text)];
    const next: Line = [' '.repeat(indent), styled(`→ ${onOneLine(fix ?? '')}`, 'cyan')];
    return [...wrapped(first, columns, indent), ...(fix ? wrapped(next, columns, indent + 2) : [])];
  });
  return [[styled(cluster, 'bold')], ...lines];
}
