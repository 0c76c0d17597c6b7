import { Option } from 'commander';
import type { RunChoice } from '../../operations/find-run.js';
import { badUsage } from '../../operations/problem.js';
import { formatted, REPORT_FORMATS, type ReportFormat, ROWS, type Rows } from '../../presentation/report/formats.js';
import { type AddCommand, withExamples } from './add-command.js';
import { withClusters } from './clusters.js';
import { withRunOptions } from './run-options.js';
import { writeCollected } from './write-collected.js';

interface ReportOptions extends RunChoice {
  format?: ReportFormat;
  rows?: Rows;
  out?: string;
}

export const addReport: AddCommand = (program, action) => {
  const command = withClusters(program.command('report'))
    .summary('write what a run did, as HTML, Markdown, JSON or CSV')
    .description('Write a report of the runs of one or more clusters: one document with a section for each.')
    .addOption(new Option('--format <format>', 'file format').choices([...REPORT_FORMATS]))
    .addOption(new Option('--rows <rows>', 'what each row of the CSV is').choices([...ROWS]))
    .option('--out <file>', 'write to this file instead of stdout; its extension sets the format');
  withExamples(
    withRunOptions(command),
    'backfill report --out january.html',
    'backfill report us-west-2-prod --format md',
    'backfill report us-west-2-prod --format csv --rows windows --out windows.csv',
    'backfill report chat-prod --run backfillscorecards-chat-prod-2026-01 --format json',
  ).action(
    action(async (context, [names = []], { format: asked, rows, ...choice }: ReportOptions) => {
      const format = formatOf(asked ?? (context.options.output === 'json' ? 'json' : undefined), choice.out);
      if (rows && format !== 'csv') throw badUsage(`--rows is for --format csv; got ${format}`);
      return writeCollected(context, names, choice, (document) => {
        if (rows === 'proof' && !document.clusters.some(({ proof }) => proof)) {
          context.say('no rows: a proof is part of the result of a run, which exists once the run has ended');
        }
        return formatted(document, format, rows ?? 'days');
      });
    }),
  );
};

/** The requested format, else that of the file's extension, else Markdown. */
function formatOf(asked: ReportFormat | undefined, out: string | undefined): ReportFormat {
  if (asked) return asked;
  const extension = out === undefined ? 'md' : out.slice(out.lastIndexOf('.') + 1).toLowerCase();
  const format = REPORT_FORMATS.find((known) => known === extension || (known === 'html' && extension === 'htm'));
  if (!format)
    throw badUsage(`--out ${out}: its extension is not a known format; use --format ${REPORT_FORMATS.join('|')}`);
  return format;
}
