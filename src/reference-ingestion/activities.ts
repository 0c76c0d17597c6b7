import { Context, log } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type pg from 'pg';
import { inTransaction } from './database.js';
import type { Execution, ExecutionLog } from './executions.js';
import { toActivityFailure } from './failures.js';
import { type Fault, strike, strikesAfterPages, strikesIn, withHole } from './faults.js';
import { compareAgents, type Position, readPage, refreshAggregates, writeScorecards } from './pages.js';
import { between, seededRandom } from './random.js';
import type { WindowResult, WindowTask } from './window.js';

/** What the activities work on. */
export interface Dependencies {
  executions: ExecutionLog;
  /** Without it, windows are empty: each takes a random time within `emptyWindowMs` and writes nothing. */
  pool?: pg.Pool;
  emptyWindowMs: DurationRange;
}

/** From and to, in ms, both included. */
export type DurationRange = readonly [least: number, most: number];

/** The details of a heartbeat: where the next attempt continues, and what has been done so far. */
interface Progress {
  position?: Position;
  conversations: number;
  scorecards: number;
  pages: number;
}

export type Activities = ReturnType<typeof createActivities>;

/** The activities of the ingestion worker. */
export function createActivities({ executions, pool, emptyWindowMs }: Dependencies) {
  return {
    /**
     * Reindexes a window page by page, each page in one transaction, heartbeats the position after each commit, and
     * continues from there in a later attempt.
     *
     * @throws ApplicationFailure of type `DatabaseError` with the SQLSTATE, or `NotFound` for an unknown customer
     */
    async reindexWindow(task: WindowTask): Promise<WindowResult> {
      const context = Context.current();
      const execution: Execution = {
        ...task,
        ...context.info.workflowExecution!,
        activityAttempt: context.info.attempt,
      };
      try {
        const { customerExists, fault } = await executions.begin(execution);
        if (!customerExists) {
          throw ApplicationFailure.nonRetryable(`expected a known customer, got ${task.customerId}`, 'NotFound');
        }
        const attempt = new Attempt(task, context, fault);
        const result = await attempt.run(pool, emptyWindowMs);
        await executions.end(execution, 'completed');
        return result;
      } catch (error) {
        const stopped = context.cancellationDetails?.cancelRequested === true;
        await executions.end(execution, stopped ? 'cancelled' : 'failed', error).catch((failed: unknown) => {
          log.warn('could not record how the window ended', { error: String(failed) });
        });
        throw failureOf(error, context);
      }
    },
  };
}

/** One attempt at one window: its position, and the fault that is injected into it. */
class Attempt {
  readonly #task: WindowTask;
  readonly #context: Context;
  readonly #resumedFrom: string | undefined;
  readonly #progress: Progress;
  #fault: Fault | undefined;
  #hole: Fault | undefined;

  constructor(task: WindowTask, context: Context, fault: Fault | undefined) {
    const before = context.info.heartbeatDetails as Progress | undefined;
    this.#task = task;
    this.#context = context;
    this.#resumedFrom = before?.position?.id;
    this.#progress = before ?? { conversations: 0, scorecards: 0, pages: 0 };
    if (fault && strikesIn(fault, context.info.attempt)) {
      this.#fault = fault;
      if (fault.kind === 'hole') this.#hole = fault;
    }
  }

  async run(pool: pg.Pool | undefined, emptyWindowMs: DurationRange): Promise<WindowResult> {
    if (this.#fault && strikesAfterPages(this.#fault) === undefined) await this.#strike();
    if (pool) await this.#reindex(pool);
    else await this.#context.sleep(this.#emptyDuration(emptyWindowMs));
    // A window that was too small for its fault to strike in a page is struck here.
    await this.#strike();
    const { conversations, scorecards, pages } = this.#progress;
    const result = { customerId: this.#task.customerId, conversations, scorecards, pages };
    return this.#resumedFrom === undefined ? result : { ...result, resumedFrom: this.#resumedFrom };
  }

  /** A different duration for each window, so that windows that start together do not end together. */
  #emptyDuration([least, most]: DurationRange): number {
    const { customerId, startTime } = this.#task;
    return between(seededRandom(customerId, startTime), least, most);
  }

  async #reindex(pool: pg.Pool): Promise<void> {
    const { customerId, options } = this.#task;
    const signal = this.#context.cancellationSignal;
    const progress = this.#progress;
    // A statement that outlives the heartbeat timeout is no longer waited for. Heartbeats are sent up to a second late, and
    // the limit must not end a statement before that timeout.
    const limits = { signal, statementTimeoutMs: options.heartbeatTimeoutMs + 1_500 };

    for (;;) {
      const page = await readPage(pool, this.#task, progress.position, options.pageSize);
      if (page.length > 0) {
        const scored = withHole(this.#hole, page);
        const { startedAt, id } = page.at(-1)!;
        const position = { startedAt, id };
        if (options.scoringMs > 0) await this.#context.sleep(page.length * options.scoringMs);
        const written = await inTransaction(pool, limits, async (transaction) => {
          const count = await writeScorecards(transaction, customerId, scored);
          if (this.#fault && progress.pages >= (strikesAfterPages(this.#fault) ?? 0)) {
            if (this.#fault.parameters.ahead) this.#context.heartbeat({ ...progress, position });
            await this.#strike();
          }
          await refreshAggregates(transaction, customerId, scored);
          return count;
        });
        progress.position = position;
        progress.conversations += page.length;
        progress.scorecards += written;
        progress.pages += 1;
        this.#context.heartbeat(progress);
      }
      signal.throwIfAborted();
      if (page.length < options.pageSize) break;
    }
    if (progress.conversations > 0) {
      await inTransaction(pool, limits, (transaction) => compareAgents(transaction, this.#task));
    }
  }

  async #strike(): Promise<void> {
    const fault = this.#fault;
    this.#fault = undefined;
    if (fault) await strike(fault, this.#context, () => this.#context.heartbeat(this.#progress));
  }
}

function failureOf(error: unknown, context: Context): unknown {
  if (!context.cancellationSignal.aborted) return toActivityFailure(error);
  // When the worker shuts down, the window was not cancelled: another worker continues it.
  if (context.cancellationDetails?.workerShutdown === true) {
    return ApplicationFailure.retryable('the worker is shutting down', 'WorkerShutdown');
  }
  return error instanceof CancelledFailure ? error : new CancelledFailure('cancelled');
}
