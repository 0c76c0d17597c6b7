import { type ClientConnectConfig, loadClientConnectConfig } from '@temporalio/envconfig';

/**
 * A profile of `temporal.toml` and nothing else: variables such as `TEMPORAL_ADDRESS` are for one cluster, and would
 * affect all clusters of a fleet.
 *
 * @throws Error if there is no such profile, or the file cannot be read
 */
export function profileNamed(profile: string, environment: NodeJS.ProcessEnv): ClientConnectConfig {
  return loadClientConnectConfig({ profile, disableEnv: true, overrideEnvVars: variables(environment) });
}

/** What all of Temporal's tools read from the environment: `TEMPORAL_*`, and the profile that they name. */
export function connectionFrom(environment: NodeJS.ProcessEnv): ClientConnectConfig {
  return loadClientConnectConfig({ overrideEnvVars: variables(environment) });
}

const variables = (environment: NodeJS.ProcessEnv) => environment as Record<string, string>;
