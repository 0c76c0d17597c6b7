import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Job_State } from '../../../src/server/jobs/gen/backfill/jobs/v1/job_pb.js';
import { JobService, JobView } from '../../../src/server/jobs/gen/backfill/jobs/v1/job_service_pb.js';
import { BadRequestSchema, ErrorInfoSchema } from '../../../src/server/jobs/gen/google/rpc/error_details_pb.js';
import { Health, HealthCheckResponse_ServingStatus } from '../../../src/server/jobs/gen/grpc/health/v1/health_pb.js';
import { JOBS_PACKAGE, type JobApiOptions, jobApi } from '../../../src/server/jobs/handler.js';
import { PageTokens } from '../../../src/server/jobs/page-token.js';
import { type Listener, listen } from '../../../src/server/listen.js';
import { FakeClusters, type FakeRun } from '../../support/fake-clusters.js';
import { backfill, completes, fails, given, starts } from '../../support/story.js';

const request = { customers: ['cvs', 'oportun'], start: '2026-01-01', end: '2026-01-03' };
const open = given(
  backfill({ ...request, parallelism: 2, retry: { unknown: { attempts: 1 } } }),
  starts(),
  completes('cvs-2026-01-01'),
  fails('oportun-2026-01-01', 'permanent'),
  starts(),
).story;
const done = given(
  backfill({ ...request, parallelism: 2 }),
  starts(),
  completes('cvs-2026-01-01'),
  completes('oportun-2026-01-01'),
  starts(),
  completes('cvs-2026-01-02'),
  completes('oportun-2026-01-02'),
).story;

const runId = (cluster: string, range: string) => `backfillscorecards-${cluster}-${range}`;
const jobOf = (cluster: string, range: string) => `clusters/${cluster}/jobs/${runId(cluster, range)}`;
const closedRuns = (cluster: string, count: number): FakeRun[] =>
  Array.from({ length: count }, (_, i) => ({
    workflowId: runId(cluster, `2025-01-01--2025-01-${String(i + 2).padStart(2, '0')}`),
    status: 'COMPLETED',
    story: done,
  }));

