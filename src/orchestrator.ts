import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { createActivities } from './activities/index.js';

// Built files, the same whether this file runs from src/ or from dist/.
const built = (path: string) => fileURLToPath(new URL(`../dist/${path}`, import.meta.url));
const dataConverter = { payloadConverterPath: built('workflows/payload-converter.js') };

export interface OrchestratorOptions {
  connection: NativeConnection;
  namespace: string;
  /** Default: `BACKFILL_TASK_QUEUE`, or the queue that operators start runs on. */
  taskQueue?: string;
  /** Where the directory is, and which version of a worker deployment this is. */
  environment: NodeJS.ProcessEnv;
}

/** The orchestrator's worker: its workflow, as bundled by the build, and its activities. */
export function createOrchestrator({
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
    taskQueue: options.taskQueue ?? environment.BACKFILL_TASK_QUEUE ?? 'backfill-scorecards',
    workflowBundle: { codePath: built('workflows.bundle.js') },
    activities: createActivities(client, environment),
    // Nearly all activities are followWindow, which only waits: as many as a few runs may carry over together.
    maxConcurrentActivityTaskExecutions: 4_000,
    // Whatever an activity does when its worker goes, another worker does again: nothing is worth waiting for.
    shutdownGraceTime: '1 second',
    // Less than the 30 seconds after which Kubernetes kills: an activity that ignores its cancellation loses nothing.
    shutdownForceTime: '20 seconds',
    ...deployment(environment),
  });
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
