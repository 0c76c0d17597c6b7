/** Every real part with a real Prometheus, so that a fault can be seen to make an alert fire. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';
import type { Connection } from '@temporalio/client';
import type { Limits } from '../../../deploy/monitoring/alert.js';
import { rulesYaml } from '../../../deploy/monitoring/rules.js';
import type { Progress } from '../../../src/backfill/views/progress.js';
import { freePort } from '../../../src/fleet/free-port.js';
import { type ManagedProcess, spawnManaged } from '../../../src/processes/managed-process.js';
import { loadFleet } from '../../../src/reference-ingestion/load-fleet.js';
import { temporaryDirectory } from '../../dev/processes.js';
import { type Stack, startStack } from '../chaos/stack.js';

const command = fileURLToPath(new URL('../../../dist/cli/backfill.js', import.meta.url));

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
  heartbeatsOver: '60s',
  oldWindowSeconds: 30,
  failuresOver: '20s',
};

export const CUSTOMERS = ['ash', 'birch', 'cedar', 'elm'];
/** Longer than any fault takes to show. */
const RANGE = { start: '2025-01-01', end: '2026-01-01' };
const PATIENCE_MS = 120_000;
const CRITICAL_SESSIONS = 30;
const WINDOW_MS = 400;

export class Lab {
  private runs = 0;
  private server: ManagedProcess | undefined;

  private constructor(
    readonly stack: Stack,
    private readonly directory: string,
    private readonly ports: { server: number; prometheus: number; worker: number },
  ) {}

  static async start(): Promise<Lab> {
    const ports = { server: await freePort(), prometheus: await freePort(), worker: await freePort() };
    const stack = await startStack({
      environment: (url) => ({
        BACKFILL_METRICS_ADDRESS: `127.0.0.1:${ports.worker}`,
        BACKFILL_PROBE_URL: url,
        REFERENCE_CONCURRENCY: '16',
      }),
    });
    const lab = new Lab(stack, await temporaryDirectory('alerts'), ports);
    const url = stack.database.options.connectionString!;
    await loadFleet(url, {
      customers: CUSTOMERS.map((id) => ({ cluster: 'lab', id, conversations: 1_500 })),
      range: RANGE,
      seed: 1,
    });
    await stack.database.query(
      "INSERT INTO reference.faults (customer_id, kind, parameters) VALUES ('*', 'slow', $1)",
      [{ milliseconds: WINDOW_MS }],
    );
    const { address } = (stack.client.connection as Connection).options;
    await lab.write('fleet.yaml', `clusters: { lab: { address: "${address}" } }\n`);
    await lab.write('token', randomBytes(24).toString('hex'));
    await lab.startServer();
    await lab.startPrometheus();
    return lab;
  }

  private async write(name: string, text: string): Promise<void> {
    await writeFile(this.path(name), text);
  }

  private readonly path = (name: string): string => join(this.directory, name);

  async startServer(): Promise<void> {
    const { server } = this.ports;
    const args = [command, 'serve', '--fleet', this.path('fleet.yaml'), '--port', String(server)];
    this.server = await spawnManaged('serve', process.execPath, [...args, '--token-file', this.path('token')], {
      logFile: this.path('serve.log'),
    });
  }

  async killServer(): Promise<() => Promise<void>> {
    await this.server?.kill();
    return () => this.startServer();
  }

  private async startPrometheus(): Promise<void> {
    const { server, worker, prometheus } = this.ports;
    await this.write('rules.yaml', rulesYaml(LAB_LIMITS));
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: ['rules.yaml'],
      scrape_configs: [
        {
          job_name: 'backfill-serve',
          authorization: { credentials_file: this.path('token') },
          static_configs: [{ targets: [`127.0.0.1:${server}`] }],
        },
        { job_name: 'backfill-worker', static_configs: [{ targets: [`127.0.0.1:${worker}`] }] },
      ],
    };
    await this.write('prometheus.yaml', JSON.stringify(config));
    await spawnManaged(
      'prometheus',
      'prometheus',
      [
        `--config.file=${this.path('prometheus.yaml')}`,
        `--storage.tsdb.path=${this.path('tsdb')}`,
        `--web.listen-address=127.0.0.1:${prometheus}`,
      ],
      { logFile: this.path('prometheus.log') },
    );
    await this.until('Prometheus answers', () =>
      this.alerts().then(
        () => true,
        () => false,
      ),
    );
  }

  /** What fires now, by the alert's name; with `pending`, also what may fire soon. */
  async alerts({ pending = false } = {}): Promise<string[]> {
    const response = await fetch(`http://127.0.0.1:${this.ports.prometheus}/api/v1/alerts`);
    const { data } = (await response.json()) as {
      data: { alerts: { state: string; labels: { alertname: string } }[] };
    };
    const counting = data.alerts.filter(({ state }) => pending || state === 'firing');
    return [...new Set(counting.map(({ labels }) => labels.alertname))];
  }

  /** Starts a run, and ends the one before. */
  async startRun(more: object = {}): Promise<void> {
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
            // A worker that is killed leaves its windows silent for less than the alerts look at.
            options: { heartbeatTimeoutMs: 120_000 },
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

  /** A failure of windows from now on. @returns what takes it back */
  async fault(customer: string, kind: string): Promise<() => Promise<void>> {
    const { database } = this.stack;
    const insert = 'INSERT INTO reference.faults (customer_id, kind, parameters) VALUES ($1, $2, $3) RETURNING id';
    const { rows } = await database.query(insert, [customer, kind, {}]);
    // The first row that applies counts, so the fault stands before what slows all windows down.
    await database.query("DELETE FROM reference.faults WHERE kind = 'slow'");
    await database.query(insert, ['*', 'slow', { milliseconds: WINDOW_MS }]);
    return async () => {
      await database.query('DELETE FROM reference.faults WHERE id = $1', [rows[0].id]);
    };
  }

  /** Every window takes so long from now on. @returns what takes it back */
  async slowDown(milliseconds: number): Promise<() => Promise<void>> {
    const take = (ms: number) =>
      this.stack.database.query("UPDATE reference.faults SET parameters = $1 WHERE kind = 'slow'", [
        { milliseconds: ms },
      ]);
    await take(milliseconds);
    return async () => {
      await take(WINDOW_MS);
    };
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

  /** What a command of `backfill` prints, whether or not all is well. */
  async backfill(args: readonly string[]): Promise<string> {
    const { NO_COLOR: _, ...env } = process.env;
    const call = promisify(execFile)(process.execPath, [command, '--fleet', this.path('fleet.yaml'), ...args], {
      env: { ...env, COLUMNS: '160' },
    });
    const { stdout, stderr } = await call.catch((error: { stdout: string; stderr: string }) => error);
    return stripVTControlCharacters(`${stdout}\n${stderr}`);
  }

  async until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(250)) if (await isSo()) return;
    throw new Error(`not within ${PATIENCE_MS / 1_000} s: ${what}; near: ${await this.alerts({ pending: true })}`);
  }

  /** Ends the run, and waits until no alert fires or is near. */
  async settled(): Promise<void> {
    await this.endRun();
    await this.until('no alert is near', async () => (await this.alerts({ pending: true })).length === 0);
  }

  stop(): Promise<void> {
    return this.stack.stop();
  }
}
