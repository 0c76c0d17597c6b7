import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';

/** A worker of one task queue with the workflows of a bundle: `worker.ts <address> <namespace> <task queue> <bundle>`. */
const [address, namespace, taskQueue, codePath] = process.argv.slice(2) as [string, string, string, string];
Runtime.install({ logger: new DefaultLogger('ERROR') });
const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({ connection, namespace, taskQueue, workflowBundle: { codePath } });
await worker.run();
await connection.close();
