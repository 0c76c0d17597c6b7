import type { Progress } from '../../backfill/views/progress.js';
import type { Report } from '../../backfill/views/report.js';
import { type Clusters, type Run, Unanswered } from './clusters.js';
import { customerInReport, customerOfRun } from './customer-message.js';
import type { Facts } from './filter/conditions.js';
import { Job_State } from './gen/backfill/jobs/v1/job_pb.js';
import { closedState, type JobFields, jobOfProgress, jobOfReport, jobOfRun, jobWithoutAnswer } from './job-message.js';
import { daysOf, rangeInId } from './job-name.js';

/** A job, and what a filter may ask of it. */
export interface KnownJob {
  readonly job: JobFields;
  readonly facts: Facts;
  readonly report?: Report;
  /** Why the run did not answer, so that its facts are incomplete. */
  readonly silent?: Unanswered;
}

/** What Temporal's list says of a run. */
export const factsOfRun = (run: Run): Facts => ({
  cluster: run.cluster,
  state: closedState(run),
  range: rangeInId(run.workflowId),
  started: { at: run.startedAt.getTime(), exact: false },
  ended: run.closedAt?.getTime() ?? null,
});

/**
 * The job in full: a closed one has left a report; an open one, and one that was cancelled or terminated, is asked.
 *
 * @param customers of whom the facts must say whether the job has them
 * @throws Unanswered when the cluster does not answer; a run that does not answer is a job that says so
 */
export async function knownJob(clusters: Clusters, run: Run, customers: readonly string[] = []): Promise<KnownJob> {
  const facts = factsOfRun(run);
  const started = { at: run.startedAt.getTime(), exact: true };
  const { report, reason } = run.closedAt === undefined ? { reason: '' } : await clusters.ended(run);
  if (report) {
    return { job: jobOfReport(run, report), facts: await factsWith(clusters, run, facts, report, customers), report };
  }
  try {
    const progress = await clusters.progress(run);
    const job = jobOfProgress(run, progress);
    const known = await factsWith(clusters, run, facts, progress, customers);
    if (run.closedAt === undefined) return { job, facts: { ...known, state: job.state } };
    // Its last answer may be from before its end, where it was terminated.
    return { job: { ...job, state: facts.state!, stateReason: reason }, facts: known };
  } catch (error) {
    const silent = error instanceof Unanswered ? error : undefined;
    if (run.closedAt !== undefined) {
      // A run whose input was refused answers nothing, and neither does one without a worker: Temporal's facts remain.
      const job = { ...jobOfRun(run), stateReason: reason };
      return { job, facts: { ...facts, started }, ...(silent && { silent }) };
    }
    if (silent?.who !== 'run') throw error;
    const job = jobWithoutAnswer(run, silent.message);
    return { job, facts: { ...facts, started, state: Job_State.UNRESPONSIVE }, silent };
  }
}

async function factsWith(
  clusters: Clusters,
  run: Run,
  facts: Facts,
  answer: Pick<Progress | Report, 'range' | 'startedAt' | 'customers' | 'customersLeftOut'>,
  customers: readonly string[],
): Promise<Facts> {
  const ids = new Set(answer.customers.map(({ id }) => id));
  const unseen = answer.customersLeftOut ? customers.filter((id) => !ids.has(id)) : [];
  for (const id of unseen) if (await customerOfRun(clusters, run, id)) ids.add(id);
  return {
    ...facts,
    range: daysOf(answer.range),
    started: { at: Date.parse(answer.startedAt), exact: true },
    customers: ids,
  };
}

/**
 * The job with one customer's part; undefined when it has no such customer.
 *
 * @throws Unanswered when only the run could say, and it does not answer
 */
export async function withCustomer(
  clusters: Clusters,
  run: Run,
  { job, report }: Pick<KnownJob, 'job' | 'report'>,
  id: string,
): Promise<JobFields | undefined> {
  const reported = report && customerInReport(report, id);
  const absent = report && !reported && !report.customersLeftOut;
  const customer = absent ? undefined : (reported ?? (await customerOfRun(clusters, run, id)));
  return customer && { ...job, customer };
}
