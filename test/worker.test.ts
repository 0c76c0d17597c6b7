import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startTemporalServer, type TemporalServer } from '../scripts/dev/temporal-server.js';
import { GrpcProxy } from './support/grpc-proxy.js';
import { until } from './support/run.js';

const program = fileURLToPath(new URL('../dist/worker.js', import.meta.url));
let server: TemporalServer;
let proxy: GrpcProxy;
let worker: ChildProcess;
let output: string;

beforeAll(async () => {
  server = await startTemporalServer();
});
afterEach(() => {
  worker.kill('SIGKILL');
  proxy.stop();
});
afterAll(() => server.stop());

const ready = () => output.includes('worker ready');

it.each<[moment: string, reached: () => boolean, options?: { hold?: string; away?: boolean }]>([
  ['before any server answers', () => output.includes('Trying again'), { away: true }],
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
    worker = spawn(process.execPath, [program], { env: { ...process.env, TEMPORAL_ADDRESS: address } });
    const exited = once(worker, 'exit');
    output = '';
    for (const stream of [worker.stdout!, worker.stderr!]) stream.on('data', (chunk) => (output += chunk));
    await until(async () => reached(), Boolean);
    worker.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  },
  20_000,
);
