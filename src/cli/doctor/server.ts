import { isGrpcServiceError } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { Cluster, ClusterSession } from '../../fleet/index.js';
import { counted } from '../../presentation/lines/format.js';
import { type Finding, hint, ok, problem } from './finding.js';

const { IndexedValueType, TaskQueueType } = proto.temporal.api.enums.v1;
const GRPC_NOT_FOUND = 5;

/** The orchestrator sets these on runs and windows, where the namespace has them. */
const SEARCH_ATTRIBUTES = ['BackfillCluster', 'BackfillCustomer', 'BackfillStatus'];

/** The oldest server on which Updates are enabled by default. */
const OLDEST_SERVER = [1, 28] as const;

export async function checkServer({ client }: ClusterSession, program: string): Promise<Finding> {
  const { serverVersion } = await client.workflowService.getSystemInfo({});
  const text = `server ${serverVersion || 'unknown'}, ${program}`;
  const [major = 0, minor = 0] = (serverVersion ?? '').split('.').map(Number);
  const old = serverVersion && (major < OLDEST_SERVER[0] || (major === OLDEST_SERVER[0] && minor < OLDEST_SERVER[1]));
  if (!old) return ok('versions', text);
  return hint('versions', text, `enable Updates there, or upgrade Temporal to ${OLDEST_SERVER.join('.')} or later`);
}

export async function checkNamespace({ client, cluster: { namespace } }: ClusterSession): Promise<Finding> {
  try {
    const { config } = await client.workflowService.describeNamespace({ namespace });
    const days = Math.round(Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / 86_400);
    return ok('namespace', `${namespace}, which keeps closed workflows for ${counted(days, 'day')}`);
  } catch (error) {
    if (!isGrpcServiceError(error) || error.code !== GRPC_NOT_FOUND) throw error;
    return problem(
      'namespace',
      `there is no namespace ${namespace}`,
      `fix namespace in the fleet file, or create it: temporal operator namespace create --namespace ${namespace}`,
    );
  }
}

/**
 * Whether workers poll a task queue, for workflows and for activities.
 *
 * @param check `worker` needs both; the activities of other workflows may have a separate queue
 */
export async function checkWorkers(
  { client, cluster: { namespace } }: ClusterSession,
  check: string,
  taskQueue: string,
  fix: string,
): Promise<Finding> {
  const pollers = async (taskQueueType: number) => {
    const query = { namespace, taskQueue: { name: taskQueue }, taskQueueType };
    return (await client.workflowService.describeTaskQueue(query)).pollers ?? [];
  };
  const [workflows, activities] = await Promise.all([
    pollers(TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
    pollers(TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
  ]);
  if (workflows.length + activities.length === 0) {
    return { ...problem(check, `no worker polls task queue ${taskQueue}`, fix), unreachable: true };
  }
  const text = `${workers(workflows)} for workflows, ${workers(activities)} for activities on task queue ${taskQueue}`;
  if (workflows.length === 0 || (activities.length === 0 && check === 'worker')) {
    return { ...problem(check, text, fix), unreachable: true };
  }
  if (activities.length === 0) return hint(check, text, fix);
  const quiet = Date.now() - Math.max(...workflows.map(lastPoll));
  if (quiet <= LONGEST_POLL_MS) return ok(check, text);
  return hint(check, `${text}, the last poll ${Math.round(quiet / 1_000)} s ago: busy, or gone`, fix);
}

type Poller = proto.temporal.api.taskqueue.v1.IPollerInfo;

/** A poll without a task ends after a minute, then the next one begins; the server remembers it for some minutes. */
const LONGEST_POLL_MS = 75_000;

const lastPoll = ({ lastAccessTime }: Poller) => Number(lastAccessTime?.seconds ?? 0) * 1_000;

function workers(pollers: readonly Poller[]): string {
  const count = new Set(pollers.map(({ identity }) => identity)).size;
  return count === 0 ? 'no worker' : counted(count, 'worker');
}

export async function checkSearchAttributes({ client, cluster }: ClusterSession): Promise<Finding[]> {
  const check = 'search attributes';
  const { namespace } = cluster;
  const attributes = await registered(client, namespace);
  if (!attributes) {
    return [hint(check, 'the server does not list them', `look for ${SEARCH_ATTRIBUTES.join(', ')} in its UI`)];
  }
  const wrong = SEARCH_ATTRIBUTES.filter((name) => (attributes[name] ?? KEYWORD) !== KEYWORD);
  const absent = SEARCH_ATTRIBUTES.filter((name) => attributes[name] === undefined);
  const findings = wrong.map((name) => {
    const type = IndexedValueType[attributes[name]!]?.replace('INDEXED_VALUE_TYPE_', '');
    const recreate = `temporal operator search-attribute remove --namespace ${namespace} --name ${name}, then ${create(namespace, [name])}`;
    return problem(check, `${name} has type ${type}, not Keyword: runs do not set it`, recreate);
  });
  if (absent.length > 0) {
    findings.push(hint(check, `missing ${absent.join(', ')} (optional)`, create(namespace, absent)));
  }
  return findings.length > 0 ? findings : [ok(check, SEARCH_ATTRIBUTES.join(', '))];
}

const KEYWORD: number = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;

const create = (namespace: string, names: string[]) =>
  `temporal operator search-attribute create --namespace ${namespace} ${names.map((name) => `--name ${name} --type Keyword`).join(' ')}`;

/** Undefined where the operator service is not available, as in Temporal Cloud. */
async function registered(
  client: ClusterSession['client'],
  namespace: Cluster['namespace'],
): Promise<Record<string, number> | undefined> {
  try {
    const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
    return (customAttributes ?? {}) as Record<string, number>;
  } catch (error) {
    if (isGrpcServiceError(error)) return undefined;
    throw error;
  }
}
