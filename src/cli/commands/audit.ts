import { Option } from 'commander';
import type { ClusterSession } from '../../fleet/index.js';
import { onOneLine } from '../../one-line.js';
import { executionsOfCluster } from '../../operations/find-run.js';
import { toSecond } from '../../presentation/lines/format.js';
import { type Line, styled } from '../../presentation/lines/line.js';
import { wrapped } from '../../presentation/lines/wrapping.js';
import { csv } from '../../presentation/report/csv.js';
import { withDeadline } from '../../runs/time-limit.js';
import { type AuditEntry, auditOf } from '../audit/entries.js';
import { type AddCommand, withExamples } from './add-command.js';
import { answer } from './answer.js';
import { onEach, selectClusters, valuesOf, withClusters, withSessions } from './clusters.js';
import { wholeNumber } from './whole-number.js';

interface AuditOptions {
  days: number;
  decisions?: boolean;
  format?: 'csv';
}

const LIMIT_MS = 60_000;
const TITLES = ['at', 'cluster', 'run', 'kind', 'by', 'what', 'effect'] as const;

export const addAudit: AddCommand = (program, action) => {
  const command = withClusters(program.command('audit'))
    .summary('list who did what, over all runs')
    .description(
      'List who started, commanded, cancelled and terminated runs, over all runs of the clusters, oldest first.',
    )
    .option('--days <n>', 'runs that were started in the latest n days', wholeNumber(1, 3_650), 90)
    .option('--decisions', 'also what runs decided by themselves, such as moves of the limit')
    .addOption(new Option('--format <format>', 'CSV instead of a table').choices(['csv']))
    .addHelpText(
      'after',
      `
A run's log has its latest 200 entries; earlier commands are read from Temporal's histories, while the namespace keeps them.
The report has the digest of all entries: see backfill verify-report.`,
    );
  withExamples(
    command,
    'backfill audit --days 7',
    'backfill audit us-west-2-prod --decisions --output json',
    'backfill audit --days 365 --format csv > audit.csv',
  ).action(
    action(async (context, [names = []], { days, decisions = false, format }: AuditOptions) => {
      const clusters = await selectClusters(context, names);
      const since = new Date(Date.now() - days * 86_400_000);
      return withSessions(context, clusters, async (sessions) => {
        const audits = await onEach(sessions, (session) => auditSince(session, since, decisions));
        const rows = valuesOf(audits)
          .flatMap(({ cluster, entries }) => entries.map((entry) => ({ cluster, ...entry })))
          .sort((a, b) => (a.at < b.at ? -1 : 1));
        if (format === 'csv') context.surroundings.stdout.write(csv([TITLES, ...rows.map(csvRow)]));
        for (const gap of valuesOf(audits).flatMap(({ gaps }) => gaps)) context.say(`records are missing: ${gap}`);
        return answer(context, audits, {
          lines: () => (format === 'csv' ? [] : rows.flatMap((row) => wrapped(line(row), context.columns, 21))),
          fields: ({ entries, gaps }) => ({ entries, gaps }),
        });
      });
    }),
  );
};

/** The entries of every run of a cluster that was started since then, oldest first. */
async function auditSince(session: ClusterSession, since: Date, decisions: boolean) {
  const { client, cluster } = session;
  const runs = await executionsOfCluster(session, since);
  const audits = await withDeadline(client, () => Promise.all(runs.map((run) => auditOf(client, run))), LIMIT_MS);
  const entries = audits
    .flatMap((audit) => audit.entries)
    .filter(({ kind }) => decisions || kind !== 'decision')
    .sort((a, b) => (a.at < b.at ? -1 : 1));
  return { cluster: cluster.name, entries, gaps: audits.flatMap(({ gap }) => gap ?? []) };
}

type Row = AuditEntry & { cluster: string };

const csvRow = ({ at, cluster, workflowId, kind, by, what, effect }: Row): string[] => [
  at,
  cluster,
  workflowId,
  kind,
  by ?? '',
  what,
  effect,
];

/** `2026-02-01 09:12:04  us-west-2-prod: pause by ana: …`, as `log` has it. */
const line = ({ at, cluster, workflowId, by, what, effect }: Row): Line => [
  styled(toSecond(at), 'dim'),
  '  ',
  styled(`${cluster}: ${what}${by === null ? '' : ` by ${onOneLine(by)}`}: `, 'bold'),
  `${onOneLine(effect)} `,
  styled(workflowId, 'dim'),
];
