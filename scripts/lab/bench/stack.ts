import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { type ManagedProcess, spawnManaged } from '../../../src/processes/managed-process.js';
import { temporaryDirectory } from '../../dev/processes.js';
import { MANY_SHARDS, startTemporalServer } from '../../dev/temporal-server.js';

const local = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export const QUEUES = { backfill: 'backfill-scorecards', windows: 'ingestion', rivals: 'rivals' } as const;

/** A server, and a worker process for each of: `backfillScorecards`, the windows, the other parents. */
export interface Stack {
  readonly client: Client;
  readonly serverVersion: string;
  readonly workers: Readonly<Record<keyof typeof QUEUES, Usage>>;
  stop(): Promise<void>;
}

/** Another worker of `backfillScorecards`, as `npm run worker` starts it. */
export interface FreshWorker extends Usage {
  /** Milliseconds from its start until it polls. */
  readyMs: number;
  stop(): Promise<void>;
}

export async function startStack({ manyShards = false }: { manyShards?: boolean } = {}): Promise<Stack> {
  const temporal = await startTemporalServer(manyShards ? { dynamicConfig: MANY_SHARDS } : {});
  const { address, namespace } = temporal;
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, namespace });
  const codePath = await bundleRivals();
  const rival = (taskQueue: string) =>
    spawnManaged(taskQueue, process.execPath, [
      ...(process.env.BENCH_WORKER_OPTIONS?.split(' ') ?? []),
      '--import',
      'tsx',
      local('rivals/worker.ts'),
      address,
      namespace,
      taskQueue,
      codePath,
    ]);
  const processes = {
    backfill: await spawnWorker(address, namespace),
    windows: await rival(QUEUES.windows),
    rivals: await rival(QUEUES.rivals),
  };
  await Promise.all(
    (['backfill', 'windows', 'rivals'] as const).map((name) => untilPolled(client, QUEUES[name], processes[name])),
  );
  const { serverVersion } = await connection.workflowService.getSystemInfo({});
  return {
    client,
    serverVersion,
    workers: {
      backfill: new Usage(processes.backfill.pid),
      windows: new Usage(processes.windows.pid),
      rivals: new Usage(processes.rivals.pid),
    },
    async stop() {
      await Promise.all([...Object.values(processes).map((worker) => worker.stop()), connection.close()]);
      await temporal.stop();
    },
  };
}

/** On a task queue of its own. */
export async function startFreshWorker({ client }: Stack, taskQueue: string): Promise<FreshWorker> {
  const { options, connection } = client;
  const from = performance.now();
  const address = (connection as Connection).options.address;
  const worker = await spawnWorker(address, options.namespace, { BACKFILL_TASK_QUEUE: taskQueue });
  await untilPolled(client, taskQueue, worker);
  return Object.assign(new Usage(worker.pid), {
    readyMs: performance.now() - from,
    stop: async () => void (await worker.stop()),
  });
}

function spawnWorker(address: string, namespace: string, env: NodeJS.ProcessEnv = {}): Promise<ManagedProcess> {
  const { TEMPORAL_PROFILE: _, ...inherited } = process.env;
  // To see where its time goes: BENCH_WORKER_OPTIONS="--cpu-prof --cpu-prof-dir=/tmp/profile".
  const options = process.env.BENCH_WORKER_OPTIONS?.split(' ') ?? [];
  return spawnManaged('worker', process.execPath, [...options, local('../../../dist/worker.js')], {
    env: { ...inherited, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace, ...env },
  });
}

async function bundleRivals(): Promise<string> {
  const workflowsPath = local('rivals/workflows.ts');
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  const path = join(await temporaryDirectory('rivals'), 'workflows.bundle.js');
  await writeFile(path, code);
  return path;
}

async function untilPolled(client: Client, name: string, worker: ManagedProcess): Promise<void> {
  const asked = { namespace: client.options.namespace, taskQueue: { name }, taskQueueType: 1 as const };
  for (;;) {
    const { pollers } = await client.workflowService.describeTaskQueue(asked);
    if (pollers?.length) return;
    if (!worker.running) throw new Error(`${worker.name} ended before it polled:\n${worker.tail()}`);
    await sleep(10);
  }
}

const MS_PER_TICK = 10;

/** What a process takes of the machine, by Linux's own account; NaN elsewhere. */
export class Usage {
  constructor(readonly pid: number) {}

  /** Milliseconds of CPU, in user and system mode, since it started. In steps of 10. */
  async cpuMs(): Promise<number> {
    const text = await readFile(`/proc/${this.pid}/stat`, 'utf8').catch(() => '');
    // After the name, which may hold anything, in parentheses.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11] ?? Number.NaN) + Number(fields[12] ?? Number.NaN)) * MS_PER_TICK;
  }

  /** Resident memory in MB. */
  async memoryMb(): Promise<number> {
    const text = await readFile(`/proc/${this.pid}/status`, 'utf8').catch(() => '');
    return Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1] ?? Number.NaN) / 1_024;
  }
}
