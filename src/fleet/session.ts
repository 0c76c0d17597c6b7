import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import type { Cluster, ClusterSession } from './cluster.js';
import { connectionOptionsOf } from './connection-options.js';
import { ClusterUnreachable } from './errors.js';
import { PortForward } from './port-forward.js';
import { queriesInTurn } from './queries.js';
import { retries } from './retry.js';
import { unlessAborted } from './unless-aborted.js';
import { checkAddress, whyUnreachable } from './unreachable.js';

export interface OpenOptions {
  environment: NodeJS.ProcessEnv;
  /** Told what happens to a port-forward, one line at a time. */
  say?: (line: string) => void;
  /** Gives up opening when aborted; an open session stays open. */
  signal?: AbortSignal;
}

const CONNECT_MS = 10_000;
/** A dead port-forward is noticed, and another one up, within the time that a command waits for an answer. */
const HEALTH = { every: 2_000, limit: 2_500, failures: 2 };

/**
 * Opens a way to the cluster's Temporal, through a port-forward if the fleet file asks for one, and waits until it
 * answers. A port-forward that drops, or no longer leads anywhere, is started again; calls that are under way then are
 * tried again.
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
    const asked = await connectionOptionsOf(cluster, environment);
    const { portForward } = cluster.connection;
    if (portForward) opened.forward = await PortForward.open(portForward, { environment, say, signal });
    opened.address = opened.forward ? `127.0.0.1:${opened.forward.port}` : asked.address;
    // As the SDK does it, an API key asks for TLS.
    const tls = asked.tls ?? asked.apiKey !== undefined;
    await unlessAborted(checkAddress(opened.address, tls, environment), signal);
    const connection = Connection.lazy({ ...asked, ...channel(opened.forward), address: opened.address });
    opened.connection = connection;
    await unlessAborted(connection.ensureConnected(), signal);
    const health = opened.forward && watchHealth(connection, opened.forward);
    return {
      cluster,
      client: new Client({ connection, namespace, interceptors: { workflow: [queriesInTurn(connection)] } }),
      address: opened.address,
      async close() {
        health?.abort();
        await Promise.all([connection.close(), opened.forward?.close()]);
      },
    };
  } catch (error) {
    const kubectl = opened.forward?.lastWords;
    await Promise.all([opened.connection?.close(), opened.forward?.close()]);
    signal?.throwIfAborted();
    const why = whyUnreachable(error, opened.address, kubectl);
    // Whoever is in the wrong folder is told of the wrong cluster.
    const hint = cluster.connection.environment
      ? '; if it is in a fleet file, name that with --fleet: there is no fleet.yaml here'
      : '';
    throw new ClusterUnreachable(name, `${name} can not be reached: ${why}${hint}`, { cause: error });
  }
}

/** What has been opened so far, and has to be closed again if the rest fails. */
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
      // Somebody waits, and to connect to one's own machine costs nothing.
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': forward ? 1_000 : 5_000,
    },
  };
}

/**
 * Starts the port-forward again when kubectl lives but its way to the cluster is dead: after a VPN change, or when the
 * pod behind it is gone. To end kubectl also ends the calls that hang in it, which are then tried again.
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
