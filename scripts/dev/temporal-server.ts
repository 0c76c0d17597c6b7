/** A Temporal dev server for development, tests and benchmarks: the official CLI's, with its UI. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, type ConnectionOptions, isGrpcServiceError } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { freePort, isFreePort } from '../../src/fleet/free-port.js';
import { type ManagedProcess, spawnManaged } from '../../src/processes/managed-process.js';
import { isListening } from './processes.js';
import { obtainTemporalCli } from './temporal-cli.js';

export type SearchAttributeKind = 'Text' | 'Keyword' | 'Int' | 'Double' | 'Bool' | 'Datetime' | 'KeywordList';

export interface TemporalServerOptions {
  /** Created at the start. Default `ingestion`. */
  readonly namespace?: string;
  /** Keeps everything in this SQLite file; default: in memory, gone with the process. Its directory must exist. */
  readonly databaseFile?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Default: a free one. */
  readonly uiPort?: number;
  /** Registered at the start. A reused server is left as it is. */
  readonly searchAttributes?: Readonly<Record<string, SearchAttributeKind>>;
  /** Added to, or in place of, the project's own values; undefined leaves the server's own. */
  readonly dynamicConfig?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** The server's log is appended here; default: only its end is kept, for error messages. */
  readonly logFile?: string;
  /** Use the running server that `TEMPORAL_ADDRESS` names, if set. Default false. */
  readonly reuse?: boolean;
  readonly say?: (line: string) => void;
}

/**
 * A server loads the tasks of one shard at most twenty times a second. A cluster has hundreds of shards; a dev server has
 * one, where each step of each window waits its turn of up to 50 ms. These values stand for a cluster.
 */
export const MANY_SHARDS = { 'history.transferProcessorMaxPollRPS': 1_000, 'history.timerProcessorMaxPollRPS': 1_000 };

export interface TemporalServer {
  /** `host:port` of its gRPC service. */
  readonly address: string;
  /** Undefined for a reused server, whose UI may be anywhere. */
  readonly uiUrl: string | undefined;
  readonly namespace: string;
  /** Undefined for a reused server. */
  readonly cliPath: string | undefined;
  /** Undefined while stopped, and for a reused server. */
  readonly pid: number | undefined;
  /** Asks it to end and waits until it has. A reused server is left running. */
  stop(): Promise<void>;
  /** SIGKILL, as in a crash. */
  kill(): Promise<void>;
  /** Stops it if it runs, starts it on the same ports and file, and waits until it answers. */
  restart(): Promise<void>;
}

const READY_TIMEOUT_MS = 120_000;
const PORT_ATTEMPTS = 5;

const DYNAMIC_CONFIG: Readonly<Record<string, string | number | boolean>> = {
  // Without it servers ignore fairness keys, and 1.29 priorities as well; with it, what we set on children counts.
  'matching.enableFairness': true,
  // One process plays a whole cluster here. Its per-host limits would be what a benchmark measures, and what slows
  // down test files that share the server; the limits that shape workflows (sizes, counts) stay as in production.
  'frontend.rps': 20_000,
  'frontend.namespaceRPS': 20_000,
  'frontend.namespaceRPS.visibility': 1_000,
  'history.rps': 30_000,
  'matching.rps': 20_000,
};

/**
 * Starts a dev server on 127.0.0.1 and waits until its namespace answers.
 *
 * Updates, worker versioning and deployments are on by default in server 1.28 and later.
 *
 * @throws if no Temporal CLI can be obtained, if the server ends or does not answer (with the end of its log), or,
 *   with `reuse`, if the running server does not answer or lacks the namespace
 */
export async function startTemporalServer(options: TemporalServerOptions = {}): Promise<TemporalServer> {
  const { namespace = 'ingestion', say } = options;
  if (options.reuse && process.env.TEMPORAL_ADDRESS) return await useRunningServer(namespace);

  const cli = await obtainTemporalCli(say && { say });
  let started: Started | undefined;
  for (let attempt = 1; started === undefined; attempt++) {
    const ports = { port: options.port ?? (await freePort()), uiPort: options.uiPort ?? (await freePort()) };
    try {
      started = await start(cli.path, ports, namespace, options);
    } catch (error) {
      // Another process may have taken a port since it was free; one that the caller chose cannot be exchanged.
      const exchangeable = options.port === undefined || options.uiPort === undefined;
      if (!(error instanceof PortTaken) || !exchangeable || attempt === PORT_ATTEMPTS) throw error;
    }
  }
  const { ports } = started;
  let server = started.process;
  return {
    address: addressOf(ports),
    uiUrl: `http://127.0.0.1:${ports.uiPort}`,
    namespace,
    cliPath: cli.path,
    get pid() {
      return server.running ? server.pid : undefined;
    },
    async stop() {
      await server.stop();
    },
    async kill() {
      await server.kill();
    },
    async restart() {
      await server.stop();
      server = (await start(cli.path, ports, namespace, options)).process;
    },
  };
}

interface Ports {
  readonly port: number;
  readonly uiPort: number;
}

interface Started {
  readonly ports: Ports;
  readonly process: ManagedProcess;
}

