import { setTimeout as sleep } from 'node:timers/promises';
import type { NativeConnection, Worker } from '@temporalio/worker';

/** How often Temporal is asked, how long an answer may take, and how long one counts. */
const EVERY_MS = 5_000;
const PATIENCE_MS = 4_000;
const COUNTS_FOR_MS = 15_000;

/** What is asked here of an SDK's worker. */
export type Polling = Pick<Worker, 'getStatus'>;

/** Whether this process does a worker's work now, from the worker's own state and what Temporal answered last. */
export class Readiness {
  private worker: Polling | undefined;
  private answeredAt: number | undefined;
  private silence = 'it has not connected to Temporal yet';
  private wasReady = false;

  /** Whether it was ready at any moment. */
  get everReady(): boolean {
    return this.wasReady;
  }

  /** Undefined when ready, else why not. */
  problem(now = Date.now()): string | undefined {
    const problem = this.workerProblem() ?? this.connectionProblem(now);
    if (problem === undefined) this.wasReady = true;
    return problem;
  }

  created(worker: Polling): void {
    this.worker = worker;
  }

  answered(now = Date.now()): void {
    this.answeredAt = now;
  }

  unreachable(reason: string): void {
    this.answeredAt = undefined;
    this.silence = reason;
  }

  private workerProblem(): string | undefined {
    if (this.worker === undefined) return this.silence;
    const { runState, workflowPollerState, activityPollerState } = this.worker.getStatus();
    if (runState !== 'RUNNING') return `the worker is ${runState}`;
    if (workflowPollerState !== 'POLLING') return `its workflow poller is ${workflowPollerState}`;
    if (activityPollerState !== 'POLLING') return `its activity poller is ${activityPollerState}`;
    return undefined;
  }

  private connectionProblem(now: number): string | undefined {
    if (this.answeredAt === undefined) return this.silence;
    const age = now - this.answeredAt;
    return age > COUNTS_FOR_MS ? `Temporal last answered ${Math.round(age / 1_000)} s ago` : undefined;
  }
}

/**
 * Asks Temporal for the namespace, again and again, until the signal aborts: pollers wait for up to a minute and try
 * again by themselves, so their state alone does not show a server that went away.
 */
export async function keepAsking(
  connection: NativeConnection,
  namespace: string,
  readiness: Readiness,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await connection.withDeadline(Date.now() + PATIENCE_MS, () =>
        connection.workflowService.describeNamespace({ namespace }),
      );
      readiness.answered();
    } catch (error) {
      readiness.unreachable(`Temporal does not answer: ${(error as Error).message}`);
    }
    readiness.problem();
    await sleep(readiness.everReady ? EVERY_MS : EVERY_MS / 10, undefined, { signal, ref: false }).catch(() => {});
  }
}
