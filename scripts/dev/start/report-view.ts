import { formatDuration } from '../../../src/backfill/hours/duration.js';
import type { Report } from '../../../src/backfill/views/report.js';
import { type Cell, type Column, columns, emphasised } from '../../../src/presentation/lines/columns.js';
import { count, counted } from '../../../src/presentation/lines/format.js';
import { type Line, styled } from '../../../src/presentation/lines/line.js';
import { problemLine } from '../../../src/presentation/status/attention.js';

/** What a database holds for one customer, counted there. */
export interface StoredScorecards {
  readonly customerId: string;
  readonly cluster: string;
  readonly conversations: number;
  readonly scorecards: number;
  /** Conversations without a current scorecard. */
  readonly missing: number;
  /** Aggregates that disagree with the scorecards. */
  readonly wrongAggregates: number;
}

const MOST_LISTED = 20;

/** The runs according to their own reports: a row for each and their total, then what they left undone. */
export function runsTable(reports: readonly Report[]): Line[] {
  const rows = reports.map((report): Cell[] => runRow(report.cluster ?? '', [report]));
  if (reports.length > 1) rows.push(emphasised(runRow('total', reports), 'bold'));
  const attention = reports.flatMap((report) => report.attention);
  return [
    ...columns(
      [{ title: 'from the workflows' }, ...rightAligned('customers', 'days', 'windows', 'retries', 'took')],
      rows,
    ),
    ...listed(attention.filter(({ days }) => days.length > 0).map(problemLine)),
  ];
}

function runRow(name: string, reports: readonly Report[]): Cell[] {
  const sum = (of: (report: Report) => number) => reports.reduce((total, report) => total + of(report), 0);
  const [days, done] = [sum(({ totals }) => totals.days), sum(({ totals }) => totals.done)];
  const retries = sum(({ customers }) => customers.reduce((total, customer) => total + customer.retries, 0));
  const span =
    Math.max(...reports.map(({ endedAt }) => Date.parse(endedAt))) -
    Math.min(...reports.map(({ startedAt }) => Date.parse(startedAt)));
  return [
    name,
    count(sum(({ customers }) => customers.length)),
    days === done ? count(days) : [styled(`${count(done)}/${count(days)}`, 'red')],
    count(sum(({ totals }) => totals.windows.completed)),
    count(retries),
    formatDuration(span),
  ];
}

/** What the runs counted in the database after their windows, with the digests that identify their proofs. */
export function proofTable(reports: readonly Report[]): Line[] {
  const rows = reports.map((report): Cell[] => [
    ...proofRow(report.cluster ?? '', [report]),
    report.proof.digest.slice(0, 12),
  ]);
  if (reports.length > 1) rows.push(emphasised([...proofRow('total', reports), ''], 'bold'));
  const numbers = rightAligned('days verified', 'conversations', 'scorecards');
  return columns([{ title: 'from the proofs' }, ...numbers, { title: 'digest' }], rows);
}

function proofRow(name: string, reports: readonly Report[]): Cell[] {
  const sum = (of: (proof: Report['proof']) => number) => reports.reduce((total, { proof }) => total + of(proof), 0);
  const days = sum(({ totals, omitted }) => totals.days + omitted);
  const verified = sum(({ totals }) => totals.verifiedDays);
  return [
    name,
    verified === days ? count(days) : [styled(`${count(verified)}/${count(days)}`, 'red')],
    count(sum(({ totals }) => totals.conversations)),
    count(sum(({ totals }) => totals.scorecards)),
  ];
}

/** What the database holds, by cluster, and which conversations have no scorecard. */
export function storedTable(customers: readonly StoredScorecards[]): Line[] {
  const clusters = [...new Set(customers.map(({ cluster }) => cluster))];
  const rows = clusters.map((cluster) =>
    storedRow(
      cluster,
      customers.filter((customer) => customer.cluster === cluster),
    ),
  );
  if (clusters.length > 1) rows.push(emphasised(storedRow('total', customers), 'bold'));
  return columns(
    [{ title: 'from the database' }, ...rightAligned('conversations', 'scorecards', 'missing', 'wrong aggregates')],
    rows,
  );
}

const rightAligned = (...titles: string[]): Column[] => titles.map((title) => ({ title, align: 'right' }));

function storedRow(name: string, customers: readonly StoredScorecards[]): Cell[] {
  const sum = (field: 'conversations' | 'scorecards' | 'missing' | 'wrongAggregates') =>
    customers.reduce((total, customer) => total + customer[field], 0);
  const expectZero = (amount: number): Cell => (amount === 0 ? '0' : [styled(count(amount), 'red')]);
  return [
    name,
    count(sum('conversations')),
    count(sum('scorecards')),
    expectZero(sum('missing')),
    expectZero(sum('wrongAggregates')),
  ];
}

/** Whether everything is as expected, in a sentence, or else for which customers it is not. */
export function verdict(
  reports: readonly Report[],
  customers: readonly StoredScorecards[],
): { ok: boolean; lines: Line[] } {
  const wrong = customers.filter(({ missing, wrongAggregates }) => missing + wrongAggregates > 0);
  const open = reports.filter(({ outcome }) => outcome !== 'completed');
  const conversations = customers.reduce((sum, customer) => sum + customer.conversations, 0);
  const disagreeing = reports.flatMap((report) => disagreement(report, customers));
  if (wrong.length + open.length + disagreeing.length === 0) {
    return {
      ok: true,
      lines: [[styled('✓', 'green'), ` all ${counted(conversations, 'conversation')} have a current scorecard`]],
    };
  }
  const lines: Line[] = open.map(({ cluster, outcome }) => [
    styled('✗ ', 'red'),
    `${cluster ?? 'the run'} ended ${outcome}`,
  ]);
  lines.push(...disagreeing);
  if (wrong.length > 0) {
    lines.push([
      styled('✗ ', 'red'),
      `${counted(wrong.length, 'customer')} with missing scorecards or wrong aggregates:`,
    ]);
    lines.push(...listed(wrong.map(wrongLine)));
  }
  return { ok: false, lines };
}

/** Where a report and the database differ: no conversation arrives late here, so both must have counted the same. */
function disagreement({ cluster, proof }: Report, customers: readonly StoredScorecards[]): Line[] {
  const own = customers.filter((customer) => customer.cluster === cluster);
  const sum = (field: 'conversations' | 'scorecards') => own.reduce((total, customer) => total + customer[field], 0);
  const { conversations, scorecards } = proof.totals;
  if (conversations === sum('conversations') && scorecards === sum('scorecards')) return [];
  const proved = `${count(scorecards)} scorecards of ${counted(conversations, 'conversation')}`;
  const held = `${count(sum('scorecards'))} of ${count(sum('conversations'))}`;
  return [[styled('✗ ', 'red'), `${cluster ?? 'the run'} proves ${proved}; the database has ${held}`]];
}

function wrongLine({ customerId, cluster, conversations, missing, wrongAggregates }: StoredScorecards): Line {
  const parts = [
    ...(missing > 0 ? [`${count(missing)} of ${counted(conversations, 'conversation')} without a scorecard`] : []),
    ...(wrongAggregates > 0 ? [counted(wrongAggregates, 'wrong aggregate')] : []),
  ];
  return [`  ${customerId} (${cluster}): ${parts.join(', ')}`];
}

const listed = (lines: Line[]): Line[] =>
  lines.length <= MOST_LISTED
    ? lines
    : [...lines.slice(0, MOST_LISTED), [styled(`  and ${lines.length - MOST_LISTED} more`, 'dim')]];
