import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection, isGrpcServiceError } from '@temporalio/client';
import pg from 'pg';
import { type ManagedProcess, spawnManaged } from '../../../src/processes/managed-process.js';
import { migrate } from '../../../src/reference-ingestion/migrate.js';
import { setPassword, urlForRole } from '../../../src/reference-ingestion/roles.js';
import { startPostgres } from '../../dev/postgres.js';
import { temporaryDirectory } from '../../dev/processes.js';
import { startTemporalServer } from '../../dev/temporal-server.js';
import { WebhookReceiver } from '../webhook-receiver.js';
import type { Part } from './script.js';

/** Every part of a backfill as a real process on files, so that each can be killed and come back. */
export interface Stack {
  readonly client: Client;
  /** As the owner of the database. */
  readonly database: pg.Pool;
  readonly directory: string;
  /** Of both workers. */
  readonly environment: NodeJS.ProcessEnv;
  /** It refuses the first attempt of every other message, and so does not get each at once. */
  readonly webhooks: WebhookReceiver;
  /** Workers that ended though nobody killed them; each was started again. */
  readonly unexpected: string[];
  /** SIGKILL; the part stays down until the function that comes back is called. */
  kill(part: Part): Promise<() => Promise<void>>;
  /** The orchestrator's worker is asked to end, as in a roll-out. Resolves when it has. */
  drain(): Promise<() => Promise<void>>;
  /** SIGKILL, as in a crash, and a start after `downMs`. Resolves when it is back; does nothing while it is down. */
  crash(part: Part, downMs: number): Promise<void>;
  stop(): Promise<void>;
}

export interface StackOptions {
  /** Without one, windows are empty. Default true. */
  withDatabase?: boolean;
  /** For the Temporal server. */
  dynamicConfig?: Readonly<Record<string, number>>;
  /** More environment for both workers; `databaseUrl` is its owner's. */
  environment?: (databaseUrl: string) => NodeJS.ProcessEnv;
}

const workers = {
  orchestrator: fileURLToPath(new URL('../../../dist/worker.js', import.meta.url)),
  ingestion: fileURLToPath(new URL('../../../dist/reference-ingestion/worker.js', import.meta.url)),
};

/** A worker under the care of what a cluster has for it: one that ends by itself is started again. */
class SupervisedWorker {
  #process: ManagedProcess | undefined;
  #wanted = true;

  constructor(
    private readonly name: keyof typeof workers,
    private readonly env: NodeJS.ProcessEnv,
    private readonly logFile: string,
    private readonly onUnexpected: (line: string) => void,
  ) {}

  async start(): Promise<void> {
    this.#wanted = true;
    const { name, env, logFile } = this;
    const process = await spawnManaged(name, globalThis.process.execPath, [workers[name]], { env, logFile });
    this.#process = process;
    void process.exited.then(async ({ code, signal }) => {
      if (!this.#wanted || this.#process !== process) return;
      this.onUnexpected(`${name} ended by itself (${signal ?? `code ${code}`})`);
      await sleep(500);
      if (this.#wanted && this.#process === process) await this.start();
    });
  }

  /** The end of its log. */
  tail(): string {
    return this.#process?.tail() ?? '';
  }

  async kill(): Promise<void> {
    this.#wanted = false;
    await this.#process?.kill();
  }

  async stop(): Promise<void> {
    this.#wanted = false;
    await this.#process?.stop();
  }
}

export async function startStack({ withDatabase = true, ...options }: StackOptions = {}): Promise<Stack> {
  const directory = await temporaryDirectory('chaos');
  const temporal = await startTemporalServer({
    databaseFile: join(directory, 'temporal.db'),
    searchAttributes: { BackfillCluster: 'Keyword', BackfillCustomer: 'Keyword', BackfillStatus: 'Keyword' },
    logFile: join(directory, 'temporal.log'),
    ...(options.dynamicConfig && { dynamicConfig: options.dynamicConfig }),
  });
  const postgres = await startPostgres({ logFile: join(directory, 'postgres.log') });
  const password = randomUUID();
  await migrate(postgres.url);
  await setPassword(postgres.url, 'reindexer', password);
  const database = new pg.Pool({ connectionString: postgres.url, max: 2 });
  database.on('error', () => undefined);

  const { TEMPORAL_PROFILE: _, DATABASE_URL: __, ...inherited } = process.env;
  const env = {
    ...inherited,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    BACKFILL_WEBHOOK_URLS_FILE: join(directory, 'webhooks.json'),
    ...(withDatabase && { REINDEXER_DATABASE_URL: urlForRole(postgres.url, 'reindexer', password) }),
    ...options.environment?.(postgres.url),
  };
  const unexpected: string[] = [];
  const webhooks = await startWebhooks(env.BACKFILL_WEBHOOK_URLS_FILE);
  const supervised = (name: keyof typeof workers) =>
    new SupervisedWorker(name, env, join(directory, `${name}.log`), (line) => unexpected.push(line));
  const parts = {
    orchestrator: supervised('orchestrator'),
    ingestion: supervised('ingestion'),
    temporal: { start: () => temporal.restart(), kill: () => temporal.kill() },
    postgres: { start: () => postgres.restart(), kill: () => postgres.kill() },
  };
  await Promise.all([parts.orchestrator.start(), parts.ingestion.start()]);

  const connection = await Connection.connect({
    address: temporal.address,
    // A client that waits longer and longer for a server that is back would measure itself.
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 500 },
  });
  const down = new Set<Part>();
  return {
    client: new Client({ connection, namespace: temporal.namespace }),
    database,
    directory,
    environment: env,
    webhooks,
    unexpected,
    async kill(part) {
      await parts[part].kill();
      return () => parts[part].start();
    },
    async drain() {
      await parts.orchestrator.stop();
      return () => parts.orchestrator.start();
    },
    async crash(part, downMs) {
      if (down.has(part)) return;
      down.add(part);
      try {
        await parts[part].kill();
        await sleep(downMs);
        await parts[part].start();
      } finally {
        down.delete(part);
      }
    },
    async stop() {
      await Promise.all([parts.orchestrator.stop(), parts.ingestion.stop(), database.end(), connection.close()]);
      await Promise.all([temporal.stop(), postgres.stop()]);
      webhooks.stop();
    },
  };
}

async function startWebhooks(file: string): Promise<WebhookReceiver> {
  const receiver = await WebhookReceiver.start();
  const seen = new Set<string>();
  receiver.status = (id) => {
    if (seen.has(id)) return 204;
    seen.add(id);
    return seen.size % 2 === 0 ? 204 : 503;
  };
  await writeFile(file, JSON.stringify([{ url: receiver.url }]));
  return receiver;
}

/** gRPC: invalid argument, not found, already exists, failed precondition. These are answers, not outages. */
const ANSWERS = [3, 5, 6, 9];

/** Asks again while the server or the database is away; other errors, and the last one at the deadline, are thrown. */
export async function insist<T>(ask: () => Promise<T>, patienceMs = 60_000): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > deadline || !isOutage(error)) throw error;
      await sleep(150);
    }
  }
}

function isOutage(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    // A server that went away while a run worked on an Update says so in words only; its sender sends it again.
    if (/unexpected workflow task failure/.test(at.message)) return true;
    if (isGrpcServiceError(at) && !(at.cause instanceof Error)) return !ANSWERS.includes(at.code);
    if (at instanceof pg.DatabaseError || /ECONN|Connection terminated|timeout/i.test(at.message)) return true;
  }
  return false;
}
