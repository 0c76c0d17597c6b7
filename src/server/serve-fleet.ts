import type { WatchedCluster } from '../watch/cluster-watch.js';
import type { GateOptions } from './access/gate.js';
import { Hosts } from './access/hosts.js';
import { SecretToken } from './access/secret-token.js';
import { Answers } from './answers.js';
import { createPages } from './dashboard/app.js';
import { FleetWatch } from './fleet-watch.js';
import { jobsMount } from './jobs/mount.js';
import { metricsMount } from './metrics/mount.js';
import type { MakeMount, Served } from './mount.js';
import { startServer } from './server.js';

/** The parts of the server beside its pages. */
const MOUNTS: readonly MakeMount[] = [jobsMount, metricsMount];

export interface ServeOptions extends Pick<Served, 'clusters' | 'environment' | 'by'> {
  /** The same clusters: how to connect to each and find its run. */
  readonly watched: readonly WatchedCluster[];
  readonly access: {
    readonly token: string;
    readonly allowedHosts: readonly string[];
    readonly readOnly: boolean;
    readonly userHeader: string | undefined;
  };
  /** Another package under whose name the job API answers as well. */
  readonly jobPackage?: string | undefined;
  /** A line for the server's log. */
  readonly say?: (line: string) => void;
  readonly host: string;
  readonly port: number;
}

export interface Serving {
  readonly port: number;
  /** @param withToken for the one time that it is printed */
  address(withToken: boolean): string;
  close(): Promise<void>;
}

/**
 * Serves the fleet's pages and all mounts on one port.
 *
 * @throws the system's error when the address can't be listened on
 */
export async function serveFleet(options: ServeOptions): Promise<Serving> {
  const { clusters, environment, access, by, jobPackage, say = () => {}, host, port } = options;
  const { token, allowedHosts, readOnly, userHeader } = access;
  const watch = new FleetWatch(options.watched);
  const served: Served = { watch, clusters, environment, readOnly, by };
  const stopping = new AbortController();
  const { signal } = stopping;
  const gate: GateOptions = { token: new SecretToken(token), hosts: new Hosts(allowedHosts), readOnly, userHeader };
  const listener = await startServer(
    {
      gate,
      pages: createPages({ ...served, answers: new Answers(100), reports: new Answers(10) }),
      mounts: MOUNTS.flatMap((make) => make({ ...served, token, jobPackage, signal, say })),
      notReady: () => (watch.hasPictures ? undefined : 'no cluster has been asked yet'),
    },
    { host, port },
  );
  void watch.look();
  const shown = host.includes(':') ? `[${host}]` : host;
  return {
    port: listener.port,
    address: (withToken) => `http://${shown}:${listener.port}/${withToken ? `?token=${token}` : ''}`,
    async close() {
      stopping.abort();
      await listener.close();
      await watch.close();
    },
  };
}
