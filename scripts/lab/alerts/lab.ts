/** Every real part with a real Prometheus, so that a fault can be seen to make an alert fire. */
import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import type { Connection } from '@temporalio/client';
import type { Limits } from '../../../deploy/monitoring/alert.js';
import { rulesYaml } from '../../../deploy/monitoring/rules.js';
import type { Progress } from '../../../src/backfill/views/progress.js';
import { freePort } from '../../../src/fleet/free-port.js';
import { type ManagedProcess, spawnManaged } from '../../../src/processes/managed-process.js';
import type { FaultKind, FaultParameters } from '../../../src/reference-ingestion/faults.js';
import { loadFleet } from '../../../src/reference-ingestion/load-fleet.js';
import { setPassword, urlForRole } from '../../../src/reference-ingestion/roles.js';
import { temporaryDirectory } from '../../dev/processes.js';
import { type Stack, startStack } from '../chaos/stack.js';
import { type ActiveAlert, startPrometheus } from './prometheus.js';
import { SecondWorker } from './second-worker.js';

const project = fileURLToPath(new URL('../../../', import.meta.url));
const COMMAND = join(project, 'dist/cli/backfill.js');
const VERIFY_SQL = join(project, 'src/reference-ingestion/verify.sql');

/** Seconds in place of minutes. */
const LAB_LIMITS: Limits = {
  moment: '2s',
  // A picture of the server is up to 11 seconds old when a cluster goes away.
  restart: '12s',
  settles: '16s',
  noProgressOver: '8s',
  noProgressFor: '8s',
  etaOver: '60s',
  critical: '5s',
  heartbeatsOver: '30s',
  oldWindowSeconds: 30,
  failuresOver: '20s',
};

export const CUSTOMERS = ['ash', 'birch', 'cedar', 'elm'];
/** Longer than any fault takes to show. */
export const RANGE = { start: '2025-01-01', end: '2026-01-01' };
const PATIENCE_MS = 120_000;
const CRITICAL_SESSIONS = 30;
const WINDOW_MS = 400;
/** Longer than the alerts look at, so that windows whose worker was killed are not silent for most of it. */
const HEARTBEAT_MS = 120_000;
const VERIFY_SECONDS = 5;

/** A customer's id or `*`, a kind of fault of the reference ingestion, and its parameters. */
export type Rule = readonly [customer: string, kind: FaultKind, parameters?: FaultParameters];

export class Lab {
  private runs = 0;
  private server: ManagedProcess | undefined;
  /** What fires now, or may fire soon. */
  activeAlerts!: () => Promise<ActiveAlert[]>;
  readonly secondWorker: SecondWorker;

  private constructor(
    readonly stack: Stack,
    private readonly directory: string,
    private readonly ports: { server: number; prometheus: number; worker: number },
    secondWorker: string,
  ) {
    this.secondWorker = new SecondWorker(stack, secondWorker, (what, isSo) => this.until(what, isSo));
  }

  static async start(): Promise<Lab> {
    const ports = { server: await freePort(), prometheus: await freePort(), worker: await freePort() };
    const secondWorker = `127.0.0.1:${await freePort()}`;
    const directory = await temporaryDirectory('alerts');
    const verifier = randomUUID();
    const stack = await startStack({
      environment: (url) => ({
        BACKFILL_METRICS_ADDRESS: `127.0.0.1:${ports.worker}`,
        BACKFILL_PROBE_URL: url,
        BACKFILL_VERIFY_URL: urlForRole(url, 'backfill_verifier', verifier),
        BACKFILL_VERIFY_SQL_FILE: join(directory, 'verify.sql'),
        BACKFILL_VERIFY_SECONDS: String(VERIFY_SECONDS),
        REFERENCE_CONCURRENCY: '16',
      }),
    });
    const lab = new Lab(stack, directory, ports, secondWorker);
    const url = stack.database.options.connectionString!;
    await setPassword(url, 'backfill_verifier', verifier);
    await loadFleet(url, {
      customers: CUSTOMERS.map((id) => ({ cluster: 'lab', id, conversations: 1_500 })),
      range: RANGE,
      seed: 1,
    });
    await lab.faults();
    await (await lab.slowCount())();
    const { address } = (stack.client.connection as Connection).options;
    await lab.write('fleet.yaml', `clusters: { lab: { address: "${address}" } }\n`);
    await lab.write('token', randomBytes(24).toString('hex'));
    await lab.startServer();
    lab.activeAlerts = await startPrometheus({
      directory,
      port: ports.prometheus,
      rules: rulesYaml(LAB_LIMITS),
      server: `127.0.0.1:${ports.server}`,
      tokenFile: lab.path('token'),
      workers: [`127.0.0.1:${ports.worker}`, secondWorker],
    });
    await lab.until('Prometheus answers', () =>
      lab.activeAlerts().then(
        () => true,
        () => false,
      ),
    );
    return lab;
  }

  private async write(name: string, text: string): Promise<void> {
    await writeFile(this.path(name), text);
  }

