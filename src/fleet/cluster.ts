import type { Client } from '@temporalio/client';

/** All clusters that one command can reach. */
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
  /** Fields of a run's input that this cluster's runs have unless the command says otherwise. */
  defaults: Record<string, unknown>;
  directory?: CustomerSource;
}

/** How to reach a cluster's Temporal: by address, through a port-forward, or as a profile or the environment says. */
export interface ClusterConnection {
  /** `host:port`; for a port-forward the local end is found when it is started. */
  address?: string;
  portForward?: PortForwardTarget;
  /** A profile of `temporal.toml`, for all that is not said here. */
  profile?: string;
  /** `TEMPORAL_ADDRESS` and its kin decide: there is no fleet file. */
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
  /** The name on the server's certificate, where it is not the address. */
  serverName?: string;
  serverCaCert?: SecretSource;
  clientCert?: SecretSource;
  clientKey?: SecretSource;
}

/** Where a secret is: never the secret itself. Paths are absolute. */
export type SecretSource = { env: string } | { file: string };

/** Who the cluster's customers are. */
export type CustomerSource =
  | { kind: 'inline'; customers: DirectoryCustomer[] }
  | { kind: 'file'; path: string }
  | { kind: 'sql'; url: SecretSource; query: string };

export interface DirectoryCustomer {
  id: string;
  conversations?: number;
}

/** An open way to a cluster's Temporal. */
export interface ClusterSession {
  readonly cluster: Cluster;
  readonly client: Client;
  /** Where it really leads: for a port-forward its local end. */
  readonly address: string;
  close(): Promise<void>;
}
