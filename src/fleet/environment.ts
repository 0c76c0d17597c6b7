import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Fleet } from './cluster.js';
import { FleetFileError } from './errors.js';

export const DEFAULT_NAMESPACE = 'ingestion';
export const DEFAULT_TASK_QUEUE = 'backfill-scorecards';

/**
 * The fleet without a fleet file: the one cluster that `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE` and a profile of
 * `temporal.toml` name. It is called as the profile is, or `default`.
 *
 * @throws FleetFileError if `temporal.toml` cannot be read or lacks the profile
 */
export function fleetFromEnvironment(environment: NodeJS.ProcessEnv = process.env): Fleet {
  const profile = environment.TEMPORAL_PROFILE;
  return {
    clusters: [
      {
        name: profile || 'default',
        namespace: connectConfig(environment).namespace ?? DEFAULT_NAMESPACE,
        taskQueue: environment.BACKFILL_TASK_QUEUE ?? DEFAULT_TASK_QUEUE,
        connection: { environment: true },
        defaults: {},
      },
    ],
  };
}

function connectConfig(environment: NodeJS.ProcessEnv) {
  try {
    return loadClientConnectConfig({ overrideEnvVars: environment as Record<string, string> });
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0];
    throw new FleetFileError([`temporal.toml: ${reason}; mend it, or unset TEMPORAL_PROFILE and TEMPORAL_CONFIG_FILE`]);
  }
}
