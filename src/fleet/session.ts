import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import type { Cluster, ClusterSession } from './cluster.js';
import { connectionOptionsOf } from './connection-options.js';
import { ClusterUnreachable } from './errors.js';
import { operatorName } from './operator-name.js';
import { PortForward } from './port-forward.js';
import { queriesInTurn } from './queries.js';
import { retries } from './retry.js';
import { unlessAborted } from './unless-aborted.js';
import { checkAddress, whyUnreachable } from './unreachable.js';

export interface OpenOptions {
  environment: NodeJS.ProcessEnv;
  /** Called with a line for each thing that happens to a port-forward. */
  say?: (line: string) => void;
  /** Aborts opening; an open session stays open. */
  signal?: AbortSignal;
}

const CONNECT_MS = 10_000;
/** A dead port-forward is noticed and replaced within the time that a command waits for an answer. */
const HEALTH = { every: 2_000, limit: 2_500, failures: 2 };

/**
 * Connects to the cluster's Temporal, through a port-forward if the fleet file has one, and waits until it answers. A
 * port-forward that drops, or no longer leads anywhere, is restarted; calls that are in flight then are retried.
 *
 * @throws ClusterUnreachable, or the signal's reason
 */
export async function openCluster(cluster: Cluster, options: OpenOptions): Promise<ClusterSession> {
  const { environment, signal } = options;
  const { name, namespace } = cluster;
  const say = options.say && ((line: string) => options.say?.(`${name}: ${line}`));
  const opened: Opened = { address: '' };
  try {
    signal?.throwIfAborted();
    const requested = await connectionOptionsOf(cluster, environment);
    const { portForward } = cluster.connection;
    if (portForward) opened.forward = await PortForward.open(portForward, { environment, say, signal });
    opened.address = opened.forward ? `127.0.0.1:${opened.forward.port}` : requested.address;
    // As in the SDK, an API key implies TLS.
    const tls = requested.tls ?? requested.apiKey !== undefined;
    await unlessAborted(checkAddress(opened.address, tls, environment), signal);
    const connection = Connection.lazy({ ...requested, ...channel(opened.forward), address: opened.address });
    opened.connection = connection;
    await unlessAborted(connection.ensureConnected(), signal);
    const health = opened.forward && watchHealth(connection, opened.forward);
    return {
      cluster,
      client: new Client({
        connection,
        namespace,
        // Temporal records it with each start, cancel and command, for `backfill audit`.
        identity: `${operatorName(environment)}@${hostname()}`,
        interceptors: { workflow: [queriesInTurn(connection)] },
      }),
      address: opened.address,
      async close() {
        health?.abort();
        await Promise.all([connection.close(), opened.forward?.close()]);
      },
    };
  } catch (error) {
    const kubectl = opened.forward?.lastErrorLine;
    await Promise.all([opened.connection?.close(), opened.forward?.close()]);
    signal?.throwIfAborted();
    const why = whyUnreachable(error, opened.address, kubectl);
    // In the wrong folder, the fleet file is not found, and this is not the cluster that was meant.
    const hint = cluster.connection.environment
      ? '; if it is in a fleet file, name that with --fleet: there is no fleet.yaml in this folder'
      : '';
    throw new ClusterUnreachable(name, `${name} is unreachable: ${why}${hint}`, { cause: error });
  }
}

/** What has been opened so far, to be closed if the rest fails. */
interface Opened {
  address: string;
  forward?: PortForward;
  connection?: Connection;
}

function channel(forward: PortForward | undefined): ConnectionOptions {
  return {
    connectTimeout: CONNECT_MS,
    interceptors: retries,
    channelArgs: {
      'grpc.keepalive_permit_without_calls': 1,
      'grpc.keepalive_time_ms': 15_000,
      'grpc.keepalive_timeout_ms': 10_000,
      // The operator is waiting, and reconnecting to this machine costs nothing.
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': forward ? 1_000 : 5_000,
    },
  };
}

/**
 * Restarts the port-forward when kubectl is alive but its connection to the cluster is dead: after a VPN change, or when
 * the pod behind it is gone. Ending kubectl also ends the calls that hang in it, which are then retried.
 */
function watchHealth(connection: Connection, forward: PortForward): AbortController {
  const watching = new AbortController();
  const { signal } = watching;
  const answers = () =>
    connection
      .withDeadline(Date.now() + HEALTH.limit, () => connection.workflowService.getSystemInfo({}))
      .then(
        () => true,
        () => false,
      );
  const leadsNowhere = async () => {
    for (let failures = 0; failures < HEALTH.failures; failures++) {
      if (!forward.up || signal.aborted || (await answers())) return false;
    }
    return forward.up && !signal.aborted;
  };
  const watch = async () => {
    while (!signal.aborted) {
      await sleep(HEALTH.every, undefined, { signal }).catch(() => {});
      if (await leadsNowhere()) await forward.restart('no longer leads to Temporal');
    }
  };
  void watch();
  return watching;
}
