import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import type { Fleet } from './cluster.js';
import { DEFAULT_NAMESPACE, DEFAULT_TASK_QUEUE } from './environment.js';
import { FleetFileError } from './errors.js';

/**
 * Reads a fleet file.
 *
 * @throws FleetFileError with one line for each problem
 */
export async function loadFleet(path: string): Promise<Fleet> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new FleetFileError([`${path}: expected a fleet file, got ${error.code}; see examples/fleet.yaml`]);
  });
  const { clusters, defaults = {} } = parse(text);
  return {
    path,
    clusters: Object.entries<Record<string, never>>(clusters).map(([name, own]) => ({
      name,
      namespace: own.namespace ?? DEFAULT_NAMESPACE,
      taskQueue: own.taskQueue ?? DEFAULT_TASK_QUEUE,
      connection: { address: own.address ?? '127.0.0.1:7233' },
      defaults: { ...defaults, ...(own.defaults as object | undefined) },
    })),
  };
}
