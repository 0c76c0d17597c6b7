import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startTemporalServer, type TemporalServer } from '../../scripts/dev/temporal-server.js';
import { GrpcProxy } from '../support/grpc-proxy.js';
import { until } from '../support/run.js';
import { WorkerProcess } from './worker-process.js';

let server: TemporalServer;
let proxy: GrpcProxy;
let worker: WorkerProcess;

beforeAll(async () => {
  server = await startTemporalServer();
});
afterEach(() => {
  worker.signal('SIGKILL');
  proxy.stop();
});
afterAll(() => server.stop());

const ready = () => worker.output.includes('worker ready');

it.each<[moment: string, reached: () => boolean, options?: { hold?: string; away?: boolean }]>([
  ['before any server answers', () => worker.output.includes('Trying again'), { away: true }],
  ['while the server takes its time to answer', () => proxy.open('GetSystemInfo') > 0, { hold: 'GetSystemInfo' }],
  ['after it connected and before it polls', () => proxy.open('DescribeNamespace') > 0, { hold: 'DescribeNamespace' }],
  ['when it has just become ready', ready],
  ['while it polls', () => ready() && proxy.open('PollWorkflowTaskQueue') > 0],
])(
  'A rollout that stops a worker %s does not wait until it is killed',
  async (_, reached, options = {}) => {
    proxy = await GrpcProxy.start(server.address);
    if (options.hold) proxy.hold(options.hold);
    const { address } = proxy;
    if (options.away) proxy.stop();
    worker = await WorkerProcess.start({ TEMPORAL_ADDRESS: address });
    await until(async () => reached(), Boolean);
    worker.signal('SIGTERM');
    expect(await worker.exited).toEqual([0, null]);
  },
  20_000,
);
