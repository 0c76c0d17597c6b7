import pg from 'pg';
import { explainTrouble, isSqlState } from '../database-trouble.js';
import type { Look } from './levels.js';
import { type Ask, METRICS, type Memory, NoValue, ownMetrics } from './metrics.js';

const SECONDS = 5;
const LIMIT_MS = SECONDS * 1_000;

export interface ProbedDatabaseOptions {
  url: string;
  /** A JSON file with the operators' own metrics. */
  queriesFile: string | undefined;
  memory: Memory;
}

/**
 * One read-only connection, kept from look to look: a server that has no connection left for others still answers this
 * one. Made again after any failure. Nothing that it says holds the connection string or a part of it.
 */
export class ProbedDatabase {
  private client: pg.Client | undefined;

  constructor(private readonly options: ProbedDatabaseOptions) {}

  /** The values of these metrics, each asked in a transaction of its own. Never throws; every wait is limited. */
  async look(metrics: readonly string[]): Promise<Look> {
    const values: Record<string, number> = {};
    const missing: Record<string, string> = {};
    try {
      const known = { ...METRICS, ...(await ownMetrics(this.options.queriesFile)) };
      const client = await this.connected();
      for (const name of metrics) {
        try {
          if (!Object.hasOwn(known, name))
            throw new NoValue(`it is not known; known are ${Object.keys(known).join(', ')}`);
          values[name] = await known[name]!(asker(client), this.options.memory);
        } catch (error) {
          if (isLost(error)) throw error;
          missing[name] = `${name}: ${this.explain(error)}`;
        }
      }
      return { values, missing };
    } catch (error) {
      this.close();
      return { unknown: this.explain(error) };
    }
  }

  /** Gives the connection back without waiting for the server. */
  close(): void {
    this.client?.end().catch(() => {});
    this.client = undefined;
  }

  private async connected(): Promise<pg.Client> {
    if (this.client) return this.client;
    const client = new pg.Client({
      connectionString: this.options.url,
      application_name: 'backfill-scorecards probe',
      options: '-c default_transaction_read_only=on',
      connectionTimeoutMillis: LIMIT_MS,
      statement_timeout: LIMIT_MS,
      // A server or network that has gone silent; a little later, so that a slow statement is the server's to end.
      query_timeout: LIMIT_MS + 1_000,
    });
    // A connection that breaks between two looks shows in the next look; unheard, the event would end the process.
    client.on('error', () => {});
    // Known to `close` from the start: a connection that is still being made has to be given back as well.
    this.client = client;
    await client.connect();
    return client;
  }

  private explain(error: unknown): string {
    if (error instanceof NoValue) return error.message;
    return explainTrouble(error, { url: this.options.url, whose: "the probe's", seconds: SECONDS });
  }
}

/** Whether the error says something about the connection or the server, and not about one query. */
function isLost(error: unknown): boolean {
  if (error instanceof NoValue) return false;
  const { code } = error as { code?: unknown };
  if (!isSqlState(code)) return true;
  return code !== '57014' && /^(08|53|57)/.test(code);
}

function asker(client: pg.Client): Ask {
  return async (sql) => {
    await client.query('BEGIN READ ONLY');
    try {
      // The extended protocol takes one statement only: SQL from a file can't leave the transaction it is put in.
      const query: pg.QueryConfig & { queryMode: 'extended' } = { text: sql, queryMode: 'extended' };
      return (await client.query<Record<string, unknown>>(query)).rows;
    } finally {
      await client.query('ROLLBACK').catch(() => {});
    }
  };
}
