import pg from 'pg';
import type { Look } from './levels.js';
import { type Ask, METRICS, type Memory, NoValue, ownMetrics } from './metrics.js';

const SECONDS = 5;
const LIMIT_MS = SECONDS * 1_000;

/** The variable of a cluster, `us-west-2-prod`: `BACKFILL_PROBE_URL_US_WEST_2_PROD`. */
export const variableOf = (cluster: string): string =>
  `BACKFILL_PROBE_URL_${cluster.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;

/** The connection string of a cluster's database, from the worker's environment. */
export function urlOf(cluster: string | undefined, environment: NodeJS.ProcessEnv): string | undefined {
  return (cluster && environment[variableOf(cluster)]) || environment.BACKFILL_PROBE_URL || undefined;
}

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

  /** What went wrong, in words without secrets: what drivers and servers say may hold hosts, users or more. */
  private explain(error: unknown): string {
    if (error instanceof NoValue) return error.message;
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (typeof code !== 'string') return /time-?out/i.test(String(message)) ? SILENT : 'it can not be reached';
    const reason = REASONS[code];
    if (reason) return reason;
    if (!isSqlState(code)) return `it can not be reached (${code})`;
    return `the query failed (${code}): ${this.withoutSecrets(String(message))}`;
  }

  private withoutSecrets(message: string): string {
    const parts = URL.canParse(this.options.url) ? new URL(this.options.url) : undefined;
    const secrets = [this.options.url, parts?.password, parts?.username, parts?.host, parts?.hostname].flatMap(
      (part) => (part ? [part, decoded(part)] : []),
    );
    return secrets.reduce((text, secret) => text.replaceAll(secret, '…'), message).slice(0, 200);
  }
}

const SILENT = `no answer within ${SECONDS} s`;
const REASONS: Record<string, string> = {
  '28000': "it refuses the probe's user",
  '28P01': "it refuses the probe's password",
  '3D000': 'there is no database of the name in the connection string',
  '53300': 'it has no connection left',
  '57014': `a query took longer than ${SECONDS} s`,
  '57P01': 'it is shutting down',
  '57P03': 'it is starting up or shutting down',
  ECONNREFUSED: 'it refuses connections',
  ECONNRESET: 'the connection broke',
  ENOTFOUND: 'its host name is not known',
  ETIMEDOUT: SILENT,
  ERR_INVALID_URL: 'the connection string is not a postgresql:// URL',
};

const isSqlState = (code: string) => /^[0-9A-Z]{5}$/.test(code);

/** Whether the error says something about the connection or the server, and not about one query. */
function isLost(error: unknown): boolean {
  if (error instanceof NoValue) return false;
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string' || !isSqlState(code)) return true;
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

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
