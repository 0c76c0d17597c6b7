import { readFileSync } from 'node:fs';
import { type Cluster, type ClusterSession, openCluster } from '../../fleet/index.js';
import { checkKubectl } from '../../fleet/kubectl-setup.js';
import { within } from '../commands/patience.js';
import { errorText } from '../terminal/error-text.js';
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
 * Looks at everything that a run of this cluster needs, as far as it can be seen from here; changes nothing.
 *
 * @returns what was found, what others rest on first. Only an aborted signal throws
 */
export async function checkCluster(cluster: Cluster, options: CheckOptions): Promise<Finding[]> {
  const { environment, fleetFile = 'none: TEMPORAL_ADDRESS and its kin name the cluster', today } = options;
  const [way, probe, directory] = await Promise.all([
    checkWay(cluster, options),
    checkProbe(cluster, environment),
    checkDirectory(cluster, environment, today),
  ]);
  return [ok('fleet file', fleetFile), ...way, ...probe, directory];
}

/** The way to the cluster's Temporal, and what is to be seen there. */
async function checkWay(cluster: Cluster, { environment, signal }: CheckOptions): Promise<Finding[]> {
  const { portForward } = cluster.connection;
  const found: Finding[] = [];
  try {
    if (portForward) {
      const version = await checkKubectl(portForward, environment, signal);
      found.push(ok('kubectl', `${version}, which knows the context ${portForward.context}`));
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
    found.push({ ...problemOf(check, error, 'mend the cluster in the fleet file'), silent: true });
  }
  return found;
}

async function checkTemporal(session: ClusterSession): Promise<Finding[]> {
  const { cluster } = session;
  const attempt = async (check: string, look: () => Promise<Finding | Finding[]>): Promise<Finding[]> => {
    try {
      return [await within(session.client, look)].flat();
    } catch (error) {
      return [problem(check, errorText(error), 'check that Temporal is healthy, and that you may ask it this')];
    }
  };
  const [server, namespace] = await Promise.all([
    attempt('versions', () => checkServer(session, program())),
    attempt('namespace', () => checkNamespace(session)),
  ]);
  // A namespace that is not there has nothing in it.
  if (namespace.some(({ level }) => level === 'problem')) return [...server, ...namespace];
  const { taskQueue = 'ingestion' } = (cluster.defaults.child ?? {}) as { taskQueue?: string };
  const inside = await Promise.all([
    attempt('worker', () => checkWorkers(session, 'worker', cluster.taskQueue, 'start one there: npm run worker')),
    attempt('ingestion', () =>
      checkWorkers(session, 'ingestion', taskQueue, "start it, or mend child.taskQueue in the fleet file's defaults"),
    ),
    attempt('search attributes', () => checkSearchAttributes(session)),
  ]);
  return [...server, ...namespace, ...inside.flat()];
}

/** This program, for reports of trouble. */
function program(): string {
  const file = new URL('../../../package.json', import.meta.url);
  const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name: string; version: string };
  return `${name} ${version}, Node ${process.version.slice(1)}`;
}
