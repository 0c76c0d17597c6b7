import { DEFAULT_NAMESPACE, DEFAULT_TASK_QUEUE } from '../connection.js';
import type { Fleet } from './cluster.js';
import { FleetFileError } from './errors.js';
import { connectionFrom } from './profile.js';

/**
 * The fleet without a fleet file: the one cluster that `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE` and a profile of
 * `temporal.toml` name. Its name is that of the profile, or `default`.
 *
 * @throws FleetFileError if `temporal.toml` cannot be read or lacks the profile
 */
export function fleetFromEnvironment(environment: NodeJS.ProcessEnv = process.env): Fleet {
  return {
    clusters: [
      {
        name: environment.TEMPORAL_PROFILE || 'default',
        namespace: namespaceFrom(environment) ?? DEFAULT_NAMESPACE,
        taskQueue: environment.BACKFILL_TASK_QUEUE ?? DEFAULT_TASK_QUEUE,
        connection: { environment: true },
        defaults: {},
      },
    ],
  };
}

function namespaceFrom(environment: NodeJS.ProcessEnv): string | undefined {
  try {
    return connectionFrom(environment).namespace;
  } catch (error) {
    // Only the first line: a parser's excerpt may contain a key.
    const reason = (error as Error).message.split('\n')[0];
    throw new FleetFileError([`temporal.toml: ${reason}; fix it, or unset TEMPORAL_PROFILE and TEMPORAL_CONFIG_FILE`]);
  }
}
