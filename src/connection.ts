import { type ClientConnectConfig, loadClientConnectConfig } from '@temporalio/envconfig';

/** The namespace of the windows' workflows, unless the environment or a profile says otherwise. */
export const DEFAULT_NAMESPACE = 'ingestion';
export const DEFAULT_ADDRESS = '127.0.0.1:7233';
export const DEFAULT_TASK_QUEUE = 'backfill-scorecards';

/**
 * Where and how to reach Temporal, as every Temporal tool reads it: `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, TLS and
 * API key variables, and `temporal.toml` profiles (`TEMPORAL_PROFILE`, `TEMPORAL_CONFIG_FILE`).
 */
export function connectionFromEnvironment(): Required<ClientConnectConfig> {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  return {
    connectionOptions: { ...connectionOptions, address: connectionOptions.address ?? DEFAULT_ADDRESS },
    namespace: namespace ?? DEFAULT_NAMESPACE,
  };
}
