import { setTimeout as sleep } from 'node:timers/promises';
import { create, toBinary } from '@bufbuild/protobuf';
import { ConnectError, createContextKey, type HandlerContext, type ServiceImpl } from '@connectrpc/connect';
import { type Command, parseCommand } from '../../backfill/commands/command.js';
import { parseDay } from '../../backfill/hours/calendar.js';
import type { Visitor } from '../access/gate.js';
import type { Served } from '../mount.js';
import { type Clusters, type Run, Unanswered } from './clusters.js';
import { JobSchema } from './gen/backfill/jobs/v1/job_pb.js';
import { type JobService, JobView } from './gen/backfill/jobs/v1/job_service_pb.js';
import { type JobFields, jobOfRun, jobWithoutAnswer } from './job-message.js';
import { clusterInParent, jobName, jobNamed } from './job-name.js';
import { knownJob, withCustomer } from './jobs.js';
import { listJobs } from './list-jobs.js';
import type { PageTokens } from './page-token.js';
import { closedJob, invalid, noSuchCluster, noSuchCustomer, noSuchJob, readOnly, stopping } from './problems.js';

/** Who calls, as the gate admitted them. */
export const VISITOR = createContextKey<Visitor>({});

export interface JobServiceOptions extends Pick<Served, 'readOnly' | 'by'> {
  readonly clusters: Clusters;
  readonly tokens: PageTokens;
  /** How often a watched job is looked at. */
  readonly everyMs?: number;
}

const INTERVAL_MS = 2_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const A_NAME = "a job's name: clusters/<cluster>/jobs/<workflow id>";

/** The methods of the job API, over any clusters. */
export function jobService(options: JobServiceOptions): ServiceImpl<typeof JobService> {
  const { clusters, tokens, everyMs = INTERVAL_MS } = options;

  async function runNamed(name: string): Promise<Run> {
    const named = jobNamed(name);
    if (!named) throw invalid('name', A_NAME);
    checkCluster('name', named.cluster);
    const run = await clusters.run(named.cluster, named.workflowId);
    if (!run) throw noSuchJob(name);
    return run;
  }

  function checkCluster(field: string, cluster: string): void {
    if (!clusters.names.includes(cluster)) throw noSuchCluster(field, cluster, clusters.names);
  }

  async function jobOf(run: Run, { customer = '', view = JobView.FULL } = {}): Promise<JobFields> {
    const basic = view === JobView.BASIC && run.closedAt !== undefined && customer === '';
    if (basic) return jobOfRun(run);
    const known = await knownJob(clusters, run);
    if (customer === '') return known.job;
    const job = await withCustomer(clusters, run, known, customer);
    if (!job) throw noSuchCustomer(customer, jobName(run));
    return job;
  }

  async function send(
    { values }: HandlerContext,
    request: { readonly name: string; readonly requestId?: string },
    command: Command,
  ): Promise<JobFields> {
    checkChange(options, request);
    const by = values.get(VISITOR).user ?? options.by;
    const { name, ...argument } = command;
    const parsed = parseCommand(name, { ...argument, by });
    if ('refused' in parsed) throw invalid('customer' in argument ? 'customer' : 'reason', parsed.refused);
    const run = await runNamed(request.name);
    if (run.closedAt !== undefined) throw closedJob(request.name);
    await clusters.send(run, name, { ...argument, by }, request.requestId || undefined);
    return jobOf(await runNamed(request.name));
  }

  /** The job as a caller is shown it; what the cluster does not answer for a moment is no end of the stream. */
  async function watched(name: string, before: Run | undefined): Promise<{ run: Run; job: JobFields }> {
    try {
      const run = await runNamed(name);
      return { run, job: await jobOf(run) };
    } catch (error) {
      if (!before || !(error instanceof Unanswered)) throw error;
      return { run: before, job: jobWithoutAnswer(before, error.message) };
    }
  }

  return {
    async getJob({ name, customer, view }) {
      return jobOf(await runNamed(name), { customer, ...(view !== JobView.UNSPECIFIED && { view }) });
    },

    listJobs: (request, { values }) => listJobs(clusters, tokens, request, values.get(VISITOR).user ?? ''),

    async *watchJob({ name }, { signal }) {
      let before: Run | undefined;
      let shown: Uint8Array | undefined;
      while (!signal.aborted) {
        const { run, job } = await watched(name, before);
        const bytes = toBinary(JobSchema, create(JobSchema, job));
        if (!shown || Buffer.compare(bytes, shown) !== 0) yield { job };
        if (run.closedAt !== undefined) return;
        [before, shown] = [run, bytes];
        await sleep(everyMs, undefined, { signal }).catch(() => {});
      }
      // A stream that just ended would say that the job has.
      throw signal.reason instanceof ConnectError ? signal.reason : stopping();
    },

    async runJob({ parent, input, requestId, validateOnly }) {
      checkChange(options, { requestId });
      const cluster = clusterInParent(parent);
      if (cluster === undefined) throw invalid('parent', 'clusters/<cluster>');
      checkCluster('parent', cluster);
      if (!input) throw invalid('input', 'the input of a run, such as {"start": "2026-01-01", "end": "2026-02-01", …}');
      const ready = await clusters.input(cluster, input);
      const name = jobName({ cluster, workflowId: ready.workflowId });
      if (validateOnly) return { name, cluster };
      await clusters.start(cluster, ready, requestId === '' ? undefined : { id: requestId, input });
      return jobOf(await runNamed(name));
    },

    pauseJob: (request, context) => {
      const { customer, reason } = request;
      return send(context, request, { name: 'pause', ...given({ customer, reason }) });
    },

    resumeJob: (request, context) =>
      send(context, request, { name: 'resume', ...given({ customer: request.customer }) }),

    async cancelJob(request) {
      checkChange(options, {});
      const run = await runNamed(request.name);
      if (run.closedAt !== undefined) throw closedJob(request.name);
      await clusters.cancel(run);
      return jobOf(await runNamed(request.name));
    },

    resetDay: (request, context) => {
      const { customer, day } = request;
      if (customer === '') throw invalid('customer', 'the id of a customer');
      if (parseDay(day) === undefined) throw invalid('day', 'a UTC day such as 2026-01-15');
      return send(context, request, { name: 'resetDay', customer, day });
    },
  };
}

function checkChange({ readOnly: refused }: JobServiceOptions, { requestId = '' }: { requestId?: string }): void {
  if (refused) throw readOnly();
  if (requestId !== '' && !UUID.test(requestId)) throw invalid('request_id', 'a UUID, or nothing');
}

/** In a message of protobuf a text that was not given is empty. */
const given = (texts: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ''));
