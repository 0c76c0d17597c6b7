import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import type { Plan } from '../backfill/views/plan.js';
import type { ClusterSession } from '../fleet/index.js';
import { onOneLine } from '../one-line.js';
import { WORKFLOW_TYPE } from '../runs/run-names.js';
import { withDeadline } from '../runs/time-limit.js';
import { hasWorker, noWorkerText } from '../runs/workers.js';
import { EXIT } from './exit-codes.js';
import { CommandProblem, isNoAnswer } from './problem.js';

/** A directory may be a slow query. */
const PLAN_LIMIT_MS = 60_000;

/**
 * What a run with this input would do, from the cluster's own worker.
 *
 * @throws CommandProblem when no worker polls, or the run would be refused
 */
export async function planOn(session: ClusterSession, input: object): Promise<Plan> {
  const { client, cluster } = session;
  const noWorker = () => new CommandProblem(EXIT.unreachable, noWorkerText(session));
  if (!(await hasWorker(session))) throw noWorker();
  // Not the prefix of runs: a plan must not count as the cluster's newest run.
  const workflowId = `backfillplan-${cluster.name}-${randomUUID().slice(0, 8)}`;
  try {
    return await withDeadline(
      client,
      () =>
        client.workflow.execute(WORKFLOW_TYPE, {
          workflowId,
          taskQueue: cluster.taskQueue,
          args: [input],
          // Leaves nothing behind if this process ends before a worker picks it up.
          workflowExecutionTimeout: PLAN_LIMIT_MS,
        }),
      PLAN_LIMIT_MS,
    );
  } catch (error) {
    if (isNoAnswer(error)) throw noWorker();
    if (!(error instanceof WorkflowFailedError)) throw error;
    throw new CommandProblem(EXIT.refused, `no plan: ${reasonOf(error)}`);
  }
}

function reasonOf({ cause, message }: WorkflowFailedError): string {
  const innermost = cause?.cause ?? cause;
  return onOneLine(innermost instanceof Error ? innermost.message : message);
}
