import { setMaxListeners } from 'node:events';
import type { CustomerView } from '../backfill/views/customer.js';
import type { LogView } from '../backfill/views/log.js';
import type { Progress } from '../backfill/views/progress.js';
import type { Proof } from '../backfill/views/proof.js';
import type { ClusterSession } from '../fleet/index.js';
import { withDeadline } from './time-limit.js';
import { hasWorker } from './workers.js';

/** The run that a question is for. */
export interface Asked {
  readonly workflowId: string;
  /** What its worker polls, if that is not the cluster's. */
  readonly taskQueue?: string | undefined;
}

/** No worker polls the run's task queue: nobody can answer for it. */
export class NoWorker extends Error {
  override readonly name = 'NoWorker';

  constructor(workflowId: string, taskQueue: string) {
    super(`${workflowId} does not answer; check that a worker polls task queue ${taskQueue}`);
  }
}

/** How far the run is. */
export const progressOf = (session: ClusterSession, run: Asked): Promise<Progress> => ask(session, run, 'progress');

/** One customer: its windows, attempts, durations, errors; with a day, why that is not running now. */
export const customerOf = (
  session: ClusterSession,
  run: Asked,
  customer: string,
  day?: string,
): Promise<CustomerView> => ask(session, run, 'customer', { customer, ...(day === undefined ? {} : { day }) });

/** One customer's done days: which window did each, when, and what was counted in it. */
export const proofOf = (session: ClusterSession, run: Asked, customer: string): Promise<Proof> =>
  ask(session, run, 'proof', { customer });

/** The latest commands and decisions, the oldest first. */
export const logOf = (session: ClusterSession, run: Asked): Promise<LogView[]> => ask(session, run, 'log');

/**
 * A run's answer to a query. By its workflow id alone: it may have continued as new since it was found.
 *
 * @throws NoWorker at once, rather than after the time limit, where no worker polls
 */
export function ask<T>(session: ClusterSession, run: Asked, query: string, ...args: unknown[]): Promise<T> {
  const { client } = session;
  const handle = client.workflow.getHandle(run.workflowId);
  return whileWorkerPolls(session, run, () => withDeadline(client, () => handle.query<T, unknown[]>(query, ...args)));
}

/** Calls that the run's worker answers. */
export async function whileWorkerPolls<T>(session: ClusterSession, run: Asked, calls: () => Promise<T>): Promise<T> {
  // Aborted at the end: a call that is still open would keep the process alive until its deadline.
  const ended = new AbortController();
  // The client adds a listener for each call, and removes none.
  setMaxListeners(0, ended.signal);
  const answer = session.client.withAbortSignal(ended.signal, calls);
  const { workflowId, taskQueue = session.cluster.taskQueue } = run;
  const noWorker = hasWorker(session, taskQueue).then((worker) => {
    if (worker) return answer;
    throw new NoWorker(workflowId, taskQueue);
  });
  try {
    return await Promise.race([answer, noWorker]);
  } finally {
    answer.catch(() => {});
    noWorker.catch(() => {});
    ended.abort();
  }
}
