import { readFile } from 'node:fs/promises';
import { ApplicationFailure } from '@temporalio/activity';
import pg from 'pg';
import { z } from 'zod';
import type { DirectoryEntry, DirectoryQuery } from './contract.js';

const SETTINGS =
  'set BACKFILL_DIRECTORY_FILE, or BACKFILL_DIRECTORY_DATABASE_URL with BACKFILL_DIRECTORY_SQL, in the environment of the worker';

const entries = z.array(
  z.union([z.string().transform((id) => ({ id })), z.object({ id: z.string(), conversations: z.number().optional() })]),
);
const fileShape = z.union([entries, z.record(z.string(), entries)]);

/**
 * The customers of a cluster, from where the worker's environment says:
 *
 * - `BACKFILL_DIRECTORY_FILE`: a JSON file, a list of ids or `{id, conversations?}`, or an object of such lists by
 *   cluster.
 * - `BACKFILL_DIRECTORY_DATABASE_URL` and `BACKFILL_DIRECTORY_SQL`: a query with the parameters `$1` cluster, `$2` first
 *   day, `$3` day after the last, that gives the columns `id` and, if it can, `conversations`. It runs read-only.
 */
export async function listCustomers(query: DirectoryQuery, environment: NodeJS.ProcessEnv): Promise<DirectoryEntry[]> {
  const {
    BACKFILL_DIRECTORY_FILE: file,
    BACKFILL_DIRECTORY_DATABASE_URL: url,
    BACKFILL_DIRECTORY_SQL: sql,
  } = environment;
  if (file) return fromFile(file, query);
  if (url && sql) return fromDatabase(url, sql, query);
  throw missing(`customers "all" needs a customer directory; ${SETTINGS}`);
}

const missing = (message: string) => ApplicationFailure.nonRetryable(message, 'DirectoryMissing');

async function fromFile(file: string, { cluster }: DirectoryQuery): Promise<DirectoryEntry[]> {
  const parsed = fileShape.safeParse(await jsonIn(file));
  if (!parsed.success)
    throw missing('the directory file is neither a list of customers nor an object of lists by cluster');
  if (Array.isArray(parsed.data)) return parsed.data as DirectoryEntry[];
  const customers = cluster === undefined || !Object.hasOwn(parsed.data, cluster) ? undefined : parsed.data[cluster];
  if (customers) return customers as DirectoryEntry[];
  const known = Object.keys(parsed.data).join(', ');
  throw missing(
    `the directory file has no cluster ${JSON.stringify(cluster ?? '')}; it has ${known}; give the run's cluster`,
  );
}

/** A file that is not there, or not JSON, will not mend itself: the run ends with a sentence instead of trying for ever. */
async function jsonIn(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw missing(`the directory file can't be read: ${(error as Error).message}`);
  }
}

async function fromDatabase(
  url: string,
  sql: string,
  { cluster, start, end }: DirectoryQuery,
): Promise<DirectoryEntry[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, statement_timeout: 300_000 });
  await client.connect();
  try {
    await client.query('BEGIN READ ONLY');
    const { rows } = await client.query<{ id: string; conversations?: string | number | null }>(sql, [
      cluster ?? null,
      start,
      end,
    ]);
    return rows.map(({ id, conversations }) => ({
      id,
      ...(conversations === null || conversations === undefined ? {} : { conversations: Number(conversations) }),
    }));
  } finally {
    await client.end();
  }
}
