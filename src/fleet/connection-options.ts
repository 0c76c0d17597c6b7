import type { ConnectionOptions } from '@temporalio/client';
import { DEFAULT_ADDRESS } from '../connection.js';
import type { Cluster, TlsSettings } from './cluster.js';
import { connectionFrom, profileNamed } from './profile.js';
import { readSecret } from './secret.js';

/**
 * How the SDK connects to a cluster: the fleet file's settings over its profile or the environment. Secrets are read now.
 *
 * @throws Error that names a secret, certificate or profile that is missing
 */
export async function connectionOptionsOf(
  { connection }: Cluster,
  environment: NodeJS.ProcessEnv,
): Promise<ConnectionOptions & { address: string }> {
  const { address, tls, apiKey, profile } = connection;
  const base = connection.environment
    ? connectionFrom(environment)
    : profile === undefined
      ? undefined
      : profileNamed(profile, environment);
  // Typed for a worker's connection, but it only holds what a client's connection has as well.
  const options = (base?.connectionOptions ?? {}) as ConnectionOptions;
  return {
    ...options,
    address: address ?? options.address ?? DEFAULT_ADDRESS,
    ...(tls !== undefined && { tls: typeof tls === 'boolean' ? tls : await certificates(tls, environment) }),
    ...(apiKey && { apiKey: await readSecret(apiKey, environment) }),
  };
}

async function certificates(
  { serverName, serverCaCert, clientCert, clientKey }: TlsSettings,
  environment: NodeJS.ProcessEnv,
) {
  const read = async (source: TlsSettings['clientCert']) =>
    source && Buffer.from(await readSecret(source, environment));
  const [ca, crt, key] = await Promise.all([serverCaCert, clientCert, clientKey].map(read));
  return {
    ...(serverName !== undefined && { serverNameOverride: serverName }),
    ...(ca && { serverRootCACertificate: ca }),
    ...(crt && key && { clientCertPair: { crt, key } }),
  };
}
