/**
 * The variable in the worker's environment that sets something for one cluster, in place of the one for all clusters:
 * `BACKFILL_PROBE_URL_US_WEST_2_PROD` for `us-west-2-prod`, in place of `BACKFILL_PROBE_URL`.
 */
export const variableOf = (name: string, cluster: string): string =>
  `${name}_${cluster.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;

/** The setting of a cluster, or else that of all clusters; undefined where there is none, or an empty one. */
export function settingOf(name: string, cluster: string | undefined, environment: NodeJS.ProcessEnv) {
  return (cluster && environment[variableOf(name, cluster)]) || environment[name] || undefined;
}

/** The names of both variables, for messages. */
export const variablesOf = (name: string, cluster: string | undefined): string =>
  cluster === undefined ? name : `${variableOf(name, cluster)} or ${name}`;
