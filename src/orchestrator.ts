import { Client } from '@temporalio/client';
import { type NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from './activities/index.js';
import { dataConverter, workflowBundle } from './built.js';
import { DEFAULT_TASK_QUEUE } from './connection.js';
import { deployment } from './worker/deployment.js';

export interface OrchestratorOptions {
  connection: NativeConnection;
  namespace: string;
  /** Default: `BACKFILL_TASK_QUEUE`, or the queue that operators start runs on. */
  taskQueue?: string;
  /** Where the directory is, and which version of a worker deployment this is. */
  environment: NodeJS.ProcessEnv;
}

/** The orchestrator's worker: its workflow, as bundled by the build, and its activities. */
export async function createOrchestrator({
  connection,
  namespace,
  environment,
  ...options
}: OrchestratorOptions): Promise<Worker> {
  const client = new Client({ connection, namespace, dataConverter });
  return Worker.create({
    connection,
    namespace,
    dataConverter,
    taskQueue: options.taskQueue ?? environment.BACKFILL_TASK_QUEUE ?? DEFAULT_TASK_QUEUE,
    workflowBundle,
    activities: createActivities(client, environment),
    // Nearly all activities are followWindow, which only waits: as many as a few runs may carry over together.
    maxConcurrentActivityTaskExecutions: 4_000,
    // Whatever an activity does when its worker goes, another worker does again: nothing is worth waiting for.
    shutdownGraceTime: '1 second',
    // Less than the 30 seconds after which Kubernetes kills: an activity that ignores its cancellation loses nothing.
    shutdownForceTime: '20 seconds',
    ...(await deployment(connection, environment)),
  });
}
