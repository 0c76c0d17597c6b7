import type { Cluster, DirectoryCustomer } from './cluster.js';
import { readSecret } from './secret.js';

/**
 * The customers of a cluster from the fleet file's directory, with the number of conversations of each in the range where
 * the directory knows it. A SQL query runs in a read-only transaction, with `$1` the cluster, `$2` and `$3` the range.
 *
 * @param range UTC days, `end` exclusive
 * @returns undefined if the fleet file has no directory for the cluster: then the worker's directory is used
 * @throws Error with a sentence, without secrets, if the file or database cannot be read or holds something else
 */
export async function customersOf(
  cluster: Cluster,
  range: { start: string; end: string },
  environment: NodeJS.ProcessEnv,
): Promise<DirectoryCustomer[] | undefined> {
  const { directory, name } = cluster;
  if (!directory) return undefined;
  if (directory.kind === 'inline') return directory.customers;
  // The worker's own reader, so that a directory means the same in both places; loaded only when needed.
  const { readDirectory } = await import('../activities/directory.js');
  const settings =
    directory.kind === 'file'
      ? { BACKFILL_DIRECTORY_FILE: directory.path }
      : {
          BACKFILL_DIRECTORY_DATABASE_URL: await readSecret(directory.url, environment),
          BACKFILL_DIRECTORY_SQL: directory.query,
        };
  return readDirectory({ cluster: name, ...range }, settings);
}
