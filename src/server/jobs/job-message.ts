import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { DayCounts } from '../../backfill/views/day-letters.js';
import type { Attention, Progress } from '../../backfill/views/progress.js';
import type { Report } from '../../backfill/views/report.js';
import type { Status } from '../../backfill/views/status.js';
import type { Run } from './clusters.js';
import type { Days } from './filter/conditions.js';
import {
  type AttentionSchema,
  type DayCountsSchema,
  type DayRangeSchema,
  type Job,
  Job_State,
  type JobProgressSchema,
  type JobSchema,
} from './gen/backfill/jobs/v1/job_pb.js';
import { daysOf, jobName, rangeInId } from './job-name.js';

/** A job as a message, before it is made one. */
export type JobFields = Exclude<MessageInitShape<typeof JobSchema>, Job>;

const HOUR_MS = 3_600_000;

/** What Temporal says of a run, and nothing that the run would have to be asked for. */
export function jobOfRun(run: Run): JobFields {
  return {
    name: jobName(run),
    cluster: run.cluster,
    state: closedState(run) ?? Job_State.RUNNING,
    range: rangeMessage(rangeInId(run.workflowId)),
    startTime: timestampFromMs(run.startedAt.getTime()),
    ...(run.closedAt && { endTime: timestampFromMs(run.closedAt.getTime()) }),
  };
}

/** Undefined for an open run. */
export function closedState({ status, closedAt }: Pick<Run, 'status' | 'closedAt'>): Job_State | undefined {
  if (closedAt === undefined) return undefined;
  switch (status) {
    case 'COMPLETED':
      return Job_State.COMPLETED;
    case 'CANCELLED':
      return Job_State.CANCELLED;
    case 'TERMINATED':
      return Job_State.TERMINATED;
    default:
      return Job_State.FAILED;
  }
}

/** An open job, from its own answer. */
export const jobOfProgress = (run: Run, progress: Progress): JobFields => ({
  ...jobOfRun(run),
  state: OPEN_STATES[progress.status],
  stateReason: progress.statusReason,
  range: rangeMessage(daysOf(progress.range)),
  startTime: timestampFromMs(Date.parse(progress.startedAt)),
  ...(progress.eta !== null && { estimatedEndTime: timestampFromMs(Date.parse(progress.eta)) }),
  progress: progressMessage(progress, progress.parallelism),
  attention: progress.attention.map(attentionMessage),
});

/** A run that has just ended still answers with its last status. */
const OPEN_STATES: Record<Status, Job_State> = {
  running: Job_State.RUNNING,
  pausing: Job_State.PAUSING,
  paused: Job_State.PAUSED,
  waitingForOperator: Job_State.WAITING_FOR_OPERATOR,
  cancelling: Job_State.CANCELLING,
  finishing: Job_State.FINISHING,
  completed: Job_State.COMPLETED,
  cancelled: Job_State.CANCELLED,
};

export const jobWithoutAnswer = (run: Run, reason: string): JobFields => ({
  ...jobOfRun(run),
  state: Job_State.UNRESPONSIVE,
  stateReason: reason,
});

/** A closed job, from the report that it left. */
export const jobOfReport = (run: Run, report: Report): JobFields => ({
  ...jobOfRun(run),
  range: rangeMessage(daysOf(report.range)),
  startTime: timestampFromMs(Date.parse(report.startedAt)),
  progress: progressMessage(report, { inFlight: 0, limit: 0 }),
  attention: report.attention.map(attentionMessage),
  // A report of an older worker has no proof.
  ...((report.proof as Report['proof'] | undefined) && { proof: proofMessage(report.proof) }),
});

const proofMessage = ({ digest, omitted, totals }: Report['proof']): NonNullable<JobFields['proof']> => ({
  digest,
  rows: totals.rows,
  omittedDays: omitted,
  verifiedDays: totals.verifiedDays,
  conversations: BigInt(totals.conversations),
  scorecards: BigInt(totals.scorecards),
});

const progressMessage = (
  { totals, customers, customersLeftOut }: Pick<Progress | Report, 'totals' | 'customers' | 'customersLeftOut'>,
  { inFlight, limit }: { inFlight: number; limit: number },
): MessageInitShape<typeof JobProgressSchema> => ({
  days: countsMessage(totals),
  windowsInFlight: inFlight,
  limit,
  customers: customers.length + (customersLeftOut?.count ?? 0),
});

export const countsMessage = ({ days, ...counts }: DayCounts): MessageInitShape<typeof DayCountsSchema> => ({
  total: days,
  done: counts.done,
  running: counts.running,
  verifying: counts.verifying ?? 0,
  waiting: counts.waiting,
  failed: counts.failed,
  skipped: counts.skipped,
  held: counts.held,
});

export const rangeMessage = (days: Days | undefined): MessageInitShape<typeof DayRangeSchema> | undefined =>
  days && { startTime: timestampFromMs(days.start * HOUR_MS), endTime: timestampFromMs(days.end * HOUR_MS) };

const attentionMessage = (attention: Attention): MessageInitShape<typeof AttentionSchema> => ({
  customer: attention.customer,
  days: attention.days,
  failureClass: attention.class,
  message: attention.message,
  attempts: attention.attempts,
  workflowId: attention.workflowId,
  nextStep: attention.nextStep,
});
