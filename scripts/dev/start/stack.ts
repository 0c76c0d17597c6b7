/** The real parts of the command: servers, database and workers, each started once and stopped in order. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import { connectionFromEnvironment } from '../../../src/connection.js';
import { count, counted } from '../../../src/presentation/lines/format.js';
import { type ManagedProcess, spawnManaged } from '../../../src/processes/managed-process.js';
import { type Prepared, prepare } from '../../../src/reference-ingestion/prepare.js';
import { type Postgres, startPostgres } from '../postgres.js';
import { stopAll } from '../processes.js';
import { startTemporalServer, type TemporalServer } from '../temporal-server.js';
import { DIRECTORY_SQL } from './request.js';

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));
const KEPT_LOGS = 10;
const WATCH_MS = 250;
/** Longer than a worker needs; one that lost its server, or hangs, would not come to an end. */
const WORKER_GRACE_MS = 5_000;

export class Stack {
  temporal!: TemporalServer;
  postgres!: Postgres;
  prepared!: Prepared;
  client!: Client;
  private readonly workers: ManagedProcess[] = [];
  private logs = '';
  private stopping = false;
  private watch: NodeJS.Timeout | undefined;
  private reportDeath: (error: Error) => void = () => {};
  /** Rejects when a worker or server ends that nobody asked to. */
  readonly died = new Promise<never>((_, reject) => {
    this.reportDeath = reject;
  });

  constructor(private readonly say: (line: string) => void) {
    // Those who wait are notified; before anyone does, it must not end the process.
    this.died.catch(() => {});
  }

  /** Starts everything, a line for each part. `signal` calls off what has not begun. */
  async start({ scale }: { scale: number }, signal: AbortSignal): Promise<void> {
    this.logs = await logDirectory();
    // Both take a while; neither needs the other.
    const temporal = this.startTemporal();
    const postgres = this.startPostgres(scale);
    await Promise.all([temporal, postgres]);
    signal.throwIfAborted();
    this.watchServers();
    await this.startWorkers();
  }

  /** Whether Temporal was here before this command, and stays. */
  get reusesTemporal(): boolean {
    return this.temporal.uiUrl === undefined;
  }

  /**
   * Workers first, so that they can say goodbye to the servers. The client stays open: requests that still wait would
   * throw where nobody can catch it if their channel closed, and they end with this process.
   */
  async stop(): Promise<void> {
    this.stopping = true;
    clearInterval(this.watch);
    await Promise.all(this.workers.map((worker) => worker.stop(WORKER_GRACE_MS)));
    await this.postgres?.stop();
    await this.temporal?.stop();
    await stopAll();
  }

  private async startTemporal(): Promise<void> {
    const running = process.env.TEMPORAL_ADDRESS ? connectionFromEnvironment() : undefined;
    this.temporal = await startTemporalServer({
      reuse: true,
      logFile: this.logFile('temporal-server'),
      say: this.say,
      ...(running && { namespace: running.namespace }),
    });
    const { address, uiUrl } = this.temporal;
    const connection = await Connection.connect((running?.connectionOptions as ConnectionOptions) ?? { address });
    this.client = new Client({ connection, namespace: this.temporal.namespace });
    this.say(
      uiUrl
        ? `Temporal server ready at ${address}, UI ${uiUrl}`
        : `Temporal server at ${address} (TEMPORAL_ADDRESS), namespace ${this.temporal.namespace}`,
    );
  }

  private async startPostgres(scale: number): Promise<void> {
    this.postgres = await startPostgres({ reuse: true, logFile: this.logFile('postgres'), say: this.say });
    const password = () => randomBytes(12).toString('base64url');
    this.prepared = await prepare({
      databaseUrl: this.postgres.url,
      reindexerPassword: password(),
      readerPassword: password(),
      verifierPassword: password(),
      scale,
    });
    const { conversations, customers, milliseconds } = this.prepared.loaded;
    const took = `${(milliseconds / 1_000).toFixed(1)} s`;
    this.say(
      `PostgreSQL ready, ${count(conversations)} conversations of ${counted(customers, 'customer')} loaded in ${took}`,
    );
  }

