import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startTemporalServer, type TemporalServer } from '../../scripts/dev/temporal-server.js';
import { freePort } from '../../src/fleet/free-port.js';
import { GrpcProxy } from '../support/grpc-proxy.js';
import { until } from '../support/run.js';
import { type Probe, WorkerProcess } from './worker-process.js';

let server: TemporalServer;
let proxy: GrpcProxy;
let worker: WorkerProcess;

beforeAll(async () => {
  server = await startTemporalServer();
});
afterEach(() => {
  worker.signal('SIGKILL');
  proxy?.stop();
});
afterAll(() => server.stop());

const status = (wanted: number) => (probe: Probe | undefined) => probe?.[0] === wanted;
const readiness = () => worker.probe('/readyz');

it('A roll-out counts a worker as ready only while it polls a Temporal that answers', async () => {
  await server.stop();
  worker = await WorkerProcess.start({ TEMPORAL_ADDRESS: server.address });
  expect((await until(readiness, status(503)))![1]).toMatch(/^Temporal does not answer: |has not connected/);
  expect(await worker.probe('/livez')).toEqual([200, 'alive']);
  await server.restart();
  await until(readiness, status(200));
  await server.stop();
  expect((await until(readiness, status(503)))![1]).toMatch(/^Temporal does not answer: /);
  expect(await worker.probe('/livez')).toEqual([200, 'alive']);
  await server.restart();
  await until(readiness, status(200));
}, 60_000);

it('A worker that was asked to end is not ready from then on, and ends with code 0', async () => {
  worker = await WorkerProcess.start({ TEMPORAL_ADDRESS: server.address });
  await until(readiness, status(200));
  worker.signal('SIGTERM');
  await until(readiness, (probe) => probe?.[0] !== 200);
  for (let probe = await readiness(); probe; probe = await readiness()) expect(probe[0]).toBe(503);
  expect(await worker.exited).toEqual([0, null]);
}, 30_000);

it('A worker whose server went away still ends when it is asked to', async () => {
  proxy = await GrpcProxy.start(server.address);
  worker = await WorkerProcess.start({ TEMPORAL_ADDRESS: proxy.address });
  await until(readiness, status(200));
  proxy.stop();
  await until(readiness, status(503));
  worker.signal('SIGTERM');
  expect(await worker.exited).toEqual([0, null]);
}, 60_000);

it('A second signal ends a worker that still drains', async () => {
  proxy = await GrpcProxy.start(server.address);
  for (const method of ['ShutdownWorker', 'PollActivityTaskQueue', 'PollWorkflowTaskQueue']) proxy.hold(method);
  worker = await WorkerProcess.start({ TEMPORAL_ADDRESS: proxy.address });
  await until(readiness, status(200));
  worker.signal('SIGTERM');
  await until(readiness, status(503));
  worker.signal('SIGTERM');
  expect(await worker.exited).toEqual([143, null]);
}, 30_000);

it.each<[what: string, environment: NodeJS.ProcessEnv, reason: RegExp]>([
  ['TLS', { TEMPORAL_TLS: 'true' }, /not ready within 3s .* Temporal does not answer: .*Check TEMPORAL_ADDRESS/],
  ['address', { TEMPORAL_ADDRESS: '127.0.0.1:1' }, /not ready within 3s .* Temporal does not answer: /],
  ['key', {}, /not ready within 3s .* Temporal does not answer: .*Request unauthorized/],
  ['namespace', { TEMPORAL_NAMESPACE: 'elsewhere' }, /Namespace elsewhere is not found/],
])(
  'A worker with a wrong %s ends with a sentence that says so, where waiting is limited',
  async (what, environment, reason) => {
    proxy = await GrpcProxy.start(server.address);
    if (what === 'key') proxy.refuse('GetSystemInfo', 16, 'Request unauthorized.');
    worker = await WorkerProcess.start({
      TEMPORAL_ADDRESS: proxy.address,
      BACKFILL_START_TIMEOUT: '3s',
      ...environment,
    });
    expect(await worker.exited).toEqual([1, null]);
    expect(worker.output).toMatch(reason);
  },
  30_000,
);

it('A wrong setting ends a worker at once, with what was expected', async () => {
  worker = await WorkerProcess.start({ BACKFILL_START_TIMEOUT: 'soon' });
  expect(await worker.exited).toEqual([1, null]);
  expect(worker.output).toContain('BACKFILL_START_TIMEOUT: expected a duration such as');
  worker = await WorkerProcess.start({ BACKFILL_HEALTH_ADDRESS: '8081' });
  expect(await worker.exited).toEqual([1, null]);
  expect(worker.output).toContain('BACKFILL_HEALTH_ADDRESS: expected host:port');
});

it("A worker's metrics have the names that Temporal's own alerts look for", async () => {
  const address = `127.0.0.1:${await freePort()}`;
  worker = await WorkerProcess.start({ TEMPORAL_ADDRESS: server.address, BACKFILL_METRICS_ADDRESS: address });
  await until(readiness, status(200));
  const metrics = async () => (await fetch(`http://${address}/metrics`)).text();
  const text = await until(metrics, (answer) => answer.includes('temporal_num_pollers'));
  expect(text).toMatch(/^temporal_request_total\{/m);
  expect(text).toMatch(/^temporal_request_latency_seconds_bucket\{/m);
});

it('A worker counts windows, by what became of them', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  worker = await WorkerProcess.start({ TEMPORAL_ADDRESS: server.address, BACKFILL_METRICS_ADDRESS: address });
  await until(readiness, status(200));
  const connection = await Connection.connect({ address: server.address });
  const { workflow } = new Client({ connection, namespace: server.namespace });
  const range = { start: '2026-01-01', end: '2026-01-02' };
  const input = { customers: ['cvs', 'oportun', 'tesco'], ...range, parallelism: 3, child: { taskQueue: 'nobody' } };
  const options = { workflowId: 'counted', taskQueue: 'backfill-scorecards', args: [input] };
  const run = await workflow.start('backfillScorecards', options);
  const metrics = async () => (await fetch(`http://${address}/metrics`)).text();
  const counted = /^backfill_windows_total\{.*outcome="started".*\} 3$/m;
  expect(await until(metrics, (answer) => answer.includes('backfill_windows_total'))).toMatch(counted);
  await run.terminate();
  await connection.close();
});
