/** The job API over clusters without a Temporal server, started again for each test. */
import { ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterEach, beforeEach, expect } from 'vitest';
import { JobService } from '../../../src/server/jobs/gen/backfill/jobs/v1/job_service_pb.js';
import { type JobApiOptions, jobApi } from '../../../src/server/jobs/handler.js';
import { PageTokens } from '../../../src/server/jobs/page-token.js';
import { type Listener, listen } from '../../../src/server/listen.js';
import { FakeClusters, type FakeRun } from '../../support/fake-clusters.js';
import { backfill, completes, fails, given, starts } from '../../support/story.js';

const request = { customers: ['cvs', 'oportun'], start: '2026-01-01', end: '2026-01-03' };
export const open = given(
  backfill({ ...request, parallelism: 2, retry: { unknown: { attempts: 1 } } }),
  starts(),
  completes('cvs-2026-01-01'),
  fails('oportun-2026-01-01', 'permanent'),
  starts(),
).story;
export const done = given(
  backfill({ ...request, parallelism: 2 }),
  starts(),
  completes('cvs-2026-01-01'),
  completes('oportun-2026-01-01'),
  starts(),
  completes('cvs-2026-01-02'),
  completes('oportun-2026-01-02'),
).story;

export const runId = (cluster: string, range: string) => `backfillscorecards-${cluster}-${range}`;
export const jobOf = (cluster: string, range: string) => `clusters/${cluster}/jobs/${runId(cluster, range)}`;
const closedRuns = (cluster: string, count: number): FakeRun[] =>
  Array.from({ length: count }, (_, i) => ({
    workflowId: runId(cluster, `2025-01-01--2025-01-${String(i + 2).padStart(2, '0')}`),
    status: 'COMPLETED',
    story: done,
  }));

export class JobApiRig {
  readonly fleet: Record<string, FakeRun[]> = {
    east: [
      { workflowId: runId('east', '2026-01-01--2026-01-03'), story: open },
      { workflowId: runId('east', '2025-12'), status: 'TERMINATED', story: done },
      ...closedRuns('east', 5),
    ],
    west: [{ workflowId: runId('west', '2026-01-01--2026-01-03'), status: 'COMPLETED', story: done }],
    south: closedRuns('south', 4),
  };
  readonly clusters = new FakeClusters(this.fleet);
  stopping = new AbortController();
  private listener: Listener | undefined;
  private readonly internal: unknown[] = [];

  /** Instead of what served before. */
  async serve(options: Partial<JobApiOptions> & { user?: () => string } = {}): Promise<void> {
    await this.listener?.close();
    this.stopping = new AbortController();
    const { user = () => 'alice', ...rest } = options;
    const api = jobApi({
      clusters: this.clusters,
      tokens: new PageTokens('the token'),
      readOnly: false,
      by: 'the server',
      everyMs: 20,
      signal: this.stopping.signal,
      onInternal: (error) => this.internal.push(error),
      ...rest,
    });
    this.listener = await listen((request, response) => api.handle(request, response, { user: user() }), {
      host: '127.0.0.1',
      port: 0,
    });
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.listener?.close();
    expect(this.internal).toEqual([]);
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${this.listener?.port}`;
  }

  grpc = () => createGrpcTransport({ baseUrl: this.baseUrl });

  client = (transport: Transport = this.grpc()) => createClient(JobService, transport);
}

/** @returns a function, since each test has a rig of its own */
export function useJobApi(): () => JobApiRig {
  let rig: JobApiRig;
  beforeEach(async () => {
    rig = new JobApiRig();
    await rig.serve();
  });
  afterEach(() => rig.stop());
  return () => rig;
}

export const problemOf = async (call: Promise<unknown>): Promise<ConnectError> =>
  ConnectError.from(
    await call.then(
      (value) => expect.unreachable(JSON.stringify(value)),
      (error: unknown) => error,
    ),
  );

export const namesIn = ({ jobs }: { jobs: { name: string }[] }) => jobs.map(({ name }) => name);
