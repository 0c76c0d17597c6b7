import type { Client } from '@temporalio/client';

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

export interface ClusterConnection {
  /** `host:port`; for a port-forward the local end is found when it is started. */
  address?: string;
  portForward?: { context: string; namespace: string; service: string; port: number };
  /** A profile of `temporal.toml`, for all that is not said here. */
  profile?: string;
  tls?: Record<string, unknown>;
  apiKey?: SecretSource;
}

/** Where a secret is: never the secret itself. */
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
