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
 * The job in full: an open one is asked for its progress, a closed one has left a report.
 *
 * @param customers of whom the facts must say whether the job has them
 * @throws Unanswered when the cluster does not answer; a run that does not answer is a job that says so
 */
export async function knownJob(clusters: Clusters, run: Run, customers: readonly string[] = []): Promise<KnownJob> {
  const facts = factsOfRun(run);
  const started = { at: run.startedAt.getTime(), exact: true };
  if (run.closedAt !== undefined) {
    const { report, reason } = await clusters.ended(run);
    if (!report) return { job: { ...jobOfRun(run), stateReason: reason }, facts: { ...facts, started } };
    return { job: jobOfReport(run, report), facts: await factsWith(clusters, run, facts, report, customers), report };
  }
  try {
    const progress = await clusters.progress(run);
    const job = jobOfProgress(run, progress);
    const known = await factsWith(clusters, run, facts, progress, customers);
    return { job, facts: { ...known, state: job.state as Job_State } };
  } catch (error) {
    if (!(error instanceof Unanswered) || error.who === 'cluster') throw error;
    const job = jobWithoutAnswer(run, error.message);
    return { job, facts: { ...facts, started, state: Job_State.UNRESPONSIVE } };
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
