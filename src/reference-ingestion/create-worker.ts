import { fileURLToPath } from 'node:url';
import { type NativeConnection, Worker, type WorkflowBundleOption } from '@temporalio/worker';
import { createActivities, type DurationRange } from './activities.js';
import { createPool } from './database.js';
import { databaseExecutions, memoryExecutions } from './executions.js';
import type { FaultRule } from './faults.js';

/** What a worker of the stand-in needs. */
export interface IngestionWorkerOptions {
  connection: NativeConnection;
  namespace: string;
  taskQueue: string;
  /** Role `reindexer`; without a database windows are empty. */
  databaseUrl?: string;
  /** How long a window takes without a database. */
  emptyWindowMs?: DurationRange;
  faults?: readonly FaultRule[];
  /** Windows worked on at once, each with a database connection. */
  concurrency?: number;
  onDatabaseError?: (error: Error) => void;
  workflowBundle?: WorkflowBundleOption;
}

/** A worker, and a function that releases its resources once it has stopped. */
export interface IngestionWorker {
  worker: Worker;
  close: () => Promise<void>;
}

/** Creates the worker; the caller runs and stops it. */
export async function createIngestionWorker(options: IngestionWorkerOptions): Promise<IngestionWorker> {
  const {
    connection,
    namespace,
    taskQueue,
    databaseUrl,
    emptyWindowMs = [0, 0],
    faults = [],
    concurrency = 50,
  } = options;
  // Two more connections than windows: one to cancel a statement, one for a window that ends as another begins.
  const onError = options.onDatabaseError ?? (() => undefined);
  const pool = databaseUrl === undefined ? undefined : createPool(databaseUrl, concurrency + 2, onError);
  const executions = pool ? databaseExecutions(pool, faults) : memoryExecutions(faults);
  try {
    const worker = await Worker.create({
      connection,
      namespace,
      taskQueue,
      workflowBundle: options.workflowBundle ?? {
        codePath: fileURLToPath(new URL('./workflows.bundle.js', import.meta.url)),
      },
      activities: createActivities({ executions, emptyWindowMs, ...(pool && { pool }) }),
      maxConcurrentActivityTaskExecutions: concurrency,
      // Positions reach the server, and cancellations the worker, within a second.
      maxHeartbeatThrottleInterval: '1s',
      // A workflow whose worker died is picked up by another one after this time; the SDK's default is ten seconds.
      stickyQueueScheduleToStartTimeout: '2s',
      shutdownGraceTime: '2s',
    });
    return { worker, close: async () => void (await pool?.end()) };
  } catch (error) {
    await pool?.end();
    throw error;
  }
}