class PortTaken extends Error {}

const addressOf = ({ port }: Ports) => `127.0.0.1:${port}`;

async function start(
  cliPath: string,
  ports: Ports,
  namespace: string,
  options: TemporalServerOptions,
): Promise<Started> {
  const { databaseFile, searchAttributes = {}, dynamicConfig, logFile } = options;
  // Else a server that already listens there would answer for ours, which ends because of it.
  for (const port of [ports.port, ports.uiPort]) {
    if (!(await isFreePort(port))) throw new PortTaken(`Port ${port} on 127.0.0.1 is taken by another process`);
  }
  const server = await spawnManaged(
    'Temporal server',
    cliPath,
    [
      'server',
      'start-dev',
      '--ip=127.0.0.1',
      `--namespace=${namespace}`,
      '--log-level=error',
      `--port=${ports.port}`,
      `--ui-port=${ports.uiPort}`,
      // Write-ahead logging survives a kill of the process and spares a sync of the disk for each transaction.
      ...(databaseFile
        ? [`--db-filename=${databaseFile}`, '--sqlite-pragma=journal_mode=wal', '--sqlite-pragma=synchronous=normal']
        : []),
      ...Object.entries({ ...DYNAMIC_CONFIG, ...dynamicConfig }).flatMap(([key, value]) =>
        value === undefined ? [] : [`--dynamic-config-value=${key}=${JSON.stringify(value)}`],
      ),
      ...Object.entries(searchAttributes).map(([key, kind]) => `--search-attribute=${key}=${kind}`),
    ],
    { env: withoutTemporalSettings(process.env), logFile },
  );
  try {
    await answers(ports, namespace, server);
  } catch (error) {
    await server.kill();
    const log = server.tail();
    const message = `${(error as Error).message}${log === '' ? '' : `\nThe end of its log:\n${log}`}`;
    throw /address already in use|can't set .* port/i.test(log) ? new PortTaken(message) : new Error(message);
  }
  return { ports, process: server };
}

/** Settings for clients; as flags' defaults they would change the server that is started. */
function withoutTemporalSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([key]) => !key.startsWith('TEMPORAL_')));
}

/** Resolves when the server answers; asks again while it lives. */
async function answers(ports: Ports, namespace: string, server: ManagedProcess): Promise<void> {
  const address = addressOf(ports);
  const deadline = Date.now() + READY_TIMEOUT_MS;
  let problem = 'it accepts no connection';
  while (server.running && Date.now() < deadline) {
    // A gRPC channel that is refused once waits a second before it tries again; the plain port tells sooner.
    if (await isListening(ports.port)) {
      try {
        await ask({ address }, namespace);
        return;
      } catch (error) {
        problem = (error as Error).message;
      }
    }
    await Promise.race([server.exited, sleep(25)]);
  }
  if (server.running) {
    throw new Error(
      `The Temporal server did not answer on ${address} within ${READY_TIMEOUT_MS / 1_000} s: ${problem}`,
    );
  }
  const { code, signal } = await server.exited;
  throw new Error(`The Temporal server ended while it started (${signal ?? `code ${code}`})`);
}

/** Fails unless the namespace and the history service behind it answer. */
async function ask(options: ConnectionOptions, namespace: string): Promise<void> {
  const connection = await Connection.connect({ connectTimeout: 5_000, ...options });
  try {
    await connection.withDeadline(Date.now() + 5_000, async () => {
      await connection.workflowService.describeNamespace({ namespace });
      try {
        // The namespace answers from the frontend alone, while starts still fail until the history shard is acquired.
        await connection.workflowService.describeWorkflowExecution({
          namespace,
          execution: { workflowId: `readiness-${randomUUID()}` },
        });
      } catch (error) {
        if (!isGrpcServiceError(error) || error.code !== NOT_FOUND) throw error;
      }
    });
  } finally {
    await connection.close();
  }
}

const NOT_FOUND = 5;

async function useRunningServer(namespace: string): Promise<TemporalServer> {
  const { connectionOptions } = loadClientConnectConfig();
  const address = connectionOptions.address ?? process.env.TEMPORAL_ADDRESS!;
  try {
    await ask(connectionOptions as ConnectionOptions, namespace);
  } catch (error) {
    if (isGrpcServiceError(error) && error.code === NOT_FOUND) {
      throw new Error(
        `The Temporal server at ${address} (TEMPORAL_ADDRESS) has no namespace '${namespace}'. Create it with: temporal operator namespace create --namespace ${namespace}`,
        { cause: error },
      );
    }
    throw new Error(
      `TEMPORAL_ADDRESS is ${address}, but no Temporal server answers there: ${(error as Error).message}. Start it, or unset TEMPORAL_ADDRESS.`,
      { cause: error },
    );
  }
  const notOurs = async () => {
    throw new Error(`The Temporal server at ${address} was not started here, so it cannot be killed or restarted`);
  };
  return {
    address,
    uiUrl: undefined,
    namespace,
    cliPath: undefined,
    pid: undefined,
    stop: async () => {},
    kill: notOurs,
    restart: notOurs,
  };
}