describe('The job API', () => {
  let fleet: Record<string, FakeRun[]>;
  let clusters: FakeClusters;
  let listener: Listener;
  let stopping: AbortController;
  const internal: unknown[] = [];

  async function serve(options: Partial<JobApiOptions> & { user?: () => string } = {}): Promise<void> {
    await listener?.close();
    stopping = new AbortController();
    const { user = () => 'alice', ...rest } = options;
    const api = jobApi({
      clusters,
      tokens: new PageTokens('the token'),
      readOnly: false,
      by: 'the server',
      everyMs: 20,
      signal: stopping.signal,
      onInternal: (error) => internal.push(error),
      ...rest,
    });
    listener = await listen((request, response) => api.handle(request, response, { user: user() }), {
      host: '127.0.0.1',
      port: 0,
    });
  }

  beforeEach(async () => {
    fleet = {
      east: [
        { workflowId: runId('east', '2026-01-01--2026-01-03'), story: open },
        { workflowId: runId('east', '2025-12'), status: 'TERMINATED', story: done },
        ...closedRuns('east', 5),
      ],
      west: [{ workflowId: runId('west', '2026-01-01--2026-01-03'), status: 'COMPLETED', story: done }],
      south: closedRuns('south', 4),
    };
    clusters = new FakeClusters(fleet);
    internal.length = 0;
    await serve();
  });
  afterEach(async () => {
    stopping.abort();
    await listener.close();
    expect(internal).toEqual([]);
  });

  const baseUrl = () => `http://127.0.0.1:${listener.port}`;
  const grpc = () => createGrpcTransport({ baseUrl: baseUrl() });
  const client = (transport: Transport = grpc()) => createClient(JobService, transport);
  const problemOf = async (call: Promise<unknown>): Promise<ConnectError> =>
    ConnectError.from(
      await call.then(
        (value) => expect.unreachable(JSON.stringify(value)),
        (error: unknown) => error,
      ),
    );
  const namesIn = ({ jobs }: { jobs: { name: string }[] }) => jobs.map(({ name }) => name);

  it('answers gRPC, gRPC-Web, Connect and curl on one port, by HTTP/2 and by HTTP/1.1', async () => {
    const name = jobOf('west', '2026-01-01--2026-01-03');
    for (const transport of [
      grpc(),
      createGrpcWebTransport({ baseUrl: baseUrl(), httpVersion: '1.1' }),
      createConnectTransport({ baseUrl: baseUrl(), httpVersion: '1.1' }),
      createConnectTransport({ baseUrl: baseUrl(), httpVersion: '2' }),
    ]) {
      expect(await client(transport).getJob({ name })).toMatchObject({ name, state: Job_State.COMPLETED });
    }
    const url = `${baseUrl()}/backfill.jobs.v1.JobService/GetJob`;
    const headers = { 'content-type': 'application/json' };
    const posted = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ name }) });
    expect(await posted.json()).toMatchObject({
      name,
      state: 'COMPLETED',
      range: { startTime: '2026-01-01T00:00:00Z', endTime: '2026-01-03T00:00:00Z' },
      progress: { days: { total: 4, done: 4 }, customers: 2 },
      proof: { rows: 4 },
    });
    const query = new URLSearchParams({ connect: 'v1', encoding: 'json', message: JSON.stringify({ name }) });
    expect(await (await fetch(`${url}?${query}`)).json()).toMatchObject({ name });
  });

  it('says of an open job what it does, how far it is and what needs attention', async () => {
    const job = await client().getJob({ name: jobOf('east', '2026-01-01--2026-01-03') });
    expect(job).toMatchObject({
      state: Job_State.RUNNING,
      cluster: 'east',
      progress: { days: { total: 4, done: 1, running: 2, failed: 1 }, windowsInFlight: 2, limit: 2, customers: 2 },
      attention: [{ customer: 'oportun', days: ['2026-01-01'], failureClass: 'permanent' }],
    });
    expect(job.endTime).toBeUndefined();
    expect(job.stateReason).not.toBe('');
  });

  it('says whether a customer is done, since when and by what, also of a closed job', async () => {
    const name = jobOf('west', '2026-01-01--2026-01-03');
    const { customer } = await client().getJob({ name, customer: 'cvs' });
    expect(customer).toMatchObject({
      customer: 'cvs',
      done: true,
      verified: false,
      days: { total: 2, done: 2 },
      rows: [{ day: '2026-01-01', attempts: 1, verified: false }, { day: '2026-01-02' }],
      omittedDays: 0,
    });
    expect(customer?.rows[0]?.window).toBe('reindexconversations-cvs-2026-01-01');
    expect(customer?.doneTime).toEqual(customer?.rows[1]?.completeTime);
    const half = await client().getJob({ name: jobOf('east', '2026-01-01--2026-01-03'), customer: 'cvs' });
    expect(half.customer).toMatchObject({ done: false, days: { total: 2, done: 1, running: 1 } });
    expect(half.customer?.doneTime).toBeUndefined();
    for (const cluster of ['west', 'east']) {
      const strange = client().getJob({ name: jobOf(cluster, '2026-01-01--2026-01-03'), customer: 'acme' });
      expect(await problemOf(strange)).toMatchObject({ code: Code.NotFound });
    }
  });

  it("answers a customer's month in one call", async () => {
    const list = await client().listJobs({ filter: 'customer = "cvs" AND range : "2026-01-02"' });
    expect(namesIn(list)).toEqual([jobOf('east', '2026-01-01--2026-01-03'), jobOf('west', '2026-01-01--2026-01-03')]);
    expect(list.jobs.map(({ customer }) => customer?.done)).toEqual([false, true]);
    // Jobs of other days were not asked for their reports.
    expect(clusters.asked.filter((question) => question.startsWith('ended'))).toEqual(['ended west']);
  });

  it('lists every job once, whatever the size of a page', async () => {
    for (const pageSize of [1, 2, 3, 50, 100_000]) {
      const names: string[] = [];
      let pageToken = '';
      do {
        const page = await client().listJobs({ pageSize, pageToken });
        expect(page.jobs.length).toBeLessThanOrEqual(pageSize);
        names.push(...namesIn(page));
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      expect(names).toHaveLength(12);
      expect(new Set(names).size).toBe(12);
      expect(names[0]).toBe(jobOf('east', '2026-01-01--2026-01-03'));
    }
  });

  it('goes through all pages with a filter that matches little, and when the page size changes on the way', async () => {
    const names: string[] = [];
    let pageToken = '';
    for (let pageSize = 1; ; pageSize++) {
      const page = await client().listJobs({
        filter: 'state = COMPLETED AND range : "2025-01-01"',
        pageSize,
        pageToken,
      });
      names.push(...namesIn(page));
      pageToken = page.nextPageToken;
      if (pageToken === '') break;
    }
    expect(new Set(names).size).toBe(9);
    expect(names).toHaveLength(9);
  });

  it('asks closed jobs for nothing unless the caller wants them in full', async () => {
    const basic = await client().listJobs({ parent: 'clusters/west' });
    expect(basic.jobs[0]?.progress).toBeUndefined();
    expect(clusters.asked).not.toContain('ended west');
    const full = await client().listJobs({ parent: 'clusters/west', view: JobView.FULL });
    expect(full.jobs[0]).toMatchObject({ progress: { days: { done: 4 } }, proof: { rows: 4 } });
  });

  it('names clusters that do not answer, and lists the others, also when one goes down between two pages', async () => {
    clusters.down.add('east');
    const list = await client().listJobs({});
    expect(list.unreachable).toEqual(['clusters/east']);
    expect(list.jobs).toHaveLength(5);
    clusters.down.clear();
    const first = await client().listJobs({ pageSize: 3 });
    expect(first.unreachable).toEqual([]);
    clusters.down.add('east');
    const second = await client().listJobs({ pageSize: 50, pageToken: first.nextPageToken });
    expect(second.unreachable).toEqual(['clusters/east']);
    expect(second.jobs).toHaveLength(5);
    const one = client().getJob({ name: jobOf('east', '2025-12') });
    expect(await problemOf(one)).toMatchObject({ code: Code.Unavailable, rawMessage: 'east is unreachable' });
  });

  it('lists a job whose worker does not answer as one that does not answer', async () => {
    fleet.east![0]!.silent = true;
    const list = await client().listJobs({ filter: 'state = UNRESPONSIVE' });
    expect(list.jobs).toMatchObject([
      { state: Job_State.UNRESPONSIVE, stateReason: expect.stringMatching(/does not answer/) },
    ]);
    expect((await client().listJobs({ filter: 'state = RUNNING' })).jobs).toEqual([]);
  });

  it('says that jobs are missing when a run that does not answer might match, and lists the others', async () => {
    fleet.east![0]!.silent = true;
    const { jobs, unreachable } = await client().listJobs({ filter: 'customer = cvs AND range : "2026-01-02"' });
    expect(jobs.map(({ name }) => name)).toEqual([jobOf('west', '2026-01-01--2026-01-03')]);
    expect(unreachable).toEqual(['clusters/east']);
  });

  it('refuses a page token that was changed, or is used with another filter or by another caller', async () => {
    let user = 'alice';
    await serve({ user: () => user });
    const { nextPageToken } = await client().listJobs({ pageSize: 2, filter: 'state = COMPLETED' });
    const good = { filter: 'state = COMPLETED', pageToken: nextPageToken };
    expect((await client().listJobs({ ...good, pageSize: 4 })).jobs).toHaveLength(4);
    const changed = Buffer.from(nextPageToken, 'base64url');
    changed[20]! ^= 1;
    const bad = [
      { ...good, pageToken: changed.toString('base64url') },
      { ...good, filter: 'state = RUNNING' },
      { ...good, parent: 'clusters/east' },
    ];
    for (const request of bad) {
      const problem = await problemOf(client().listJobs(request));
      expect(problem.code).toBe(Code.InvalidArgument);
      expect(problem.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe('page_token');
    }
    user = 'mallory';
    expect(await problemOf(client().listJobs(good))).toMatchObject({ code: Code.InvalidArgument });
  });

  it.each([
    ['name', (c: ReturnType<typeof client>) => c.getJob({ name: 'january' })],
    ['name', (c: ReturnType<typeof client>) => c.getJob({})],
    ['page_size', (c: ReturnType<typeof client>) => c.listJobs({ pageSize: -1 })],
    ['page_token', (c: ReturnType<typeof client>) => c.listJobs({ pageToken: 'x' })],
    ['filter', (c: ReturnType<typeof client>) => c.listJobs({ filter: 'state = done' })],
    ['parent', (c: ReturnType<typeof client>) => c.listJobs({ parent: 'west' })],
    ['parent', (c: ReturnType<typeof client>) => c.runJob({ parent: 'clusters/a/b' })],
    ['input', (c: ReturnType<typeof client>) => c.runJob({ parent: 'clusters/west' })],
    ['input.start', (c: ReturnType<typeof client>) => c.runJob({ parent: 'clusters/west', input: {} })],
    ['request_id', (c: ReturnType<typeof client>) => c.runJob({ parent: 'clusters/west', input: {}, requestId: '7' })],
    [
      'day',
      (c: ReturnType<typeof client>) => c.resetDay({ name: jobOf('west', '2025-12'), customer: 'cvs', day: '15' }),
    ],
    ['customer', (c: ReturnType<typeof client>) => c.resetDay({ name: jobOf('west', '2025-12'), day: '2026-01-15' })],
  ])('names the wrong field: %s', async (field, call) => {
    const problem = await problemOf(call(client()));
    expect(problem.code).toBe(Code.InvalidArgument);
    expect(problem.findDetails(BadRequestSchema)[0]?.fieldViolations.map((violation) => violation.field)).toEqual([
      field,
    ]);
    expect(problem.findDetails(ErrorInfoSchema)[0]?.domain).toBe('backfill-scorecards');
  });

  it('says which jobs and clusters there are not', async () => {
    for (const name of ['clusters/west/jobs/none', 'clusters/north/jobs/none']) {
      expect(await problemOf(client().getJob({ name }))).toMatchObject({ code: Code.NotFound });
    }
    expect(await problemOf(client().listJobs({ parent: 'clusters/north' }))).toMatchObject({ code: Code.NotFound });
  });

  it('sends commands in the name of who calls, and each request once', async () => {
    const name = jobOf('east', '2026-01-01--2026-01-03');
    const requestId = '3f0c8f0e-1f5d-4c3a-9d4e-0a1b2c3d4e5f';
    expect(await client().pauseJob({ name, reason: 'maintenance', requestId })).toMatchObject({ name });
    await client().resumeJob({ name, customer: 'cvs' });
    await client().resetDay({ name, customer: 'cvs', day: '2026-01-01' });
    await client().cancelJob({ name });
    expect(clusters.sent.map(({ workflowId: _, ...rest }) => rest)).toEqual([
      { name: 'pause', argument: { reason: 'maintenance', by: 'alice' }, requestId },
      { name: 'resume', argument: { customer: 'cvs', by: 'alice' }, requestId: undefined },
      { name: 'resetDay', argument: { customer: 'cvs', day: '2026-01-01', by: 'alice' }, requestId: undefined },
      { name: 'cancel', argument: {}, requestId: undefined },
    ]);
    const ended = client().pauseJob({ name: jobOf('west', '2026-01-01--2026-01-03') });
    expect(await problemOf(ended)).toMatchObject({ code: Code.FailedPrecondition });
  });

  it('starts a job from an input, and only checks it where that is asked for', async () => {
    const input = { start: '2026-01-01', end: '2026-01-03', customers: ['cvs'] };
    const checked = await client().runJob({ parent: 'clusters/south', input, validateOnly: true });
    expect(checked.name).toBe(jobOf('south', '2026-01'));
    expect(clusters.started).toEqual([]);
    const requestId = '3f0c8f0e-1f5d-4c3a-9d4e-0a1b2c3d4e5f';
    fleet.south!.unshift({ workflowId: runId('south', '2026-01'), story: open });
    const job = await client().runJob({ parent: 'clusters/south', input, requestId });
    expect(job).toMatchObject({ name: jobOf('south', '2026-01'), state: Job_State.RUNNING });
    expect(clusters.started).toMatchObject([{ cluster: 'south', request: { id: requestId, input } }]);
  });

  it('changes nothing when it is read-only', async () => {
    await serve({ readOnly: true });
    const name = jobOf('east', '2026-01-01--2026-01-03');
    const c = client();
    for (const call of [
      c.runJob({ parent: 'clusters/east', input: { start: '2026-01-01', end: '2026-01-03' } }),
      c.pauseJob({ name }),
      c.resumeJob({ name }),
      c.cancelJob({ name }),
      c.resetDay({ name, customer: 'cvs', day: '2026-01-01' }),
    ]) {
      expect(await problemOf(call)).toMatchObject({ code: Code.PermissionDenied });
    }
    expect([...clusters.sent, ...clusters.started]).toEqual([]);
    expect(await c.getJob({ name })).toMatchObject({ name });
  });

  it('streams a job when it changes, keeps the stream while its cluster is away, and ends with the job', async () => {
    const name = jobOf('east', '2026-01-01--2026-01-03');
    const states: Job_State[] = [];
    for await (const { job } of client().watchJob({ name })) {
      states.push(job!.state);
      if (states.length === 1) clusters.down.add('east');
      if (states.length === 2) clusters.down.clear();
      if (states.length === 3) fleet.east![0] = { ...fleet.east![0]!, status: 'COMPLETED', story: done };
    }
    const { RUNNING, UNRESPONSIVE, COMPLETED } = Job_State;
    expect(states).toEqual([RUNNING, UNRESPONSIVE, RUNNING, COMPLETED]);
  });

  it('ends a stream at the time limit of its caller', async () => {
    const name = jobOf('east', '2026-01-01--2026-01-03');
    const stream = async () => {
      for await (const _ of client().watchJob({ name }, { headers: { 'grpc-timeout': '300m' } }));
    };
    expect(await problemOf(stream())).toMatchObject({ code: Code.DeadlineExceeded });
  });

  it('ends no stream whose caller would wait longer than the timers of Node can', async () => {
    const name = jobOf('east', '2026-01-01--2026-01-03');
    const hours = 31 * 24;
    const headers = { 'grpc-timeout': `${hours}H`, 'connect-timeout-ms': String(hours * 3_600_000) };
    for (const transport of [grpc(), createConnectTransport({ baseUrl: baseUrl(), httpVersion: '1.1' })]) {
      const [before] = fleet.east!;
      const states: Job_State[] = [];
      for await (const { job } of client(transport).watchJob({ name }, { headers })) {
        states.push(job!.state);
        fleet.east![0] = { ...before!, status: 'COMPLETED', story: done };
      }
      expect(states).toEqual([Job_State.RUNNING, Job_State.COMPLETED]);
      fleet.east![0] = before!;
    }
  });

  it('asks nothing more for a stream whose caller has gone', async () => {
    const gone = new AbortController();
    const stream = client().watchJob({ name: jobOf('east', '2026-01-01--2026-01-03') }, { signal: gone.signal });
    const ended = (async () => {
      for await (const _ of stream) gone.abort();
    })();
    await expect(ended).rejects.toThrow();
    await expect
      .poll(async () => {
        const before = clusters.asked.length;
        await new Promise((resolve) => setTimeout(resolve, 200));
        return clusters.asked.length - before;
      })
      .toBe(0);
  });

  it('ends its streams when the server stops', async () => {
    const stream = client().watchJob({ name: jobOf('east', '2026-01-01--2026-01-03') });
    const ended = (async () => {
      for await (const _ of stream) stopping.abort();
    })();
    expect(await problemOf(ended)).toMatchObject({ code: Code.Unavailable });
  });

  it('has the health service of gRPC', async () => {
    const health = createClient(Health, grpc());
    const { SERVING, SERVICE_UNKNOWN } = HealthCheckResponse_ServingStatus;
    expect(await health.check({})).toMatchObject({ status: SERVING });
    expect(await health.check({ service: 'backfill.jobs.v1.JobService' })).toMatchObject({ status: SERVING });
    expect(await problemOf(health.check({ service: 'acme' }))).toMatchObject({ code: Code.NotFound });
    for await (const { status } of health.watch({ service: 'acme' })) {
      expect(status).toBe(SERVICE_UNKNOWN);
      break;
    }
  });

  it('answers callers that know it under another package', async () => {
    await serve({ alias: 'acme.jobs.v2' });
    const name = jobOf('west', '2026-01-01--2026-01-03');
    const headers = { 'content-type': 'application/json' };
    for (const wire of [JOBS_PACKAGE, 'acme.jobs.v2']) {
      const url = `${baseUrl()}/${wire}.JobService/GetJob`;
      const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ name }) });
      expect(await answer.json()).toMatchObject({ name });
    }
    expect(await createClient(Health, grpc()).check({ service: 'acme.jobs.v2.JobService' })).toBeTruthy();
  });
});
