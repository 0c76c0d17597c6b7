import { readFile } from 'node:fs/promises';
import { ZodError } from 'zod';
import { counted } from '../../backfill/words.js';
import { EXIT } from '../../operations/exit-codes.js';
import { badUsage } from '../../operations/problem.js';
import { type Line, styled } from '../../presentation/lines/line.js';
import { type Verified, verifyReport } from '../../presentation/report/verify.js';
import { type AddCommand, withExamples } from './add-command.js';

export const addVerifyReport: AddCommand = (program, action) => {
  const command = program
    .command('verify-report')
    .argument('<file>', 'a report that backfill report --format json wrote')
    .summary("check a report's proof and log against their digests")
    .description(
      'Check that a report is as its runs wrote it: the rows of the proof, the log, and the seal over both. It asks no cluster.',
    )
    .addHelpText(
      'after',
      `\nCompare the seal with the one in the run's last notification: a report that was rewritten as a whole has another seal.`,
    );
  withExamples(
    command,
    'backfill report us-west-2-prod --format json --out january.json',
    'backfill verify-report january.json',
  ).action(
    action<[string], object>(async (context, [file]) => {
      const runs = await verifiedIn(file).catch((error: Error) => {
        throw badUsage(`${file}: ${error.message}`);
      });
      const exitCode = runs.some(({ problems }) => problems.length > 0) ? EXIT.attention : EXIT.done;
      context.printJson({ command: context.command, exitCode, runs });
      context.print(
        runs.flatMap(({ cluster, workflowId, rows, entries, seal, problems }): Line[] => [
          [styled(cluster, 'bold'), `  ${workflowId}`],
          ...(problems.length > 0
            ? problems.map((problem): Line => [styled(`  ${problem}`, 'red')])
            : [[`  ${counted(rows, 'row')} of proof and ${entries} log entries are as the run wrote them`]]),
          ...(seal === null ? [] : [[`  seal ${seal}`]]),
        ]),
      );
      return exitCode;
    }),
  );
};

async function verifiedIn(file: string): Promise<Verified[]> {
  const report: unknown = JSON.parse(await readFile(file, 'utf8'));
  try {
    return verifyReport(report);
  } catch (error) {
    if (!(error instanceof ZodError)) throw error;
    throw new Error('not a report of backfill report --format json');
  }
}
