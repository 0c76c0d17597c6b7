import { Socket } from 'node:net';
import { ApplicationFailure, type Context } from '@temporalio/activity';
import pg from 'pg';
import { type DatabaseTrouble, troubleOf, withoutSecrets } from './database-trouble.js';

export interface DatabaseOptions {
  url: string;
  /** What the connection is for: its name in `pg_stat_activity` and in messages. */
  purpose: 'directory' | 'verify' | 'probe';
  /** How long a statement may take. */
  seconds: number;
  /** Of the activity that reads; undefined in a terminal. */
  context?: Context | undefined;
}

/** All values as the server writes them: a date would become an instant in this machine's time zone. */
export type Row = Record<string, string | null>;

/** The extended protocol allows only one: SQL from elsewhere can't leave the transaction around it. */
const ONE_STATEMENT = { queryMode: 'extended' };

const MOST_CONNECTING_SECONDS = 10;
const CLOSING_MS = 1_000;

/**
 * The only way to a database: read-only, every wait limited, UTC. It throws {@link DatabaseTrouble}, without the messages
 * of the driver or the server. It connects at the first statement, and again after the connection was lost.
 *
 * No setting is a start-up parameter, since PgBouncer refuses those that it does not know; each is set in the transaction,
 * so that it applies in whichever session a pooler assigns.
 */
export class Database {
  private open: { client: pg.Client; socket: Socket } | undefined;
  private closed = false;
  private logged: string | undefined;

  constructor(private readonly options: DatabaseOptions) {}

  /** The result of one statement, in a separate transaction. */
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

  /** Closes the connection without waiting for the server, also while it is still connecting. */
  close(): void {
    this.closed = true;
    this.drop();
  }

  private async connected(): Promise<pg.Client> {
    if (this.closed) throw new Error('the connection was closed');
    if (this.open) return this.open.client;
    const { url, purpose, seconds } = this.options;
    const socket = new Socket();
    const client = new pg.Client({
      connectionString: url,
      application_name: `backfill-scorecards ${purpose}`,
      connectionTimeoutMillis: Math.min(seconds, MOST_CONNECTING_SECONDS) * 1_000,
      // For a server or network that has gone silent; a little later, so that the server ends a slow statement itself.
      query_timeout: (seconds + 1) * 1_000,
      types: { getTypeParser: () => (text: string) => text },
      stream: () => socket,
    });
    // A connection that breaks shows in the next statement; without a listener, the event would end the process.
    client.on('error', () => {});
    this.open = { client, socket };
    await client.connect();
    return client;
  }

  /** Where the server supports it (since 14, not on Windows), a statement ends soon after its client has gone. */
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
    // On a network that has gone silent, the server does not confirm the end, and the socket would stay open.
    setTimeout(() => socket.destroy(), CLOSING_MS).unref();
  }

  /** Logs each message once, not at every statement. */
  private log(error: unknown): void {
    if (!(error instanceof pg.DatabaseError) || error.message === this.logged) return;
    this.logged = error.message;
    const { url, purpose, context } = this.options;
    const said = { code: error.code, message: withoutSecrets(error.message, url) };
    context?.log.warn(`the ${purpose} database refuses a statement or a connection`, said);
  }
}

/**
 * The result of one statement, on a separate connection, which is closed at once when the activity is cancelled or has
 * timed out.
 *
 * @throws ApplicationFailure of type `DirectoryInvalid` or `VerifyInvalid`, non-retryable, where trying again would fail in the
 *   same way, including a statement that was too slow twice; else retryable, `DirectoryFailed`, `VerifyFailed` or `Interrupted`
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
    // A statement that takes too long is tried only twice, to spare the database.
    const { permanent, tooSlow } = trouble.kind;
    throw permanent || (tooSlow && context && context.info.attempt > 1)
      ? ApplicationFailure.nonRetryable(message, `${type}Invalid`)
      : ApplicationFailure.retryable(message, `${type}Failed`);
  });
  try {
    return await (context ? unlessCancelled(reading, context) : reading);
  } finally {
    database.close();
  }
}

/** Rejects as soon as the activity is cancelled: the run has ended or no longer waits, or this worker shuts down and another one takes over. */
export async function unlessCancelled<T>(work: Promise<T>, { cancelled }: Context): Promise<T> {
  const interrupted = cancelled.catch(() => {
    throw ApplicationFailure.retryable('this attempt was cancelled', 'Interrupted');
  });
  return Promise.race([work, interrupted]);
}
