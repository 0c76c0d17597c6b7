import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import pino from 'pino';
import { createActivities } from './activities/index.js';
import { connectionFromEnvironment } from './connection.js';

/**
 * The orchestrator's worker: wiring only. `BACKFILL_TASK_QUEUE` moves it to another queue;
 * `TEMPORAL_DEPLOYMENT_NAME` with `TEMPORAL_WORKER_BUILD_ID` makes it a version of a worker deployment.
 */
const log = pino({ name: 'backfill-scorecards' });
Runtime.install({
  logger: {
    log: (level, message, meta) => log[pinoLevel(level)](meta ?? {}, message),
    trace: (message, meta) => log.trace(meta ?? {}, message),
    debug: (message, meta) => log.debug(meta ?? {}, message),
    info: (message, meta) => log.info(meta ?? {}, message),
    warn: (message, meta) => log.warn(meta ?? {}, message),
    error: (message, meta) => log.error(meta ?? {}, message),
  },
});

function pinoLevel(level: string): 'trace' | 'debug' | 'info' | 'warn' | 'error' {
  return level.toLowerCase() as 'info';
}

function deployment(environment: NodeJS.ProcessEnv): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  const { TEMPORAL_DEPLOYMENT_NAME: deploymentName, TEMPORAL_WORKER_BUILD_ID: buildId } = environment;
  if (!deploymentName && !buildId) return {};
  if (!deploymentName || !buildId)
    throw new Error('set both TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID, or neither');
  return {
    workerDeploymentOptions: {
      version: { deploymentName, buildId },
      useWorkerVersioning: true,
      defaultVersioningBehavior: 'AUTO_UPGRADE',
    },
  };
}

const { connectionOptions, namespace } = connectionFromEnvironment();
const taskQueue = process.env.BACKFILL_TASK_QUEUE ?? 'backfill-scorecards';
const connection = await NativeConnection.connect(connectionOptions);
const client = new Client({ connection, namespace });
const worker = await Worker.create({
  connection,
  namespace,
  taskQueue,
  workflowBundle: { codePath: fileURLToPath(new URL('./workflows.bundle.js', import.meta.url)) },
  activities: createActivities(client, process.env),
  // Nearly all activities are followWindow, which only waits: as many as a few runs may carry over together.
  maxConcurrentActivityTaskExecutions: 4_000,
  shutdownGraceTime: '10 seconds',
  ...deployment(process.env),
});
log.info({ address: connectionOptions.address, namespace, taskQueue }, 'worker ready');
await worker.run();
await connection.close();
