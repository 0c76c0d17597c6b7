import type { RunChoice } from '../../operations/find-run.js';
import { tracesOf } from '../trace/otlp.js';
import { type AddCommand, withExamples } from './add-command.js';
import { withClusters } from './clusters.js';
import { withRunOptions } from './run-options.js';
import { writeCollected } from './write-collected.js';

interface TraceOptions extends RunChoice {
  out?: string;
}

export const addTrace: AddCommand = (program, action) => {
  const command = withClusters(program.command('trace'))
    .summary('write what a run did as an OpenTelemetry trace')
    .description('Write runs as OpenTelemetry traces in JSON (OTLP): a span for each window, its attempts below it.')
    .option('--out <file>', 'write to this file instead of stdout');
  withExamples(
    withRunOptions(command),
    'backfill trace us-west-2-prod --out trace.json',
    "backfill trace us-west-2-prod --range 2026-01 | curl -H 'content-type: application/json' --data @- http://localhost:4318/v1/traces",
  ).action(
    action((context, [names = []], choice: TraceOptions) =>
      writeCollected(context, names, choice, (document) => JSON.stringify(tracesOf(document))),
    ),
  );
};
