import { formatDuration } from '../../backfill/hours/duration.js';
import { DAY_LEGEND, inRuns, isFinished } from '../../backfill/views/day-letters.js';
import { onOneLine } from '../../one-line.js';
import { count, counted, percent, toMinute } from '../lines/format.js';
import { daysText, groupAlike, withTypedCommands } from '../status/attention.js';
import type { ClusterReport, ReportDocument, ReportTotals } from './document.js';
import { NOT_CHECKED, wasChecked } from './proof.js';

const MOST_ATTENTION = 20;
const MOST_OPEN = 30;
const LONGEST_TEXT = 200;

/** A report that is short enough for an incident channel. What is left out is counted. */
export function markdown({ generatedAt, totals, clusters, missing }: ReportDocument): string {
  const overview = table(
    ['cluster', 'status', 'done', 'days', 'failed', 'held', 'windows', 'took'],
    [
      ...clusters.map((report) => overviewRow(text(report.cluster), report.status, report.totals, report.durationMs)),
      ...(clusters.length > 1 ? [overviewRow('**total**', '', totals)] : []),
    ],
  );
  const absent = missing.map(
    ({ cluster, reason }) => `- **${text(cluster)}** is not in this report: ${text(reason, Number.POSITIVE_INFINITY)}`,
  );
  const lines = [
    '# Backfill report',
    '',
    `As of ${toMinute(generatedAt)} UTC.`,
    '',
    ...overview,
    ...(absent.length > 0 ? ['', ...absent] : []),
    ...clusters.flatMap(section),
  ];
  return `${lines.join('\n')}\n`;
}

function overviewRow(name: string, status: string, totals: ReportTotals, tookMs?: number): string[] {
  const { days, done, skipped, failed, held, windows } = totals;
  return [
    name,
    status,
    `${percent(done + skipped, days)}%`,
    `${count(done)}/${count(days)}`,
    count(failed),
    count(held),
    count(windows.completed),
    tookMs === undefined ? '' : formatDuration(tookMs),
  ];
}

function section(report: ClusterReport): string[] {
  const { cluster, workflowId, range, statusReason, parallelism, failures, attention, customers, eta, totals } = report;
  const open = customers.filter(({ days }) => !isFinished(days));
  const facts = [
    `- ${code(workflowId)}, ${range.start} to ${range.end} (end exclusive), ${counted(totals.customers, 'customer')}`,
    `- ${report.status}: ${text(statusReason)}`,
    `- limit ${parallelism.limit} of at most ${parallelism.max}: ${text(parallelism.reason)}`,
    ...(eta ? [`- done by about ${toMinute(eta)} UTC at the current pace`] : []),
  ];
  const failureRows = failures.map((failure) => [
    failure.class,
    count(failure.windows),
    count(failure.customers),
    text(failure.example),
  ]);
  const problems = groupAlike(attention);
  const problemRows = problems
    .slice(0, MOST_ATTENTION)
    .map((problem) => [
      text(problem.customer),
      daysText(problem.days),
      problem.class,
      String(problem.attempts),
      text(problem.message),
      withTypedCommands(problem.nextStep),
    ]);
  const openRows = open.slice(0, MOST_OPEN).map(({ id, start, days }) => [text(id), start, code(inRuns(days))]);
  return [
    '',
    `## ${text(cluster)}`,
    '',
    ...facts,
    ...titled('Failures', ['class', 'windows', 'customers', 'latest'], failureRows),
    ...titled('Needs attention', ['customer', 'days', 'class', 'attempts', 'message', 'next step'], problemRows),
    ...more(problems.length - problemRows.length),
    ...titled('Not done', ['customer', 'first day', 'days'], openRows),
    ...more(open.length - MOST_OPEN),
    ...(open.length > 0 ? ['', DAY_LEGEND] : []),
    ...proofLines(report),
  ];
}

function proofLines({ proof }: ClusterReport): string[] {
  if (!proof) return [];
  const digest = `SHA-256 of the rows: ${code(proof.digest)}`;
  if (!wasChecked(proof)) return ['', `${counted(proof.rows.length, 'row')}, ${NOT_CHECKED}. ${digest}`];
  // Only the exceptions: a table of everything that was done would be too long.
  const unverified = proof.rows.filter(({ verified }) => !verified);
  const amount = (value: number | null) => (value === null ? '' : count(value));
  const rows = unverified
    .slice(0, MOST_OPEN)
    .map(({ customer, day, conversations, scorecards, window, attempts }) => [
      text(customer),
      day,
      amount(conversations),
      amount(scorecards),
      window ? code(window) : '',
      String(attempts),
    ]);
  const omitted = proof.omitted > 0 ? `; ${count(proof.omitted)} done days have no rows` : '';
  const verified = `${count(proof.rows.length - unverified.length)} of ${counted(proof.rows.length, 'row')} verified${omitted}.`;
  return [
    '',
    `${verified} ${digest}`,
    ...titled('Not verified', ['customer', 'day', 'conversations', 'scorecards', 'window', 'attempts'], rows),
    ...more(unverified.length - rows.length),
  ];
}

function titled(title: string, titles: readonly string[], rows: readonly string[][]): string[] {
  return rows.length === 0 ? [] : ['', `### ${title}`, '', ...table(titles, rows)];
}

const table = (titles: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  [titles, titles.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);

const more = (amount: number): string[] => (amount > 0 ? ['', `… and ${count(amount)} more.`] : []);

/** Text from elsewhere, in which nothing is markup, a mention, or the end of a table cell. */
function text(raw: string, longest = LONGEST_TEXT): string {
  const line = onOneLine(raw);
  const short = line.length > longest ? `${line.slice(0, longest)}…` : line;
  return short
    .replace(/[\\`*_{}[\]<>()#+!|~]/g, '\\$&')
    .replaceAll('@', '@\u200b')
    .replace(/:\/\//g, ':\u200b//');
}

/** Text from elsewhere as code; a bar would still end a table cell. */
const code = (raw: string): string => `\`${onOneLine(raw).replace(/[`|]/g, '·')}\``;
