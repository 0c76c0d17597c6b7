import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { percentile } from '../statistics.js';

const SESSIONS = 4;
const PAUSE_MS = 20;
const ACCOUNTS = 10_000;
/** Its own account of how it fares covers so many seconds. */
const RECENT_SECONDS = 5;

/** Own metrics of the probe (docs/input.md): what the live load says of itself. */
export const LIVE_METRICS = { liveP99Ms: 'SELECT p99_ms FROM live_latency' };

/**
 * What the database's users do meanwhile: short transactions that read a conversation and write a row of their own. As a service does,
 * it keeps account of its latest latencies, in a table that {@link LIVE_METRICS} reads.
 */
export class LiveLoad {
  private readonly latencies: number[] = [];
  private readonly working: Promise<unknown>;
  private stopped = false;
  /** How many of its latencies are not measured. */
  private unsettled = 0;

  private constructor(private readonly databaseUrl: string) {
    const sessions = Array.from({ length: SESSIONS }, (_, session) => this.work(session));
    this.working = Promise.all([...sessions, this.account()]);
    // Reported by stop.
    this.working.catch(() => {});
  }

  /** One that has been at work for as long as its own account covers, since its start is not what follows; it measures from then on. */
  static async settled(databaseUrl: string): Promise<LiveLoad> {
    const load = new LiveLoad(databaseUrl);
    await sleep(RECENT_SECONDS * 1_000);
    load.unsettled = load.latencies.length;
    return load;
  }

  static async prepare(client: pg.Client): Promise<void> {
    await client.query('CREATE TABLE live_accounts (id integer PRIMARY KEY, uses integer NOT NULL)');
    await client.query('INSERT INTO live_accounts SELECT generate_series(1, $1::integer), 0', [ACCOUNTS]);
    await client.query('CREATE TABLE live_latency (p99_ms double precision NOT NULL)');
    await client.query('INSERT INTO live_latency VALUES (0)');
    await client.query('GRANT SELECT ON live_latency TO backfill_reader');
  }

  /** The 99th percentile of its transactions, in ms. */
  async stop(): Promise<number> {
    this.stopped = true;
    await this.working;
    return percentile(this.latencies.slice(this.unsettled), 0.99);
  }

  private async connected(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.databaseUrl, application_name: 'bench live load' });
    // The statement under way fails of the same cause.
    client.on('error', () => {});
    await client.connect();
    return client;
  }

  private async account(): Promise<void> {
    const client = await this.connected();
    const counts: number[] = [];
    while (!this.stopped) {
      const latest = this.latencies.slice(counts.at(-RECENT_SECONDS) ?? 0);
      counts.push(this.latencies.length);
      await client.query('UPDATE live_latency SET p99_ms = $1', [latest.length > 0 ? percentile(latest, 0.99) : 0]);
      await sleep(1_000);
    }
    await client.end();
  }

  private async work(session: number): Promise<void> {
    const client = await this.connected();
    const { rows } = await client.query<{ customer: string; id: string }>(
      'SELECT customer_id AS customer, id FROM conversations ORDER BY md5(id) LIMIT 1000',
    );
    for (let i = session; !this.stopped; i += SESSIONS) {
      const { customer, id } = rows[i % rows.length]!;
      const started = performance.now();
      await client.query('BEGIN');
      await client.query(
        `SELECT t.body, s.score FROM turns t LEFT JOIN scorecards s USING (customer_id, conversation_id)
         WHERE customer_id = $1 AND conversation_id = $2`,
        [customer, id],
      );
      await client.query('UPDATE live_accounts SET uses = uses + 1 WHERE id = $1', [1 + ((i * 7_919) % ACCOUNTS)]);
      await client.query('COMMIT');
      this.latencies.push(performance.now() - started);
      await sleep(PAUSE_MS);
    }
    await client.end();
  }
}