  private watchServers(): void {
    const { temporal, postgres, reusesTemporal } = this;
    const own = [
      ...(reusesTemporal ? [] : [{ server: temporal, what: 'The Temporal server', log: 'temporal-server' }]),
      ...(postgres.pid === undefined ? [] : [{ server: postgres, what: 'PostgreSQL', log: 'postgres' }]),
    ];
    this.watch = setInterval(() => {
      for (const { server, what, log } of own) if (server.pid === undefined) this.reportDeath(this.ended(what, log));
    }, WATCH_MS);
  }

  private async startWorkers(): Promise<void> {
    // A user's own profile may have certificates and keys for another server than the one just started.
    await writeFile(this.profileFile, '[profile.default]\n');
    const { readerUrl, reindexerUrl, verifierUrl } = this.prepared;
    await this.startWorker('backfill-worker', 'dist/worker.js', {
      BACKFILL_DIRECTORY_DATABASE_URL: readerUrl,
      BACKFILL_DIRECTORY_SQL: DIRECTORY_SQL,
      BACKFILL_PROBE_URL: readerUrl,
      BACKFILL_VERIFY_URL: verifierUrl!,
      BACKFILL_VERIFY_SQL_FILE: join(PROJECT, 'src/reference-ingestion/verify.sql'),
    });
    await this.startWorker('ingestion-worker', 'dist/reference-ingestion/worker.js', {
      REINDEXER_DATABASE_URL: reindexerUrl,
    });
    this.say(`Two workers started, logs in ${relative(PROJECT, this.logs)}`);
  }

  private async startWorker(name: string, script: string, settings: Record<string, string>): Promise<void> {
    const worker = await spawnManaged(name, process.execPath, [join(PROJECT, script)], {
      cwd: PROJECT,
      env: { ...this.workerEnvironment(), ...settings },
      logFile: this.logFile(name),
    });
    this.workers.push(worker);
    void worker.exited.then(({ code, signal }) => {
      if (!this.stopping) this.reportDeath(this.ended(`The ${name.replace('-', ' ')}`, name, signal ?? `code ${code}`));
    });
  }

  /** This process's environment, but no way to more of the database than a worker's role allows. */
  private workerEnvironment(): NodeJS.ProcessEnv {
    const { temporal } = this;
    const kept = Object.entries(process.env).filter(([name]) => {
      if (name.startsWith('TEMPORAL_')) return this.reusesTemporal;
      return !/^(DATABASE_URL|PG[A-Z]+|REINDEXER_.*|REFERENCE_.*|BACKFILL_.*)$/.test(name);
    });
    return {
      ...Object.fromEntries(kept),
      ...(!this.reusesTemporal && { TEMPORAL_CONFIG_FILE: this.profileFile }),
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
    };
  }

  private ended(what: string, log: string, how?: string): Error {
    return new Error(
      `${what} ended${how ? ` (${how})` : ''} while it was needed. Its log: ${relative(PROJECT, this.logFile(log))}`,
    );
  }

  private get profileFile(): string {
    return join(this.logs, 'temporal.toml');
  }

  private logFile(name: string): string {
    return join(this.logs, `${name}.log`);
  }
}

/** A directory for this start's logs; the oldest of earlier starts are removed. */
async function logDirectory(): Promise<string> {
  const all = join(PROJECT, '.data', 'logs');
  const now = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  const path = join(all, `${now}-${process.pid}`);
  await mkdir(path, { recursive: true });
  const old = (await readdir(all)).sort().slice(0, -KEPT_LOGS);
  await Promise.all(old.map((name) => rm(join(all, name), { recursive: true, force: true })));
  return path;
}
