import { Code, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { describe, expect, it } from 'vitest';
import { Job_State } from '../../../src/server/jobs/gen/backfill/jobs/v1/job_pb.js';
import { BadRequestSchema, ErrorInfoSchema } from '../../../src/server/jobs/gen/google/rpc/error_details_pb.js';
import { Health, HealthCheckResponse_ServingStatus } from '../../../src/server/jobs/gen/grpc/health/v1/health_pb.js';
import { JOBS_PACKAGE } from '../../../src/server/jobs/handler.js';
import { type JobApiRig, jobOf, open, problemOf, runId, useJobApi } from './support.js';

type JobClient = ReturnType<JobApiRig['client']>;

describe('The job API', () => {
  const api = useJobApi();

  it('answers gRPC, gRPC-Web, Connect and curl on one port, by HTTP/2 and by HTTP/1.1', async () => {
    const name = jobOf('west', '2026-01-01--2026-01-03');
    for (const transport of [
      api().grpc(),
      createGrpcWebTransport({ baseUrl: api().baseUrl, httpVersion: '1.1' }),
      createConnectTransport({ baseUrl: api().baseUrl, httpVersion: '1.1' }),
      createConnectTransport({ baseUrl: api().baseUrl, httpVersion: '2' }),
    ]) {
      expect(await api().client(transport).getJob({ name })).toMatchObject({ name, state: Job_State.COMPLETED });
    }
    const url = `${api().baseUrl}/backfill.jobs.v1.JobService/GetJob`;
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
    const job = await api()
      .client()
      .getJob({ name: jobOf('east', '2026-01-01--2026-01-03') });
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
    const { customer } = await api().client().getJob({ name, customer: 'cvs' });
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
    const half = await api()
      .client()
      .getJob({ name: jobOf('east', '2026-01-01--2026-01-03'), customer: 'cvs' });
    expect(half.customer).toMatchObject({ done: false, days: { total: 2, done: 1, running: 1 } });
    expect(half.customer?.doneTime).toBeUndefined();
    for (const cluster of ['west', 'east']) {
      const strange = api()
        .client()
        .getJob({ name: jobOf(cluster, '2026-01-01--2026-01-03'), customer: 'acme' });
      expect(await problemOf(strange)).toMatchObject({ code: Code.NotFound });
    }
  });

  it.each([
    ['name', (c: JobClient) => c.getJob({ name: 'january' })],
    ['name', (c: JobClient) => c.getJob({})],
    ['page_size', (c: JobClient) => c.listJobs({ pageSize: -1 })],
    ['page_token', (c: JobClient) => c.listJobs({ pageToken: 'x' })],
    ['filter', (c: JobClient) => c.listJobs({ filter: 'state = done' })],
    ['parent', (c: JobClient) => c.listJobs({ parent: 'west' })],
    ['parent', (c: JobClient) => c.runJob({ parent: 'clusters/a/b' })],
    ['input', (c: JobClient) => c.runJob({ parent: 'clusters/west' })],
    ['input.start', (c: JobClient) => c.runJob({ parent: 'clusters/west', input: {} })],
    ['request_id', (c: JobClient) => c.runJob({ parent: 'clusters/west', input: {}, requestId: '7' })],
    ['day', (c: JobClient) => c.resetDay({ name: jobOf('west', '2025-12'), customer: 'cvs', day: '15' })],
    ['customer', (c: JobClient) => c.resetDay({ name: jobOf('west', '2025-12'), day: '2026-01-15' })],
  ])('names the wrong field: %s', async (field, call) => {
    const problem = await problemOf(call(api().client()));
    expect(problem.code).toBe(Code.InvalidArgument);
    expect(problem.findDetails(BadRequestSchema)[0]?.fieldViolations.map((violation) => violation.field)).toEqual([
      field,
    ]);
    expect(problem.findDetails(ErrorInfoSchema)[0]?.domain).toBe('backfill-scorecards');
  });

  it('says what is wrong with a filter in one sentence', async () => {
    const problem = await problemOf(api().client().listJobs({ filter: 'range : "2026-02-30"' }));
    expect(problem.rawMessage).toMatch(/^filter: range: expected a month such as/);
  });

  it('says which jobs and clusters there are not', async () => {
    for (const name of ['clusters/west/jobs/none', 'clusters/north/jobs/none']) {
      expect(await problemOf(api().client().getJob({ name }))).toMatchObject({ code: Code.NotFound });
    }
    expect(await problemOf(api().client().listJobs({ parent: 'clusters/north' }))).toMatchObject({
      code: Code.NotFound,
    });
  });

  it('sends commands in the name of who calls, and each request once', async () => {
    const name = jobOf('east', '2026-01-01--2026-01-03');
    const requestId = '3f0c8f0e-1f5d-4c3a-9d4e-0a1b2c3d4e5f';
    expect(await api().client().pauseJob({ name, reason: 'maintenance', requestId })).toMatchObject({ name });
    await api().client().resumeJob({ name, customer: 'cvs' });
    await api().client().resetDay({ name, customer: 'cvs', day: '2026-01-01' });
    await api().client().cancelJob({ name });
    expect(api().clusters.sent.map(({ workflowId: _, ...rest }) => rest)).toEqual([
      { name: 'pause', argument: { reason: 'maintenance', by: 'alice' }, requestId },
      { name: 'resume', argument: { customer: 'cvs', by: 'alice' }, requestId: undefined },
      { name: 'resetDay', argument: { customer: 'cvs', day: '2026-01-01', by: 'alice' }, requestId: undefined },
      { name: 'cancel', argument: {}, requestId: undefined },
    ]);
    const ended = api()
      .client()
      .pauseJob({ name: jobOf('west', '2026-01-01--2026-01-03') });
    expect(await problemOf(ended)).toMatchObject({ code: Code.FailedPrecondition });
  });

  it('starts a job from an input, and only checks it where that is asked for', async () => {
    const input = { start: '2026-01-01', end: '2026-01-03', customers: ['cvs'] };
    const checked = await api().client().runJob({ parent: 'clusters/south', input, validateOnly: true });
    expect(checked.name).toBe(jobOf('south', '2026-01'));
    expect(api().clusters.started).toEqual([]);
    const requestId = '3f0c8f0e-1f5d-4c3a-9d4e-0a1b2c3d4e5f';
    api().fleet.south!.unshift({ workflowId: runId('south', '2026-01'), story: open });
    const job = await api().client().runJob({ parent: 'clusters/south', input, requestId });
    expect(job).toMatchObject({ name: jobOf('south', '2026-01'), state: Job_State.RUNNING });
    expect(api().clusters.started).toMatchObject([{ cluster: 'south', request: { id: requestId, input } }]);
  });

  it('changes nothing when it is read-only', async () => {
    await api().serve({ readOnly: true });
    const name = jobOf('east', '2026-01-01--2026-01-03');
    const c = api().client();
    for (const call of [
      c.runJob({ parent: 'clusters/east', input: { start: '2026-01-01', end: '2026-01-03' } }),
      c.pauseJob({ name }),
      c.resumeJob({ name }),
      c.cancelJob({ name }),
      c.resetDay({ name, customer: 'cvs', day: '2026-01-01' }),
    ]) {
      expect(await problemOf(call)).toMatchObject({ code: Code.PermissionDenied });
    }
    expect([...api().clusters.sent, ...api().clusters.started]).toEqual([]);
    expect(await c.getJob({ name })).toMatchObject({ name });
  });

  it('has the health service of gRPC', async () => {
    const health = createClient(Health, api().grpc());
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
    await api().serve({ alias: 'acme.jobs.v2' });
    const name = jobOf('west', '2026-01-01--2026-01-03');
    const headers = { 'content-type': 'application/json' };
    for (const wire of [JOBS_PACKAGE, 'acme.jobs.v2']) {
      const url = `${api().baseUrl}/${wire}.JobService/GetJob`;
      const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ name }) });
      expect(await answer.json()).toMatchObject({ name });
    }
    expect(await createClient(Health, api().grpc()).check({ service: 'acme.jobs.v2.JobService' })).toBeTruthy();
  });
});
