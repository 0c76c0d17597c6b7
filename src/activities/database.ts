import { Socket } from 'node:net';
import { ApplicationFailure, type Context } from '@temporalio/activity';
import pg from 'pg';
import { type DatabaseTrouble, troubleOf, withoutSecrets } from './database-trouble.js';

export interface DatabaseOptions {
  url: string;
  /** Whose connection it is: its name in `pg_stat_activity`, and in what is said about it. */
  purpose: 'directory' | 'verify' | 'probe';
  /** How long a statement may take. */
  seconds: number;
  /** Of the activity that reads; without one, a person does, in a terminal. */
  context?: Context | undefined;
}

/** All values as the server writes them: a date would become an instant in this machine's time zone. */
export type Row = Record<string, string | null>;

/** The extended protocol takes no more: SQL from elsewhere can't leave the transaction that it is put in. */
const ONE_STATEMENT = { queryMode: 'extended' };

const MOST_CONNECTING_SECONDS = 10;
const FAREWELL_MS = 1_000;

/**
 * The one way to open a database: read-only, every wait limited, UTC. What it throws is a {@link DatabaseTrouble}, and
 * holds nothing that the driver or the server said. Opened at the first statement, and again after it was lost.
 *
 * No setting is a start-up parameter, since PgBouncer refuses those that it does not know; each is one of the
 * transaction, so that any of the sessions that a pooler lends has it.
 */
export class Database {
  private open: { client: pg.Client; socket: Socket } | undefined;
  private closed = false;
  private logged: string | undefined;

  constructor(private readonly options: DatabaseOptions) {}

  /** What one statement answers, in a transaction of its own. */
  async read(sql: string, parameters: unknown[] = []): Promise<pg.QueryResult<Row>> {
    try {
      const client = await this.connected();
      await client.query(this.begin);
      const answer = await client.query<Row>({ ...ONE_STATEMENT, text: sql, values: parameters });
      await client.query('ROLLBACK');
      return answer;
    } catch (error) {
      this.log(error);
      const trouble = troubleOf(error, this.options);
      if (trouble.kind.lost) this.drop();
      else await this.open?.client.query('ROLLBACK').catch(() => this.drop());
      throw trouble;
    }
  }

  /** Gives the connection back without waiting for the server, also one that is still being made. */
  close(): void {
    this.closed = true;
    this.drop();
  }

  private async connected(): Promise<pg.Client> {
    if (this.closed) throw new Error('the connection was given back');
    if (this.open) return this.open.client;
    const { url, purpose, seconds } = this.options;
    const socket = new Socket();
    const client = new pg.Client({
      connectionString: url,
      application_name: `backfill-scorecards ${purpose}`,
      connectionTimeoutMillis: Math.min(seconds, MOST_CONNECTING_SECONDS) * 1_000,
      // A server or network that has gone silent; a little later, so that a slow statement is the server's to end.
      query_timeout: (seconds + 1) * 1_000,
      types: { getTypeParser: () => (text: string) => text },
      stream: () => socket,
    });
    // A connection that breaks shows in the next statement; unheard, the event would end the process.
    client.on('error', () => {});
    this.open = { client, socket };
    await client.connect();
    return client;
  }

  /** Where the server can notice it (since 14, not on Windows), a statement ends soon after its reader has gone. */
  private get begin(): string {
    return `BEGIN READ ONLY;
      SET LOCAL statement_timeout = ${Math.round(this.options.seconds * 1_000)};
      SET LOCAL TIME ZONE 'UTC';
      SELECT set_config('client_connection_check_interval', '2s', true)
      WHERE version() ~ 'linux|darwin' AND current_setting('client_connection_check_interval', true) IS NOT NULL`;
  }

  private drop(): void {
    if (!this.open) return;
    const { client, socket } = this.open;
    this.open = undefined;
    client.end().catch(() => {});
    // A network that has gone silent does not answer the farewell, and the socket would stay open.
    setTimeout(() => socket.destroy(), FAREWELL_MS).unref();
  }

  /** Once, and not at every look. */
  private log(error: unknown): void {
    if (!(error instanceof pg.DatabaseError) || error.message === this.logged) return;
    this.logged = error.message;
    const { url, purpose, context } = this.options;
    const said = { code: error.code, message: withoutSecrets(error.message, url) };
    context?.log.warn(`the ${purpose} database refuses a statement or a connection`, said);
  }
}

/**
 * What one statement answers, on a connection of its own, which is given back at once when the activity is cancelled or
 * has timed out.
 *
 * @throws ApplicationFailure of type `DirectoryInvalid`, `VerifyInvalid`, non-retryable, for what another try would find again,
 *   a statement that was too slow twice included; else retryable, `DirectoryFailed`, `VerifyFailed` or `Interrupted`
 */
export async function readOnce(
  options: DatabaseOptions & { purpose: 'directory' | 'verify' },
  sql: string,
  parameters: unknown[],
): Promise<pg.QueryResult<Row>> {
  const { purpose, context } = options;
  const type = { directory: 'Directory', verify: 'Verify' }[purpose];
  const database = new Database(options);
  const reading = database.read(sql, parameters).catch((trouble: DatabaseTrouble) => {
    const message = `the ${purpose} database: ${trouble.message}`;
    // A database need not bear more than twice what takes too long.
    const { lasting, tooSlow } = trouble.kind;
    throw lasting || (tooSlow && context && context.info.attempt > 1)
      ? ApplicationFailure.nonRetryable(message, `${type}Invalid`)
      : ApplicationFailure.retryable(message, `${type}Failed`);
  });
  try {
    return await (context ? unlessCancelled(reading, context) : reading);
  } finally {
    database.close();
  }
}

/** Rejects as soon as the activity is cancelled: the run is over or no longer waits, or this worker shuts down, and another one does it. */
export async function unlessCancelled<T>(work: Promise<T>, { cancelled }: Context): Promise<T> {
  const interrupted = cancelled.catch(() => {
    throw ApplicationFailure.retryable('nobody waits for this here any more', 'Interrupted');
  });
  return Promise.race([work, interrupted]);
}
