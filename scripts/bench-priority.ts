/**
 * `npm run bench:priority`: what priority and fairness keys on windows buy those who share their task queue with a
 * backfill. docs/performance.md says what is measured. BENCH_SERVER=1.32.0 takes another server (npm run test:servers).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createOrchestrator } from '../src/orchestrator.js';
import { obtainPinnedServer } from './dev/pinned-servers.js';
import { stopAll } from './dev/processes.js';
import { startTemporalServer } from './dev/temporal-server.js';
import { createLoad, type Wait } from './lab/bench/priority/load.js';
import { median, percentile } from './lab/bench/statistics.js';

const SLOTS = 4;
const TAKES_MS = { window: 1_000, live: 100 };
const LIVE_EVERY_MS = 500;
const LASTS_MS = 45_000;
/** The first waits are of a queue that still fills. */
const WARM_UP_MS = 15_000;

/** As it comes, 1.29 ignores both keys, and 1.31 and 1.32 the fairness key. */
const SERVERS = {
  'as it comes': { 'matching.useNewMatcher': undefined, 'matching.enableFairness': undefined },
  configured: { 'matching.useNewMatcher': true, 'matching.enableFairness': true },
};
const KEYS = {
  'fairness by customer (default)': {},
  'fairness by customer, priority 4': { priorityKey: 4 },
  'one fairness key for the run': { fairnessKey: 'backfill' },
};

const small = Array.from({ length: 12 }, (_, i) => ({ id: `small-${i}` }));
const whale = { id: 'whale', perCustomer: 24 };
const REQUEST = { start: '2024-01-01', end: '2025-01-01', parallelism: { max: 32 }, customers: [whale, ...small] };

interface Situation {
  readonly client: Client;
  readonly connection: NativeConnection;
  readonly workflowBundle: { code: string };
}

/** A backfill that keeps all slots busy, and live workflows beside it on the same queue. */
async function waitsWith({ client, connection, workflowBundle }: Situation, priority: object): Promise<Wait[]> {
  const name = crypto.randomUUID().slice(0, 8);
  const { namespace } = client.options;
  const waits: Wait[] = [];
  const queues = { backfill: `backfill-${name}`, ingestion: `ingestion-${name}` };
  const workers = [
    await createOrchestrator({ connection, namespace, taskQueue: queues.backfill, environment: {} }),
    await Worker.create({
      connection,
      namespace,
      taskQueue: queues.ingestion,
      workflowBundle,
      activities: createLoad(TAKES_MS, waits),
      maxConcurrentActivityTaskExecutions: SLOTS,
    }),
  ];
  const ended = Promise.all(workers.map((worker) => worker.run()));
  const child = { taskQueue: queues.ingestion, workflowIdPrefix: name, priority };
  const run = await client.workflow.start('backfillScorecards', {
    workflowId: `backfill-${name}`,
    taskQueue: queues.backfill,
    args: [{ ...REQUEST, child }],
  });
  await sleep(WARM_UP_MS);
  waits.length = 0;
  for (const until = Date.now() + LASTS_MS; Date.now() < until; await sleep(LIVE_EVERY_MS)) {
    await client.workflow.start('ingest', {
      workflowId: `live-${crypto.randomUUID()}`,
      taskQueue: queues.ingestion,
      args: ['live'],
    });
  }
  const measured = waits.slice();
  await run.terminate();
  for (const worker of workers) worker.shutdown();
  await ended;
  return measured;
}

function show(keys: string, waits: readonly Wait[]): void {
  const column = (name: string, chosen: (wait: Wait) => boolean): string => {
    const ms = waits.filter(chosen).map((wait) => wait.ms);
    const figures = [median(ms), percentile(ms, 0.95)].map((value) => value.toFixed(0).padStart(6)).join(' /');
    return `${name}${figures} ms (${ms.length})`;
  };
  const columns = [
    column('live', ({ kind }) => kind === 'live'),
    column('small', ({ customer }) => customer.startsWith('small')),
    column('whale', ({ customer }) => customer === 'whale'),
  ];
  console.log(`  ${keys.padEnd(34)} ${columns.join('   ')}`);
}

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } as never, forward: {} } },
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stopAll().finally(() => process.exit(130)));
}
if (process.env.BENCH_SERVER) process.env.TEMPORAL_CLI_PATH = await obtainPinnedServer(process.env.BENCH_SERVER);
try {
  const workflowsPath = fileURLToPath(new URL('./lab/bench/priority/workflows.ts', import.meta.url));
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  console.log('Median / 95th percentile of the time that an activity waits for a slot (and how many were measured)');
  for (const [server, dynamicConfig] of Object.entries(SERVERS)) {
    const temporal = await startTemporalServer({ dynamicConfig });
    const connection = await NativeConnection.connect({ address: temporal.address });
    const client = new Client({
      connection: await Connection.connect({ address: temporal.address }),
      namespace: 'ingestion',
    });
    const { serverVersion } = await client.workflowService.getSystemInfo({});
    console.log(`\nTemporal ${serverVersion}, ${server}`);
    for (const [keys, priority] of Object.entries(KEYS)) {
      show(keys, await waitsWith({ client, connection, workflowBundle }, priority));
    }
    await connection.close();
    await temporal.stop();
  }
} finally {
  await stopAll();
}
process.exit();
