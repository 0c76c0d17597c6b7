import { collectRun } from '../report/collect.js';
import { documentOf } from '../report/document.js';
import { tracesOf } from '../trace/otlp.js';
import type { AddCommand } from './add-command.js';
import { withName } from './answer.js';
import { onEach, selectClusters, valuesOf, withClusters, withSessions } from './clusters.js';
import { type ExitCode, worstExitCode } from './exit-codes.js';
import { isNoAnswer } from './problem.js';
import { findRun, noAnswerFrom, type RunChoice, withRunOptions } from './runs.js';
import { writeOut } from './write-out.js';

interface TraceOptions extends RunChoice {
  out?: string;
}

export const addTrace: AddCommand = (program, action) => {
  const command = withClusters(program.command('trace'))
    .summary('write what a run did as an OpenTelemetry trace')
    .description('Write runs as OpenTelemetry traces in JSON (OTLP): a span for each window, its attempts below it.')
    .option('--out <file>', 'write to this file instead of stdout');
  withRunOptions(command).addHelpText(
    'after',
    `
Examples:
  backfill trace us-west-2-prod --out trace.json
  backfill trace us-west-2-prod --range 2026-01 | curl -H 'content-type: application/json' --data @- http://localhost:4318/v1/traces`,
  );
  command.action(
    action(async (context, [names = []], { out, ...choice }: TraceOptions) => {
      const clusters = await selectClusters(context, names, choice);
      return withSessions(context, clusters, async (sessions) => {
        const now = Date.now();
        const runs = await onEach(sessions, async (session) => {
          const run = await findRun(session, choice);
          const found = { cluster: session.cluster.name, workflowId: run.workflowId };
          return collectRun(session.client, found, now).catch((error: unknown) => {
            throw isNoAnswer(error) ? noAnswerFrom(run, error) : error;
          });
        });
        const found = valuesOf(runs);
        if (found.length > 0) await writeOut(JSON.stringify(tracesOf(documentOf(found, now))), out, context);
        const problems = runs.flatMap((run) => ('problem' in run ? [run] : []));
        for (const { cluster, problem } of problems) context.say(withName(cluster.name, problem.message));
        return worstExitCode(problems.map(({ problem }): ExitCode => problem.exitCode));
      });
    }),
  );
};
