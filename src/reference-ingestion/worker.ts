import { setTimeout as sleep } from 'node:timers/promises';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { pino } from 'pino';
import type { DurationRange } from './activities.js';
import { createIngestionWorker } from './create-worker.js';
import { parseFaultRules } from './faults.js';

const { env } = process;
const logger = pino({ name: 'reference-ingestion', level: env.LOG_LEVEL ?? 'info' });

const { connectionOptions, namespace = 'ingestion' } = loadClientConnectConfig();
const taskQueue = env.REFERENCE_TASK_QUEUE ?? 'ingestion';
const databaseUrl = env.REINDEXER_DATABASE_URL ?? env.DATABASE_URL;

Runtime.install({
  logger: new DefaultLogger('INFO', ({ level, message, meta }) => {
    logger[level === 'TRACE' ? 'trace' : (level.toLowerCase() as 'info')](meta ?? {}, message);
  }),
});

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());

const connection = await connect();
if (connection) {
  const { worker, close } = await createIngestionWorker({
    connection,
    namespace,
    taskQueue,
    ...(databaseUrl && { databaseUrl }),
    emptyWindowMs: durations('REFERENCE_WINDOW_MS'),
    concurrency: number('REFERENCE_CONCURRENCY', 50),
    faults: parseFaultRules(env.REFERENCE_FAULTS ?? '[]'),
    onDatabaseError: (error) => logger.warn({ error: error.message }, 'a database connection broke'),
  });
  logger.info({ namespace, taskQueue, database: databaseUrl ? withoutPassword(databaseUrl) : 'none' }, 'working');
  // The runtime stops the worker on the same signals that end waiting for a connection.
  await worker.run();
  await close();
  await connection.close();
}
logger.info('stopped');

/** Waits for a server that is still starting; undefined if the process is stopped before there is one. */
async function connect(): Promise<NativeConnection | undefined> {
  while (!stopping.signal.aborted) {
    try {
      return await NativeConnection.connect(connectionOptions);
    } catch (error) {
      logger.warn({ address: connectionOptions.address, error: String(error) }, 'no Temporal server yet, trying again');
      await sleep(1_000, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }
  return undefined;
}

function number(name: string, fallback: number): number {
  const value = Number(env[name] ?? fallback);
  if (!Number.isInteger(value) || value < 0) throw new Error(`${name}: expected a number from 0, got ${env[name]}`);
  return value;
}

/** `1000`, or `1000-5000`. */
function durations(name: string): DurationRange {
  const text = env[name] ?? '0';
  const [, least, most = least] = /^(\d{1,8})(?:-(\d{1,8}))?$/.exec(text) ?? [];
  if (least === undefined || Number(most) < Number(least))
    throw new Error(`${name}: expected milliseconds, or a range such as 1000-5000, got ${text}`);
  return [Number(least), Number(most)];
}

function withoutPassword(url: string): string {
  const { host, pathname, username } = new URL(url);
  return `${username}@${host}${pathname}`;
}
