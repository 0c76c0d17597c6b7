/** Run with `tsx`: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and TASK_QUEUE say where. */
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { reindexWindow } from './activities.js';

const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS ?? 'localhost:7233' });
const worker = await Worker.create({
  connection,
  namespace: process.env.TEMPORAL_NAMESPACE ?? 'default',
  taskQueue: process.env.TASK_QUEUE ?? 'ingestion',
  workflowsPath: fileURLToPath(new URL('workflows.ts', import.meta.url)),
  activities: { reindexWindow },
  maxHeartbeatThrottleInterval: '200ms',
  defaultHeartbeatThrottleInterval: '200ms',
});
await worker.run();
await connection.close();
