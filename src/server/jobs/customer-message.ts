import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { HOURS_PER_DAY, parseDay } from '../../backfill/hours/calendar.js';
import { add, hoursIn, type Intervals, none } from '../../backfill/hours/interval.js';
import type { DayCounts } from '../../backfill/views/day-letters.js';
import type { Proof, ProofRow } from '../../backfill/views/proof.js';
import type { CustomerReport, Report } from '../../backfill/views/report.js';
import { type Clusters, type Run, Unanswered } from './clusters.js';
import type { Days } from './filter/conditions.js';
import type { CustomerWork, CustomerWorkSchema, ProofRowSchema } from './gen/backfill/jobs/v1/job_pb.js';
import { countsMessage, rangeMessage } from './job-message.js';
import { daysOf } from './job-name.js';

type CustomerFields = Exclude<MessageInitShape<typeof CustomerWorkSchema>, CustomerWork>;

/** Where a customer's part is found: what the run says now, or the report that it left. */
export async function customerOfRun(clusters: Clusters, run: Run, id: string): Promise<CustomerFields | undefined> {
  try {
    const [view, proof] = await Promise.all([clusters.customer(run, id), clusters.proof(run, id)]);
    const range = daysOf(view.range);
    const done = [...view.days].flatMap((letter, i) => (letter === 'd' ? [range.start + i * HOURS_PER_DAY] : []));
    return customerMessage(id, view.totals, proof, range, together(done));
  } catch (error) {
    if (error instanceof Unanswered || !isUnknownCustomer(error)) throw error;
    return undefined;
  }
}

/** A query handler's own sentence for a customer that the run does not have. */
const isUnknownCustomer = (error: unknown): boolean =>
  error instanceof Error && /is not in this run/.test(error.message);

/** Undefined for a customer that the report does not have, or has no room for: {@link customerOfRun} then knows. */
export function customerInReport(report: Report, id: string): CustomerFields | undefined {
  const found = report.customers.find((customer) => customer.id === id);
  if (!found) return undefined;
  const rows = ((report.proof as Report['proof'] | undefined)?.rows ?? []).filter(([customer]) => customer === id);
  const start = parseDay(found.start ?? report.range.start)!;
  const range = { start, end: start + found.days * HOURS_PER_DAY };
  return customerMessage(id, countsIn(found), { rows }, range, doneIn(found, rows, range));
}

/** A report says only which days are not done, and not all of those; a day with a row may be done in part. */
function doneIn(customer: CustomerReport, rows: readonly ProofRow[], { start, end }: Days): Intervals {
  if (customer.done === customer.days) return add(none, [start, end]);
  const { skipped = [], failed = [], held = [], waiting = [] } = customer;
  const undone = new Set([...skipped, ...failed, ...held, ...waiting]);
  const done = together(rows.flatMap(([, day]) => (undone.has(day) ? [] : [parseDay(day)!])));
  return hoursIn(done) === customer.done * HOURS_PER_DAY ? done : none;
}

const together = (days: readonly number[]): Intervals =>
  days.reduce<Intervals>((set, day) => add(set, [day, day + HOURS_PER_DAY]), none);

function countsIn({ days, done, skipped = [], failed = [], held = [] }: CustomerReport): DayCounts {
  const stuck = { skipped: skipped.length, failed: failed.length, held: held.length };
  const waiting = Math.max(0, days - done - stuck.skipped - stuck.failed - stuck.held);
  return { days, done, running: 0, verifying: 0, waiting, ...stuck };
}

function customerMessage(
  customer: string,
  counts: DayCounts,
  { rows }: Pick<Proof, 'rows'>,
  range: Days,
  doneDays: Intervals,
): CustomerFields {
  const done = counts.days > 0 && counts.done === counts.days;
  const withRows = new Set(rows.map(([, day]) => day)).size;
  const completed = rows.flatMap(([, , , , , completedAt]) => (completedAt === null ? [] : [Date.parse(completedAt)]));
  const sum = (column: 2 | 3) => BigInt(rows.reduce((total, row) => total + (row[column] ?? 0), 0));
  return {
    customer,
    range: rangeMessage(range),
    days: countsMessage(counts),
    done,
    ...(done && completed.length > 0 && { doneTime: timestampFromMs(Math.max(...completed)) }),
    verified: done && withRows === counts.days && rows.every(([, , , , , , , verified]) => verified),
    conversations: sum(2),
    scorecards: sum(3),
    rows: rows.map(rowMessage),
    omittedDays: Math.max(0, counts.done - withRows),
    doneRanges: doneDays.map(([start, end]) => rangeMessage({ start, end })!),
  };
}

function rowMessage(row: ProofRow): MessageInitShape<typeof ProofRowSchema> {
  const [, day, conversations, scorecards, window, completedAt, attempts, verified] = row;
  return {
    day,
    window: window ?? '',
    ...(completedAt !== null && { completeTime: timestampFromMs(Date.parse(completedAt)) }),
    attempts,
    ...(conversations !== null && { conversations: BigInt(conversations) }),
    ...(scorecards !== null && { scorecards: BigInt(scorecards) }),
    verified,
  };
}
