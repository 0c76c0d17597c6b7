/**
 * Backfills for TypeScript programs: the functions that the `backfill` command and `backfill serve` use. Nothing else of this
 * package is public.
 *
 * ```ts
 * import { fleetFrom, openCluster, progressOf, startBackfill } from 'backfill-scorecards';
 *
 * const { clusters } = await fleetFrom('fleet.yaml');
 * const session = await openCluster(clusters[0]!);
 * try {
 *   const run = await startBackfill(session, { start: '2026-01-01', end: '2026-02-01', customers: ['cvs'] });
 *   const { status, totals } = await progressOf(session, run);
 *   console.log(`${status}: ${totals.done} of ${totals.days} days`);
 * } finally {
 *   await session.close();
 * }
 * ```
 *
 * A program that only asks `backfill serve`, and knows nothing of Temporal, uses {@link jobsClient}.
 */
import { type CommandName, parseCommand } from './backfill/commands/command.js';
import type { Report } from './backfill/views/report.js';
import type { Cluster, ClusterSession } from './fleet/cluster.js';
import { openCluster as open } from './fleet/session.js';
import type { Asked } from './runs/ask.js';
import { completeInput, withDefaults } from './runs/input.js';
import { runsPage } from './runs/list.js';
import { describeRun, type RunFacts } from './runs/run.js';
import { runReport } from './runs/run-result.js';
import { sendCommand as send } from './runs/send.js';
import { startRun } from './runs/start.js';
import type { CommandAnswer } from './workflows/messages.js';

export type { CommandName } from './backfill/commands/command.js';
export type { CustomerView, WindowView } from './backfill/views/customer.js';
export type { DayCounts } from './backfill/views/day-letters.js';
export type { LogView } from './backfill/views/log.js';
export type { Attention, CustomerDays, Progress } from './backfill/views/progress.js';
export type { Proof, ProofRow } from './backfill/views/proof.js';
export type { CustomerReport, Report } from './backfill/views/report.js';
export type { Status } from './backfill/views/status.js';
export type { Cluster, ClusterSession, Fleet } from './fleet/cluster.js';
export { fleetFromEnvironment as fleetOfEnvironment } from './fleet/environment.js';
export { ClusterUnreachable, FleetFileError } from './fleet/errors.js';
export { loadFleet as fleetFrom } from './fleet/file.js';
export { type Asked, customerOf, logOf, NoWorker, progressOf, proofOf } from './runs/ask.js';
export { DirectoryProblem, WrongInput } from './runs/input.js';
export { NotARun, type RunFacts } from './runs/run.js';
export { RequestIdReused } from './runs/start.js';
export { jobsClient } from './server/jobs/client.js';
export * as jobsV1 from './server/jobs/v1.js';
export type { CommandAnswer } from './workflows/messages.js';

/** The input of a run, as `backfill start --input` takes it; what is left out, the fleet file's defaults fill in. */
export interface BackfillInput {
  /** UTC days, `YYYY-MM-DD`. */
  readonly start?: string;
  /** Exclusive. */
  readonly end?: string;
  /** `"all"` are those of the cluster's directory. */
  readonly customers?: 'all' | readonly (string | { readonly id: string; readonly [field: string]: unknown })[];
  readonly [field: string]: unknown;
}

/** Connects to a cluster's Temporal, through a port-forward where the fleet file has one. @throws ClusterUnreachable */
export const openCluster = (
  cluster: Cluster,
  options: { environment?: NodeJS.ProcessEnv; signal?: AbortSignal } = {},
): Promise<ClusterSession> => open(cluster, { environment: process.env, ...options });

/**
 * Starts a run on the cluster, with the fleet file's defaults and the volumes that its customer directory knows.
 *
 * @param options `requestId`: sent again with the same input, it starts nothing and answers the same
 * @throws WrongInput with every wrong field; DirectoryProblem; RequestIdReused; WorkflowExecutionAlreadyStartedError while
 *   the cluster has an open run of this range
 */
export async function startBackfill(
  session: ClusterSession,
  input: BackfillInput,
  options: { environment?: NodeJS.ProcessEnv; requestId?: string } = {},
): Promise<{ workflowId: string }> {
  const { environment = process.env, requestId } = options;
  const given: Record<string, unknown> = { ...input };
  const ready = await completeInput(session.cluster, withDefaults(session.cluster, given), environment);
  const request = requestId === undefined ? undefined : { id: requestId, input: given };
  return { workflowId: await startRun(session, ready, request) };
}

/** The newest run with this workflow id; undefined if there is none. */
export const backfillNamed = (session: ClusterSession, workflowId: string): Promise<RunFacts | undefined> =>
  describeRun(session, workflowId);

const PAGE = 200;

/** The cluster's runs: those that are open, then those that ended last. */
export async function* backfillsOf(session: ClusterSession): AsyncGenerator<Omit<RunFacts, 'memo' | 'pause'>> {
  let token: string | undefined;
  do {
    const { runs, next } = await runsPage(session, { conditions: [], size: PAGE, token });
    yield* runs;
    token = next;
  } while (token !== undefined);
}

/**
 * Waits until a run has ended, and returns its report, whether it completed, failed or was cancelled.
 *
 * @throws when it ended without one: terminated, refused, or only a plan
 */
export const reportOf = ({ client }: ClusterSession, { workflowId }: Asked): Promise<Report> =>
  runReport(client.workflow.getHandle(workflowId));

/**
 * Sends a command to a run and waits for what it did: `sendCommand(session, run, 'resetDay', {customer: 'cvs', day: '2026-01-15', by: 'ana'})`.
 *
 * @param requestId sent again, the command is not executed a second time
 * @throws TypeError with a sentence for a malformed argument; WorkflowUpdateFailedError when the run refuses, and says why
 */
export async function sendCommand(
  session: ClusterSession,
  { workflowId }: Asked,
  name: CommandName,
  argument: Readonly<Record<string, unknown>> = {},
  requestId?: string,
): Promise<CommandAnswer> {
  const command = parseCommand(name, argument);
  if ('refused' in command) throw new TypeError(command.refused);
  return send(session, workflowId, name, argument, requestId);
}
