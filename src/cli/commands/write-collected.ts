import { writeFile } from 'node:fs/promises';
import { EXIT, type ExitCode, worstExitCode } from '../../operations/exit-codes.js';
import { findRun, noAnswerFrom, type RunChoice } from '../../operations/find-run.js';
import { CommandProblem, isNoAnswer } from '../../operations/problem.js';
import { collectRun } from '../../presentation/report/collect.js';
import { documentOf, type ReportDocument } from '../../presentation/report/document.js';
import { withName } from './answer.js';
import { onEach, selectClusters, valuesOf, withSessions } from './clusters.js';
import type { CommandContext } from './context.js';

/**
 * Writes what the chosen runs did as one document, to `--out` or stdout. A cluster that does not answer is missing in it, and
 * stderr says why.
 *
 * @throws CommandProblem when the file can't be written
 */
export async function writeCollected(
  context: CommandContext,
  names: readonly string[],
  { out, ...choice }: RunChoice & { out?: string },
  format: (document: ReportDocument) => string,
): Promise<ExitCode> {
  const clusters = await selectClusters(context, names, choice);
  return withSessions(context, clusters, async (sessions) => {
    const now = Date.now();
    const reports = await onEach(sessions, async (session) => {
      const run = await findRun(session, choice);
      if (run.pause) throw new CommandProblem(EXIT.attention, run.pause);
      const found = { cluster: session.cluster.name, workflowId: run.workflowId };
      return collectRun(session.client, found, now).catch(async (error: unknown) => {
        throw isNoAnswer(error) ? await noAnswerFrom(run, error) : error;
      });
    });
    const found = valuesOf(reports);
    const problems = reports.flatMap((report) => ('problem' in report ? [report] : []));
    const missing = problems.map(({ cluster, problem }) => ({ cluster: cluster.name, reason: problem.message }));
    if (found.length > 0) await write(format(documentOf(found, now, missing)), out, context);
    for (const { cluster, problem } of problems) context.say(withName(cluster.name, problem.message));
    return worstExitCode(problems.map(({ problem }): ExitCode => problem.exitCode));
  });
}

async function write(text: string, out: string | undefined, context: CommandContext): Promise<void> {
  if (out === undefined) {
    context.surroundings.stdout.write(text);
    return;
  }
  try {
    await writeFile(out, text);
  } catch (error) {
    throw new CommandProblem(EXIT.error, `--out: cannot write ${out}: ${(error as Error).message}`, { cause: error });
  }
  context.say(`wrote ${out}`);
}
