import { Client, Connection, type WorkflowFailedError } from '@temporalio/client';
import { type ActivityFailure, CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import pg from 'pg';
import { startPostgres } from '../../scripts/dev/postgres.js';
import { startTemporalServer } from '../../scripts/dev/temporal-server.js';
import { createIngestionWorker } from '../../src/reference-ingestion/create-worker.js';
import type { FaultKind, FaultParameters, FaultRule } from '../../src/reference-ingestion/faults.js';
import { type LoadOptions, loadFleet } from '../../src/reference-ingestion/load-fleet.js';
import { migrate } from '../../src/reference-ingestion/migrate.js';
import { setPassword, urlForRole } from '../../src/reference-ingestion/roles.js';
import type { WindowOptions, WindowResult } from '../../src/reference-ingestion/window.js';

/** A PostgreSQL with the schema and a small fleet. */
export async function startDatabase(fleet: LoadOptions) {
  const server = await startPostgres();
  await migrate(server.url);
  await setPassword(server.url, 'reindexer', 'reindexer');
  await setPassword(server.url, 'backfill_reader', 'reader');
  await setPassword(server.url, 'backfill_verifier', 'verifier');
  await loadFleet(server.url, fleet);
  const owner = new pg.Pool({ connectionString: server.url, max: 2 });
  owner.on('error', () => undefined);
  return {
    server,
    owner,
    reindexerUrl: urlForRole(server.url, 'reindexer', 'reindexer'),
    readerUrl: urlForRole(server.url, 'backfill_reader', 'reader'),
    verifierUrl: urlForRole(server.url, 'backfill_verifier', 'verifier'),
    async stop() {
      await owner.end();
      await server.stop();
    },
  };
}

export type Database = Awaited<ReturnType<typeof startDatabase>>;

/** The rows that reindexing leaves behind, without the times of writing. */
export async function results({ owner }: Database) {
  const rows = async (sql: string) => (await owner.query(sql)).rows;
  return {
    scorecards: await rows('SELECT * FROM (SELECT * FROM scorecards) s ORDER BY customer_id, conversation_id'),
    daily: await rows('SELECT * FROM agent_daily ORDER BY customer_id, agent_id, day'),
    monthly: await rows('SELECT * FROM agent_monthly ORDER BY customer_id, agent_id, month'),
  };
}

/** Results without the columns that say when something was written. */
export function withoutTimes(found: Awaited<ReturnType<typeof results>>): unknown {
  return JSON.parse(JSON.stringify(found), (key, value) => (/^(scored|refreshed)_at$/.test(key) ? undefined : value));
}

/** A Temporal server and a way to run windows on it. */
export async function startTemporal() {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const server = await startTemporalServer({ namespace: 'ingestion' });
  const connection = await NativeConnection.connect({ address: server.address });
  const clientConnection = await Connection.connect({ address: server.address });
  const client = new Client({ connection: clientConnection, namespace: 'ingestion' });
  const workflowsPath = new URL('../../src/reference-ingestion/workflows/index.ts', import.meta.url).pathname;
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  let counter = 0;

  return {
    server,
    client,
    /** Runs a worker while `body` runs. */
    async withWorker(options: { databaseUrl?: string; faults?: FaultRule[] }, body: () => Promise<void>) {
      const { worker, close } = await createIngestionWorker({
        connection,
        namespace: 'ingestion',
        taskQueue: 'ingestion',
        workflowBundle,
        ...options,
      });
      try {
        await worker.runUntil(body);
      } finally {
        await close();
      }
    },
    /** Starts a window with short time-outs; its workflow id is the same for the same window. */
    async start(customerId: string, from: string, to: string, options: Partial<WindowOptions> = {}, timeout = '1m') {
      counter += 1;
      return await client.workflow.start<(argument: unknown) => Promise<WindowResult>>('reindexconversations', {
        taskQueue: 'ingestion',
        workflowId: `reindexconversations-${customerId}-${counter}`,
        workflowExecutionTimeout: timeout as '1m',
        args: [{ customerId, startTime: instant(from), endTime: instant(to), options }],
      });
    },
    async stop() {
      await clientConnection.close();
      await connection.close();
      await server.stop();
    },
  };
}

export type Temporal = Awaited<ReturnType<typeof startTemporal>>;

function instant(value: string): string {
  return /^\d{4}-\d{2}-\d{2}$/.test(value) ? `${value}T00:00:00Z` : value;
}

/** The failure a parent would see: below the workflow's failure and below the activity's, if there is one. */
export async function failureOf(handle: { result(): Promise<unknown> }): Promise<Error> {
  const failed = await handle.result().then(
    () => undefined,
    (error: WorkflowFailedError) => error,
  );
  if (failed === undefined) throw new Error('expected the window to fail, it completed');
  const cause = failed.cause as Error;
  if (cause instanceof CancelledFailure || cause instanceof TerminatedFailure) return cause;
  return cause.name === 'ActivityFailure' ? ((cause as ActivityFailure).cause as Error) : cause;
}

/** Tells the worker to fail, by a row as tests and demonstrations do. */
export async function addFault(
  { owner }: Database,
  fault: {
    customer: string;
    kind: FaultKind;
    parameters?: FaultParameters;
    covers?: string;
    longerThan?: string;
    first?: number;
    last?: number;
  },
): Promise<void> {
  await owner.query(
    `INSERT INTO reference.faults (customer_id, kind, parameters, covers, longer_than, first_attempt, last_attempt)
     VALUES ($1, $2, $3, $4, $5, coalesce($6, 1), $7)`,
    [fault.customer, fault.kind, fault.parameters ?? {}, fault.covers, fault.longerThan, fault.first, fault.last],
  );
}

/** Asks until the answer is something, for states that arrive by themselves. */
export async function eventually<T>(ask: () => Promise<T | undefined | false>, what: string): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`waited 30 seconds in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
