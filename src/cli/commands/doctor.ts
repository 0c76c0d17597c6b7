import type { AddCommand } from '../command-line.js';
import { checkCluster } from '../doctor/check-cluster.js';
import type { Finding } from '../doctor/finding.js';
import { type Line, onOneLine, type Style, styled } from '../terminal/line.js';
import { wrapped } from '../terminal/wrapping.js';
import { answer } from './answer.js';
import { onEach, selectClusters } from './clusters.js';
import { EXIT, type ExitCode } from './exit-codes.js';

interface Checked {
  readonly cluster: string;
  readonly findings: readonly Finding[];
}

export const addDoctor: AddCommand = (program, action) => {
  program
    .command('doctor')
    .summary('check that everything a run needs is there')
    .description(
      'Checks, for each cluster, all that a run needs and that can be seen from here, and says how to mend what is ' +
        'wrong. It changes nothing. Exit code 0 if no line has a ✗.',
    )
    .argument('[clusters...]', 'of the fleet file; all of them by default')
    .addHelpText(
      'after',
      `
Examples:
  backfill doctor
  backfill doctor us-west-2-prod chat-prod
  backfill doctor --output json | jq '.clusters[].findings[] | select(.level == "problem")'`,
    )
    .action(
      action(async (context, [names = []]) => {
        const { environment, signal } = context;
        const clusters = await selectClusters(context, names);
        const { path } = await context.fleet();
        const today = new Date().toISOString().slice(0, 10);
        const checked = await onEach(
          clusters.map((cluster) => ({ cluster, value: cluster })),
          async (cluster): Promise<Checked> => ({
            cluster: cluster.name,
            findings: await checkCluster(cluster, { environment, fleetFile: path, today, signal }),
          }),
        );
        signal.throwIfAborted();
        return answer(context, checked, {
          lines: (values) => values.flatMap((value) => linesOf(value, context.columns)),
          fields: ({ findings }) => ({ findings: findings.map(({ silent: _, ...finding }) => finding) }),
          exitCode: exitCodeOf,
        });
      }),
    );
};

function exitCodeOf({ findings }: Checked): ExitCode {
  const problems = findings.filter(({ level }) => level === 'problem');
  if (problems.length === 0) return EXIT.done;
  return problems.every(({ silent }) => silent) ? EXIT.unreachable : EXIT.error;
}

const MARKS: Record<Finding['level'], [mark: string, style: Style]> = {
  ok: ['✓', 'green'],
  hint: ['!', 'yellow'],
  problem: ['✗', 'red'],
};
const CHECK_WIDTH = 'search attributes'.length;

function linesOf({ cluster, findings }: Checked, columns: number): Line[] {
  const indent = 4 + CHECK_WIDTH + 2;
  const lines = findings.flatMap(({ check, level, text, mend }): Line[] => {
    const first: Line = ['  ', styled(...MARKS[level]), ` ${check.padEnd(CHECK_WIDTH)}  `, onOneLine(text)];
    const next: Line = [' '.repeat(indent), styled(`→ ${onOneLine(mend ?? '')}`, 'cyan')];
    return [...wrapped(first, columns, indent), ...(mend ? wrapped(next, columns, indent + 2) : [])];
  });
  return [[styled(cluster, 'bold')], ...lines];
}
