import pg from 'pg';

/** Runs one statement; a pool, a client and a transaction all do. */
export interface Queryable {
  query<Row extends pg.QueryResultRow>(sql: string, parameters?: unknown[]): Promise<pg.QueryResult<Row>>;
}

/** Opens one connection for `body`, and always closes it. */
export async function withClient<T>(databaseUrl: string, body: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'reference-ingestion' });
  await client.connect();
  try {
    return await body(client);
  } finally {
    await client.end();
  }
}

/**
 * A pool that survives restarts of the server: a connection that breaks is reported and replaced.
 *
 * @param onError called for connections that broke; a query on such a connection fails separately
 */
export function createPool(databaseUrl: string, max: number, onError: (error: Error) => void): pg.Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max,
    application_name: 'reference-ingestion',
    connectionTimeoutMillis: 10_000,
  });
  // An 'error' event without a listener ends the process: idle connections report to the pool, used ones do not.
  pool.on('error', onError);
  pool.on('connect', (client) => client.on('error', onError));
  return pool;
}

/** How long a transaction's statements may take, and the signal that cancels them. */
export interface TransactionLimits {
  statementTimeoutMs: number;
  signal: AbortSignal;
}

/**
 * Runs `body` in a transaction: committed when it returns, rolled back when it throws. When the signal is aborted the
 * running statement is cancelled on the server and no further one starts, so that no work continues after a cancel.
 *
 * @throws the signal's reason when it was aborted, else what `body` or the database threw
 */
export async function inTransaction<T>(
  pool: pg.Pool,
  { statementTimeoutMs, signal }: TransactionLimits,
  body: (transaction: Queryable) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const client = await pool.connect();
  let cancelling: Promise<unknown> | undefined;
  let stop: (() => void) | undefined;
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const { rows } = await client.query<{ pid: number }>(
      "SELECT pg_backend_pid() AS pid, set_config('statement_timeout', $1, true)",
      [String(statementTimeoutMs)],
    );
    stop = () => {
      cancelling = pool.query('SELECT pg_cancel_backend($1)', [rows[0]?.pid]).catch(() => undefined);
    };
    signal.addEventListener('abort', stop);
    const result = await body({
      query: async (sql, parameters) => {
        signal.throwIfAborted();
        return await client.query(sql, parameters);
      },
    });
    signal.throwIfAborted();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((rollback: Error) => {
      broken = rollback;
    });
    signal.throwIfAborted();
    throw error;
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
    // A cancel request that is still in flight would hit the next user of this connection.
    await cancelling;
    client.release(broken);
  }
}
