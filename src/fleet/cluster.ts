import type { Client } from '@temporalio/client';

/** All clusters that a command can reach. */
export interface Fleet {
  /** The fleet file; absent when the one cluster comes from the environment. */
  path?: string;
  /** In the order of the file; at least one. */
  clusters: Cluster[];
}

/** A cluster of the fleet file, every default filled in. Secrets are not in it, only where to find them. */
export interface Cluster {
  /** As in the fleet file; also the run's label `cluster`. */
  name: string;
  /** The Temporal namespace. */
  namespace: string;
  /** What the orchestrator's worker polls. */
  taskQueue: string;
  connection: ClusterConnection;
  /** The address of Temporal's UI. */
  ui?: string;
  /** Default fields of the input of this cluster's runs. */
  defaults: Record<string, unknown>;
  directory?: CustomerSource;
}

/** How to reach a cluster's Temporal: by address, through a port-forward, or from a profile or the environment. */
export interface ClusterConnection {
  /** `host:port`; unset for a port-forward, whose local port is chosen when it is started. */
  address?: string;
  portForward?: PortForwardTarget;
  /** A profile of `temporal.toml`, for everything that is not set here. */
  profile?: string;
  /** Set where there is no fleet file: the `TEMPORAL_*` variables decide. */
  environment?: true;
  tls?: boolean | TlsSettings;
  apiKey?: SecretSource;
}

/** A Kubernetes service, and the kubectl context that reaches it. */
export interface PortForwardTarget {
  context: string;
  namespace: string;
  service: string;
  port: number;
}

export interface TlsSettings {
  /** The name on the server's certificate, if it differs from the address. */
  serverName?: string;
  serverCaCert?: SecretSource;
  clientCert?: SecretSource;
  clientKey?: SecretSource;
}

/** Where a secret is: never the secret itself. Paths are absolute. */
export type SecretSource = { env: string } | { file: string };

/** Where the cluster's customers are listed. */
export type CustomerSource =
  | { kind: 'inline'; customers: DirectoryCustomer[] }
  | { kind: 'file'; path: string }
  | { kind: 'sql'; url: SecretSource; query: string };

export interface DirectoryCustomer {
  id: string;
  conversations?: number;
}

/** An open connection to a cluster's Temporal. */
export interface ClusterSession {
  readonly cluster: Cluster;
  readonly client: Client;
  /** The address in use: for a port-forward its local end. */
  readonly address: string;
  close(): Promise<void>;
}
