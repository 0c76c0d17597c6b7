import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { percentile } from '../statistics.js';

const SESSIONS = 4;
const PAUSE_MS = 20;
const ACCOUNTS = 10_000;

/** What the database's users do meanwhile: short transactions that read a conversation and write a row of their own. */
export class LiveLoad {
  private readonly latencies: number[] = [];
  private readonly working: Promise<unknown>;
  private stopped = false;

  constructor(private readonly databaseUrl: string) {
    this.working = Promise.all(Array.from({ length: SESSIONS }, (_, session) => this.work(session)));
    // Reported by stop.
    this.working.catch(() => {});
  }

  static async prepare(client: pg.Client): Promise<void> {
    await client.query('CREATE TABLE live_accounts (id integer PRIMARY KEY, uses integer NOT NULL)');
    await client.query('INSERT INTO live_accounts SELECT generate_series(1, $1::integer), 0', [ACCOUNTS]);
  }

  /** The 99th percentile of its transactions, in ms. */
  async stop(): Promise<number> {
    this.stopped = true;
    await this.working;
    return percentile(this.latencies, 0.99);
  }

  private async work(session: number): Promise<void> {
    const client = new pg.Client({ connectionString: this.databaseUrl, application_name: 'bench live load' });
    // The statement under way fails of the same cause.
    client.on('error', () => {});
    await client.connect();
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
