import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { Cluster, ClusterSession } from './cluster.js';
import { ClusterUnreachable } from './errors.js';
import { readSecret } from './secret.js';

export interface OpenOptions {
  environment: NodeJS.ProcessEnv;
  /** Told what happens to a port-forward, one line at a time. */
  say?: (line: string) => void;
  /** Gives up when aborted. */
  signal?: AbortSignal;
}

/**
 * Opens a way to the cluster's Temporal, through a port-forward if the fleet file asks for one, and waits until it answers.
 *
 * @throws ClusterUnreachable
 */
export async function openCluster(cluster: Cluster, { environment }: OpenOptions): Promise<ClusterSession> {
  const { name, namespace, connection: asked } = cluster;
  try {
    const options = await connectionOptions(cluster, environment);
    const address = asked.address ?? options.address ?? '127.0.0.1:7233';
    const connection = await Connection.connect({ ...options, address });
    return {
      cluster,
      client: new Client({ connection, namespace }),
      address,
      close: () => connection.close(),
    };
  } catch (error) {
    throw new ClusterUnreachable(name, `${name} can not be reached: ${(error as Error).message}`, { cause: error });
  }
}

async function connectionOptions({ connection }: Cluster, environment: NodeJS.ProcessEnv): Promise<ConnectionOptions> {
  const overrideEnvVars = environment as Record<string, string>;
  const base = connection.environment
    ? loadClientConnectConfig({ overrideEnvVars })
    : connection.profile
      ? loadClientConnectConfig({ overrideEnvVars, profile: connection.profile, disableEnv: true })
      : undefined;
  const apiKey = connection.apiKey && (await readSecret(connection.apiKey, environment));
  return { ...(base?.connectionOptions as ConnectionOptions), ...(apiKey ? { apiKey } : {}) };
}