  private readonly path = (name: string): string => join(this.directory, name);

  async startServer(): Promise<void> {
    const port = String(this.ports.server);
    const args = ['serve', '--fleet', this.path('fleet.yaml'), '--port', port, '--token-file', this.path('token')];
    this.server = await spawnManaged('serve', process.execPath, [COMMAND, ...args], {
      logFile: this.path('serve.log'),
    });
  }

  async killServer(): Promise<() => Promise<void>> {
    await this.server?.kill();
    return () => this.startServer();
  }

  /** Starts a run, and ends the one before. */
  async startRun(more: object = {}, heartbeatTimeoutMs = HEARTBEAT_MS): Promise<void> {
    await this.endRun();
    this.runs++;
    const { client } = this.stack;
    const quick = { backoff: '200ms', maxBackoff: '1s' };
    const input = {
      customers: CUSTOMERS,
      ...RANGE,
      cluster: 'lab',
      parallelism: 4,
      probe: { maxLoad: { activeSessions: 20 }, criticalLoad: { activeSessions: 25 }, every: '1s' },
      breaker: { windows: 8 },
      retry: { contention: { ...quick, attempts: 2 } },
      child: {
        input: [
          {
            customerId: '$' + '{customerId}',
            startTime: '$' + '{startTime}',
            endTime: '$' + '{endTime}',
            options: { heartbeatTimeoutMs },
          },
        ],
      },
      ...more,
    };
    await client.workflow.start('backfillScorecards', {
      workflowId: this.workflowId,
      taskQueue: 'backfill-scorecards',
      args: [input],
    });
  }

  private get workflowId(): string {
    return `backfillscorecards-lab-2025-01-01--2025-12-${String(this.runs).padStart(2, '0')}`;
  }

  private async endRun(): Promise<void> {
    const { client } = this.stack;
    await client.workflow
      .getHandle(this.workflowId)
      .terminate('the lab')
      .catch(() => {});
    for await (const { workflowId } of client.workflow.list({ query: 'CloseTime IS NULL' })) {
      await client.workflow
        .getHandle(workflowId)
        .terminate('the lab')
        .catch(() => {});
    }
  }

  progress(): Promise<Progress> {
    return this.stack.client.workflow.getHandle(this.workflowId).query<Progress>('progress');
  }

  /** What windows do from now on; the first rule that applies counts. @returns what takes it back */
  async faults(...rules: readonly Rule[]): Promise<() => Promise<void>> {
    const { database } = this.stack;
    await database.query('DELETE FROM reference.faults');
    const usual: Rule = ['*', 'slow', { milliseconds: WINDOW_MS }];
    for (const [customer, kind, parameters = {}] of [...rules, usual]) {
      await database.query('INSERT INTO reference.faults (customer_id, kind, parameters) VALUES ($1, $2, $3)', [
        customer,
        kind,
        parameters,
      ]);
    }
    return async () => {
      if (rules.length > 0) await this.faults();
    };
  }

  /** The statement that counts takes longer than it may from now on. @returns what takes it back */
  async slowCount(): Promise<() => Promise<void>> {
    const sql = await readFile(VERIFY_SQL, 'utf8');
    await this.write('verify.sql', sql.replace('FROM unnest', `FROM pg_sleep(${2 * VERIFY_SECONDS}), unnest`));
    return () => this.write('verify.sql', sql);
  }

  /** Load on the database that is not the run's. @returns what ends it */
  async load(): Promise<() => Promise<void>> {
    const { Pool } = (await import('pg')).default;
    const pool = new Pool({ connectionString: this.stack.database.options.connectionString!, max: CRITICAL_SESSIONS });
    const ended = Promise.allSettled(
      Array.from({ length: CRITICAL_SESSIONS }, () => pool.query('SELECT pg_sleep(600)')),
    );
    return async () => {
      await this.stack.database.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'",
      );
      await ended;
      await pool.end();
    };
  }

  /** Types a line of the runbook. @returns what it prints, whether or not all is well */
  type(line: string): Promise<string> {
    const { NO_COLOR: _, ...env } = process.env;
    const program = `'${process.execPath}' '${COMMAND}' --fleet '${this.path('fleet.yaml')}'`;
    const script = `backfill() { ${program} "$@"; }\n${line}`;
    return new Promise((resolve) => {
      execFile('sh', ['-c', script], { env: { ...env, COLUMNS: '160' } }, (_error, stdout, stderr) =>
        resolve(stripVTControlCharacters(`${stdout}\n${stderr}`)),
      );
    });
  }

  async until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(250)) if (await isSo()) return;
    throw new Error(
      `not within ${PATIENCE_MS / 1_000} s: ${what}; near: ${(await this.activeAlerts()).map(({ name }) => name)}`,
    );
  }

  /** Ends the run, and waits until no alert fires or is near. */
  async settled(): Promise<void> {
    await this.endRun();
    await this.until('no alert is near', async () => (await this.activeAlerts()).length === 0);
  }

  stop(): Promise<void> {
    return this.stack.stop();
  }
}
