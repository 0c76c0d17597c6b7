import { Code } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { describe, expect, it } from 'vitest';
import { Job_State } from '../../../src/server/jobs/gen/backfill/jobs/v1/job_pb.js';
import { done, jobOf, problemOf, useJobApi } from './support.js';

describe('WatchJob', () => {
  const api = useJobApi();

  it('streams a job when it changes, keeps the stream while its cluster is away, and ends with the job', async () => {
    const name = jobOf('east', '2026-01-01--2026-01-03');
    const states: Job_State[] = [];
    for await (const { job } of api().client().watchJob({ name })) {
      states.push(job!.state);
      if (states.length === 1) api().clusters.down.add('east');
      if (states.length === 2) api().clusters.down.clear();
      if (states.length === 3) api().fleet.east![0] = { ...api().fleet.east![0]!, status: 'COMPLETED', story: done };
    }
    const { RUNNING, UNRESPONSIVE, COMPLETED } = Job_State;
    expect(states).toEqual([RUNNING, UNRESPONSIVE, RUNNING, COMPLETED]);
  });

  it('ends a stream at the time limit of its caller', async () => {
    const name = jobOf('east', '2026-01-01--2026-01-03');
    const stream = async () => {
      for await (const _ of api()
        .client()
        .watchJob({ name }, { headers: { 'grpc-timeout': '300m' } }));
    };
    expect(await problemOf(stream())).toMatchObject({ code: Code.DeadlineExceeded });
  });

  it('ends no stream whose caller would wait longer than the timers of Node can', async () => {
    const name = jobOf('east', '2026-01-01--2026-01-03');
    const hours = 31 * 24;
    const headers = { 'grpc-timeout': `${hours}H`, 'connect-timeout-ms': String(hours * 3_600_000) };
    for (const transport of [api().grpc(), createConnectTransport({ baseUrl: api().baseUrl, httpVersion: '1.1' })]) {
      const [before] = api().fleet.east!;
      const states: Job_State[] = [];
      for await (const { job } of api().client(transport).watchJob({ name }, { headers })) {
        states.push(job!.state);
        api().fleet.east![0] = { ...before!, status: 'COMPLETED', story: done };
      }
      expect(states).toEqual([Job_State.RUNNING, Job_State.COMPLETED]);
      api().fleet.east![0] = before!;
    }
  });

  it('asks nothing more for a stream whose caller has gone', async () => {
    const gone = new AbortController();
    const stream = api()
      .client()
      .watchJob({ name: jobOf('east', '2026-01-01--2026-01-03') }, { signal: gone.signal });
    const ended = (async () => {
      for await (const _ of stream) gone.abort();
    })();
    await expect(ended).rejects.toThrow();
    await expect
      .poll(async () => {
        const before = api().clusters.asked.length;
        await new Promise((resolve) => setTimeout(resolve, 200));
        return api().clusters.asked.length - before;
      })
      .toBe(0);
  });

  it('ends its streams when the server stops', async () => {
    const stream = api()
      .client()
      .watchJob({ name: jobOf('east', '2026-01-01--2026-01-03') });
    const ended = (async () => {
      for await (const _ of stream) api().stopping.abort();
    })();
    expect(await problemOf(ended)).toMatchObject({ code: Code.Unavailable });
  });
});
