import { readFile } from 'node:fs/promises';
import { ApplicationFailure, type Context } from '@temporalio/activity';
import { z } from 'zod';
import { askedFor, type DirectoryEntry, type DirectoryQuery } from './contract.js';
import { readOnce } from './database.js';

const SETTINGS =
  'set BACKFILL_DIRECTORY_FILE, or BACKFILL_DIRECTORY_DATABASE_URL with BACKFILL_DIRECTORY_SQL, in the environment of the worker';

/** How long the SQL may take: less than the activity may. */
const SECONDS = 300;

const entries = z.array(
  z.union([z.string().transform((id) => ({ id })), z.object({ id: z.string(), conversations: z.number().optional() })]),
);
const fileShape = z.union([entries, z.record(z.string(), entries)]);

/** The activity: as {@link readDirectory}, but an empty directory is an error. */
export async function listCustomers(
  query: DirectoryQuery,
  environment: NodeJS.ProcessEnv,
  context: Context,
): Promise<DirectoryEntry[]> {
  const listed = await readDirectory(query, environment, context);
  if (listed.length > 0) return listed;
  const [source, check] = environment.BACKFILL_DIRECTORY_FILE
    ? ['directory file (BACKFILL_DIRECTORY_FILE)', 'the list in that file']
    : ['directory database (BACKFILL_DIRECTORY_SQL)', 'what the SQL returns for them'];
  throw missing(
    `the ${source} has no customers for ${askedFor(query)}; check the run's cluster and range, and ${check}`,
  );
}

/**
 * The customers of a cluster, from the source in the worker's environment:
 *
 * - `BACKFILL_DIRECTORY_FILE`: a JSON file, a list of ids or `{id, conversations?}`, or an object of such lists by
 *   cluster.
 * - `BACKFILL_DIRECTORY_DATABASE_URL` and `BACKFILL_DIRECTORY_SQL`: a query with the parameters `$1` cluster, `$2` first
 *   day, `$3` day after the last, that returns the columns `id` and, if it can, `conversations`. It runs read-only.
 *
 * @param context of the activity; undefined in the command
 * @throws ApplicationFailure, non-retryable, of type `DirectoryMissing` where there is none, or `DirectoryInvalid` where the
 *   database refuses the SQL or the role, or the SQL returns other columns; retryable for a database that is unreachable
 */
export async function readDirectory(
  query: DirectoryQuery,
  environment: NodeJS.ProcessEnv,
  context?: Context,
): Promise<DirectoryEntry[]> {
  const {
    BACKFILL_DIRECTORY_FILE: file,
    BACKFILL_DIRECTORY_DATABASE_URL: url,
    BACKFILL_DIRECTORY_SQL: sql,
  } = environment;
  if (file) return fromFile(file, query);
  if (url && sql) return fromDatabase(url, sql, query, context);
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

/** Trying again does not help with a file that is missing or not JSON: the run ends with a message instead. */
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
  context: Context | undefined,
): Promise<DirectoryEntry[]> {
  const options = { url, purpose: 'directory', seconds: SECONDS, context } as const;
  const { fields, rows } = await readOnce(options, sql, [cluster ?? null, start, end]);
  const columns = fields.map(({ name }) => name);
  if (!columns.includes('id')) {
    throw invalid(`expected the columns id and, if it can, conversations; got ${columns.join(', ') || 'none'}`);
  }
  return rows.map(({ id, conversations }) => {
    if (conversations === null || conversations === undefined) return { id: id! };
    const count = Number(conversations);
    if (Number.isNaN(count)) throw invalid(`expected conversations to be a number; got ${conversations.slice(0, 40)}`);
    return { id: id!, conversations: count };
  });
}

const invalid = (message: string) =>
  ApplicationFailure.nonRetryable(`the directory SQL: ${message}`, 'DirectoryInvalid');
