/** The real parts: a Temporal server, a PostgreSQL with the fleet, and a worker of each kind, all thrown away. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import type pg from 'pg';
import { type ManagedProcess, spawnManaged } from '../../../../src/processes/managed-process.js';
import { type CompletenessReport, completeness } from '../../../../src/reference-ingestion/completeness.js';
import { withClient } from '../../../../src/reference-ingestion/database.js';
import { loadFleet } from '../../../../src/reference-ingestion/load-fleet.js';
import { migrate } from '../../../../src/reference-ingestion/migrate.js';
import { setPassword, urlForRole } from '../../../../src/reference-ingestion/roles.js';
import { startPostgres } from '../../../dev/postgres.js';
import { temporaryDirectory } from '../../../dev/processes.js';
import { startTemporalServer, type TemporalServer } from '../../../dev/temporal-server.js';
import type { Scenario } from './fleet.js';
import { LIVE_METRICS, LiveLoad } from './live-load.js';

const PROJECT = fileURLToPath(new URL('../../../../', import.meta.url));
/** More than the widest procedure has in flight. */
const CONCURRENCY = 64;
/** What a window writes. */
const WRITTEN = 'scorecards, agent_daily, agent_monthly';

export class Stack {
  private workers: ManagedProcess[] = [];

  private constructor(
    readonly scenario: Scenario,
    readonly client: Client,
    readonly databaseUrl: string,
    private readonly temporal: TemporalServer,
    private readonly reindexerUrl: string,
    private readonly readerUrl: string,
    private readonly logs: string,
  ) {}

  static async start(scenario: Scenario): Promise<Stack> {
    const logs = await temporaryDirectory('bench');
    const [temporal, postgres] = await Promise.all([startTemporalServer(), startPostgres()]);
    const { url } = postgres;
    await migrate(url);
    const passwords = { reindexer: randomBytes(12).toString('hex'), backfill_reader: randomBytes(12).toString('hex') };
    await setPassword(url, 'reindexer', passwords.reindexer);
    await setPassword(url, 'backfill_reader', passwords.backfill_reader);
    await loadFleet(url, { customers: scenario.customers, range: scenario.range });
    await withClient(url, async (client) => {
      await learnStatistics(client);
      await LiveLoad.prepare(client);
    });
    const connection = await Connection.connect({ address: temporal.address });
    const client = new Client({ connection, namespace: temporal.namespace });
    const role = (name: keyof typeof passwords) => urlForRole(url, name, passwords[name]);
    return new Stack(scenario, client, url, temporal, role('reindexer'), role('backfill_reader'), logs);
  }

  /**
   * Gives each agent the conversations of one day, so that windows of different days share no row of `agent_monthly`. The
   * days' own rows are as many as before, and so is the work.
   */
  async separateDays(): Promise<void> {
    await withClient(this.databaseUrl, async (client) => {
      await client.query(
        `UPDATE conversations SET agent_id = agent_id || to_char(started_at AT TIME ZONE 'UTC', '"-day-"DD')`,
      );
      await client.query('VACUUM ANALYZE conversations');
      await learnStatistics(client);
    });
  }

  /** No scorecard, no aggregate, and workers without a past. */
  async fresh(): Promise<void> {
    await this.stopWorkers();
    await withClient(this.databaseUrl, async (client) => {
      await client.query(`TRUNCATE ${WRITTEN}, reference.window_executions`);
      await client.query('CHECKPOINT');
    });
    // A profile of the person who runs this may be for another server.
    const profile = join(this.logs, 'temporal.toml');
    await writeFile(profile, '[profile.default]\n');
    const queries = join(this.logs, 'queries.json');
    await writeFile(queries, JSON.stringify(LIVE_METRICS));
    const { PATH } = process.env;
    const { address, namespace } = this.temporal;
    const common = { PATH, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace, TEMPORAL_CONFIG_FILE: profile };
    this.workers = [
      await this.worker('worker', {
        ...common,
        BACKFILL_PROBE_URL: this.readerUrl,
        BACKFILL_PROBE_QUERIES_FILE: queries,
      }),
      await this.worker('reference-ingestion/worker', {
        ...common,
        REINDEXER_DATABASE_URL: this.reindexerUrl,
        REFERENCE_CONCURRENCY: String(CONCURRENCY),
        LOG_LEVEL: 'error',
      }),
    ];
  }

  /** Also makes the database count what its sessions have not reported yet: they report as they end. */
  async stopWorkers(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.stop()));
    this.workers = [];
  }

  /** Deadlocks since the server started. */
  async deadlocks(): Promise<number> {
    return withClient(this.databaseUrl, async (client) => {
      const { rows } = await client.query<{ deadlocks: string }>(
        'SELECT sum(deadlocks) AS deadlocks FROM pg_stat_database',
      );
      return Number(rows[0]!.deadlocks);
    });
  }

  /** The most windows that each customer had at work at once. */
  async writers(): Promise<{ customer: string; most: number }[]> {
    return withClient(this.databaseUrl, async (client) => {
      const { rows } = await client.query<{ customer: string; most: number }>(
        `SELECT customer, max(writers)::integer AS most FROM (
           SELECT a.customer_id AS customer, count(*) AS writers
           FROM reference.window_executions a JOIN reference.window_executions b
             ON b.customer_id = a.customer_id AND b.started_at <= a.started_at AND b.ended_at > a.started_at
           GROUP BY a.workflow_id, a.run_id, a.customer_id
         ) counted GROUP BY customer ORDER BY most DESC, customer`,
      );
      return rows;
    });
  }

  completeness(): Promise<CompletenessReport> {
    return withClient(this.databaseUrl, (client) => completeness(client, this.scenario.range));
  }

  private worker(name: string, env: NodeJS.ProcessEnv): Promise<ManagedProcess> {
    const logFile = join(this.logs, `${name.replace('/', '-')}.log`);
    return spawnManaged(name, process.execPath, [join(PROJECT, 'dist', `${name}.js`)], { cwd: PROJECT, env, logFile });
  }
}

/**
 * Gives the tables the statistics of a full month, as those of a database in use have. With the statistics of empty tables the worker's sessions
 * scan whole tables until autovacuum renews them: up to a minute, or half of a run.
 */
async function learnStatistics(client: pg.Client): Promise<void> {
  await client.query(`TRUNCATE ${WRITTEN}`);
  await client.query(
    `INSERT INTO scorecards (customer_id, conversation_id, conversation_revision, rubric_version, agent_id, started_at, score, criteria)
     SELECT customer_id, id, revision, 1, agent_id, started_at, 50, '{}' FROM conversations`,
  );
  await client.query(
    'INSERT INTO agent_daily (customer_id, agent_id, day) SELECT DISTINCT customer_id, agent_id, day FROM scorecards',
  );
  await client.query(
    `INSERT INTO agent_monthly (customer_id, agent_id, month)
     SELECT DISTINCT customer_id, agent_id, date_trunc('month', day) FROM agent_daily`,
  );
  await client.query(`ANALYZE ${WRITTEN}`);
}
