import { readFileSync } from 'node:fs';
import { errorText } from '../../error-text.js';
import { type Cluster, type ClusterSession, openCluster } from '../../fleet/index.js';
import { checkKubectl } from '../../fleet/kubectl-setup.js';
import { withDeadline } from '../../runs/time-limit.js';
import { checkDirectory, checkProbe } from './data.js';
import { type Finding, ok, problem, problemOf } from './finding.js';
import { checkNamespace, checkSearchAttributes, checkServer, checkWorkers } from './server.js';

export interface CheckOptions {
  environment: NodeJS.ProcessEnv;
  /** The fleet file's path, if there is one. */
  fleetFile: string | undefined;
  /** A UTC day: the directory is asked for its month. */
  today: string;
  signal?: AbortSignal;
}

/**
 * Checks everything that a run of this cluster needs, as far as it can be seen from this machine; changes nothing.
 *
 * @returns the findings, each after those that it depends on. Only an aborted signal throws
 */
export async function checkCluster(cluster: Cluster, options: CheckOptions): Promise<Finding[]> {
  const { environment, fleetFile = 'none: the TEMPORAL_* variables name the cluster', today } = options;
  const [connection, probe, directory] = await Promise.all([
    checkConnection(cluster, options),
    checkProbe(cluster, environment),
    checkDirectory(cluster, environment, today),
  ]);
  return [ok('fleet file', fleetFile), ...connection, ...probe, directory];
}

/** The connection to the cluster's Temporal, and what can be seen through it. */
async function checkConnection(cluster: Cluster, { environment, signal }: CheckOptions): Promise<Finding[]> {
  const { portForward } = cluster.connection;
  const found: Finding[] = [];
  try {
    if (portForward) {
      const version = await checkKubectl(portForward, environment, signal);
      found.push(ok('kubectl', `${version}, with the context ${portForward.context}`));
    }
    const session = await openCluster(cluster, { environment, ...(signal && { signal }) });
    found.push(ok('connection', `Temporal answers at ${session.address}`));
    try {
      found.push(...(await checkTemporal(session)));
    } finally {
      await session.close();
    }
  } catch (error) {
    signal?.throwIfAborted();
    const check = portForward && found.length === 0 ? 'kubectl' : 'connection';
    found.push({ ...problemOf(check, error, 'fix the cluster in the fleet file'), unreachable: true });
  }
  return found;
}

async function checkTemporal(session: ClusterSession): Promise<Finding[]> {
  const { cluster } = session;
  const attempt = async (check: string, run: () => Promise<Finding | Finding[]>): Promise<Finding[]> => {
    try {
      return [await withDeadline(session.client, run)].flat();
    } catch (error) {
      return [
        problem(check, errorText(error), 'check that Temporal is healthy, and that you have permission for this call'),
      ];
    }
  };
  const [server, namespace] = await Promise.all([
    attempt('versions', () => checkServer(session, program())),
    attempt('namespace', () => checkNamespace(session)),
  ]);
  // There is nothing to check in a namespace that does not exist.
  if (namespace.some(({ level }) => level === 'problem')) return [...server, ...namespace];
  const { taskQueue = 'ingestion' } = (cluster.defaults.child ?? {}) as { taskQueue?: string };
  const inside = await Promise.all([
    attempt('worker', () => checkWorkers(session, 'worker', cluster.taskQueue, 'start one there: npm run worker')),
    attempt('ingestion', () =>
      checkWorkers(session, 'ingestion', taskQueue, "start it, or fix child.taskQueue in the fleet file's defaults"),
    ),
    attempt('search attributes', () => checkSearchAttributes(session)),
  ]);
  return [...server, ...namespace, ...inside.flat()];
}

/** This program's version, for bug reports. */
function program(): string {
  const file = new URL('../../../package.json', import.meta.url);
  const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name: string; version: string };
  return `${name} ${version}, Node ${process.version.slice(1)}`;
}
