import {
  type WorkflowExecutionStatusName,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import type { Progress } from '../../../src/backfill/views/progress.js';
import type { Script } from './script.js';
import { insist, type Stack } from './stack.js';

/** What came of a command, as far as its sender can know. */
export type Answer =
  | { kind: 'done'; did: string; updateId: string }
  | { kind: 'refused'; why: string }
  /** A signal has no answer; an Update may lose it with a server or a run that ends. */
  | { kind: 'unknown'; why: string };

/** One customer's window takes this long without a sign of life before its worker counts as dead. */
const HEARTBEAT_TIMEOUT_MS = 2_000;
const ANSWER_TIMEOUT_MS = 25_000;

/** A placeholder of `child.input`. */
const filled = (name: string) => `\${${name}}`;

/** The backfill of a round, as an operator sees it: one workflow id, started as often as needed. */
export class Backfill {
  readonly workflowId: string;
  /** Whom a new start must name: everyone that was ever asked for. */
  readonly customers: Set<string>;
  starts = 0;
  #updates = 0;

  constructor(
    private readonly stack: Stack,
    private readonly script: Script,
  ) {
    this.workflowId = `backfillscorecards-chaos${script.seed}`;
    this.customers = new Set(script.customers);
  }

  private get handle() {
    return this.stack.client.workflow.getHandle(this.workflowId);
  }

  /** Starts it, or, from the second time on, starts it again with `resume: true`. */
  async start(window = this.script.window): Promise<void> {
    const { start, end, parallelism, maxHistoryEvents, operatorTimeout } = this.script;
    const quick = { backoff: '200ms', maxBackoff: '1s' };
    const input = {
      customers: [...this.customers],
      start,
      end,
      window,
      parallelism,
      operatorTimeout,
      cluster: 'chaos',
      resume: this.starts > 0,
      notify: true,
      ...(maxHistoryEvents !== undefined && { maxHistoryEvents }),
      child: {
        input: [
          {
            customerId: filled('customerId'),
            startTime: filled('startTime'),
            endTime: filled('endTime'),
            options: { heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS, pageSize: 20 },
          },
        ],
      },
      retry: { timeout: quick, contention: quick, overload: { ...quick, attempts: 10 }, unknown: quick },
    };
    const options = { workflowId: this.workflowId, taskQueue: 'backfill-scorecards', args: [input] };
    await insist(() => this.stack.client.workflow.start('backfillScorecards', options)).catch((error: Error) => {
      // An answer that a crash of the server swallowed: the start that is asked for again has happened.
      if (error.name !== 'WorkflowExecutionAlreadyStartedError') throw error;
    });
    this.starts++;
  }

  async terminate(): Promise<void> {
    await insist(() => this.handle.terminate('chaos')).catch(ignoreNotFound);
  }

  async status(): Promise<WorkflowExecutionStatusName> {
    return (await insist(() => this.handle.describe())).status.name;
  }

  progress(): Promise<Progress> {
    return insist(() => this.handle.query<Progress>('progress'));
  }

  async command(name: string, argument: Record<string, unknown>, as: 'signal' | 'update'): Promise<Answer> {
    const { customers } = argument;
    if (Array.isArray(customers)) for (const id of customers) this.customers.add(String(id));
    if (as === 'signal') {
      const sent = insist(() => this.handle.signal(name, argument));
      return await sent.then(
        () => ({ kind: 'unknown', why: 'a signal' }) as const,
        (error: Error) => ({ kind: 'unknown', why: error.message }) as const,
      );
    }
    // The same id for every try, so that an answer lost with a server does not make it two commands of one run.
    const updateId = `${this.workflowId}-${++this.#updates}`;
    const ask = () =>
      this.stack.client.connection.withDeadline(Date.now() + ANSWER_TIMEOUT_MS, () =>
        this.handle.executeUpdate<{ did: string }, [unknown]>(name, { args: [argument], updateId }),
      );
    try {
      const { did } = await insist(ask, ANSWER_TIMEOUT_MS);
      return { kind: 'done', did, updateId };
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) return { kind: 'refused', why: String(error.cause?.message) };
      if (!(error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)) ignoreNotFound(error);
      return { kind: 'unknown', why: (error as Error).message };
    }
  }
}

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}
