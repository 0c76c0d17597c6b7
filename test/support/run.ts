import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import type { CustomerView } from '../../src/backfill/views/customer.js';
import type { LogView } from '../../src/backfill/views/log.js';
import type { Progress } from '../../src/backfill/views/progress.js';
import type { Proof } from '../../src/backfill/views/proof.js';
import type { Report } from '../../src/backfill/views/report.js';
import type { CommandAnswer } from '../../src/workflows/messages.js';
import { type HistoryEvent, inputsOf } from './history-events.js';

/** A child workflow's execution as Temporal recorded it. */
export interface Execution {
  workflowId: string;
  runId: string;
  status: string;
  /** In ms; `to` is infinite while it runs. */
  from: number;
  to: number;
}

const PATIENCE_MS = 45_000;
const POLL_MS = 60;

/** A run of `backfillScorecards`, as tests query and command it. */
export class BackfillHandle {
  constructor(
    readonly client: Client,
    readonly workflowId: string,
    /** Of its children's workflow ids. */
    readonly prefix: string,
  ) {}

  get handle(): WorkflowHandle {
    return this.client.workflow.getHandle(this.workflowId);
  }

  progress(): Promise<Progress> {
    return this.handle.query<Progress>('progress');
  }

  customer(customer: string): Promise<CustomerView> {
    return this.handle.query<CustomerView, [unknown]>('customer', { customer });
  }

  proof(customer: string): Promise<Proof> {
    return this.handle.query<Proof, [unknown]>('proof', { customer });
  }

  log(): Promise<LogView[]> {
    return this.handle.query<LogView[]>('log');
  }

  /** What each entry of the log says that happened. */
  async effects(): Promise<string[]> {
    return (await this.log()).map(({ effect }) => effect);
  }

  /** Waits for a state, and answers with it. */
  until(wanted: (progress: Progress) => boolean): Promise<Progress> {
    return until(() => this.progress(), wanted);
  }

  untilLog(wanted: (log: LogView[]) => boolean): Promise<LogView[]> {
    return until(() => this.log(), wanted);
  }

  signal(name: string, ...args: unknown[]): Promise<void> {
    return this.handle.signal<unknown[]>(name, ...args);
  }

  update(name: string, ...args: unknown[]): Promise<CommandAnswer> {
    return this.handle.executeUpdate<CommandAnswer, [unknown]>(name, { args: args as [unknown] });
  }

  /** The sentence that refuses an Update. */
  async refusal(name: string, ...args: unknown[]): Promise<string> {
    try {
      await this.update(name, ...args);
    } catch (error) {
      const { cause } = error as { cause?: Error };
      if (cause) return cause.message;
      throw error;
    }
    throw new Error(`${name} was not refused`);
  }

  async report(): Promise<Report> {
    return (await this.handle.result()) as Report;
  }

  /** Why it failed, was cancelled or terminated. */
  async failure(): Promise<Error & { type?: string; nonRetryable?: boolean; details?: unknown[] }> {
    try {
      await this.handle.result();
    } catch (error) {
      if (error instanceof WorkflowFailedError && error.cause) return error.cause;
      throw error;
    }
    throw new Error(`${this.workflowId} did not fail`);
  }

  childId(customer: string, window: string): string {
    return `${this.prefix}-${customer}-${window}`;
  }

  child(customer: string, window: string): WorkflowHandle {
    return this.client.workflow.getHandle(this.childId(customer, window));
  }

  /** Lets the windows of customers `slow-…` and `stubborn-…` complete, once they run. */
  async finish(customer: string, ...windows: string[]): Promise<void> {
    for (const window of windows) await untilDone(() => this.child(customer, window).signal('finish'));
  }

  /** The histories of its runs, from the first to the latest: one, unless it continued as new. */
  async histories(): Promise<HistoryEvent[][]> {
    const histories: HistoryEvent[][] = [];
    const first = (await this.handle.describe()).raw.workflowExecutionInfo?.firstRunId;
    for (let runId: string | null | undefined = first; runId; ) {
      const { events } = await this.client.workflow.getHandle(this.workflowId, runId).fetchHistory();
      histories.push(events ?? []);
      runId = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
    }
    return histories;
  }

  async events(): Promise<HistoryEvent[]> {
    return (await this.histories()).flat();
  }

  /** Waits until the run has continued as new so often. */
  untilContinued(times: number): Promise<HistoryEvent[][]> {
    return until(
      () => this.histories(),
      (histories) => histories.length > times,
    );
  }

  /** What its runs passed to an activity, call by call. */
  async inputsOf<Input>(activity: string): Promise<Input[]> {
    return inputsOf<Input>(await this.events(), activity);
  }

  /** Every child that its runs started, in the order of their starts, with the times that Temporal recorded. */
  async children(): Promise<Execution[]> {
    const started = (await this.events()).flatMap(({ childWorkflowExecutionStartedEventAttributes: event }) =>
      event?.workflowExecution ? [event.workflowExecution] : [],
    );
    return Promise.all(started.map(({ workflowId, runId }) => execution(this.client, workflowId!, runId!)));
  }

  /** Waits until so many children of the run have started. */
  untilStarted(count: number): Promise<Execution[]> {
    return until(
      () => this.children(),
      (children) => children.length === count,
    );
  }

  /** The ids of the children that its runs started, without their prefix. */
  async started(): Promise<string[]> {
    return (await this.events()).flatMap(({ startChildWorkflowExecutionInitiatedEventAttributes: event }) =>
      event ? [event.workflowId!.slice(this.prefix.length + 1)] : [],
    );
  }

  /** Every execution of its prefix that visibility lists, once there are `count` of them, and `completed` as it says too. */
  async listed(count: number, completed = 0): Promise<Execution[]> {
    return until(
      async () => {
        const executions: Execution[] = [];
        for await (const info of this.client.workflow.list({ query: `WorkflowId STARTS_WITH "${this.prefix}-"` })) {
          executions.push(asExecution(info));
        }
        return executions;
      },
      (executions) =>
        executions.length >= count && executions.filter(({ status }) => status === 'COMPLETED').length >= completed,
    );
  }
}

/** Asks again until the answer is as wanted; gives up loudly. An answer, and never a time, shows that a state is there. */
export async function until<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  for (const deadline = Date.now() + PATIENCE_MS; ; await sleep(POLL_MS)) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > deadline) {
      throw new Error(`not within ${PATIENCE_MS} ms: ${wanted}\nThe latest answer: ${JSON.stringify(answer, null, 1)}`);
    }
  }
}

/** Does it again until it does not fail. */
export async function untilDone(work: () => Promise<unknown>): Promise<void> {
  const done = () =>
    work().then(
      () => true,
      () => false,
    );
  await until(done, Boolean);
}

async function execution(client: Client, workflowId: string, runId: string): Promise<Execution> {
  return asExecution(await client.workflow.getHandle(workflowId, runId).describe());
}

function asExecution(info: {
  workflowId: string;
  runId: string;
  status: { name: string };
  startTime: Date;
  closeTime?: Date;
}): Execution {
  const { workflowId, runId, status, startTime, closeTime } = info;
  const to = closeTime?.getTime() ?? Number.POSITIVE_INFINITY;
  return { workflowId, runId, status: status.name, from: startTime.getTime(), to };
}

/** The most executions that were open at the same moment. One that starts in the ms in which another ends does not overlap it. */
export function mostAtOnce(executions: readonly Execution[]): number {
  const moments = executions.flatMap(({ from, to }) => [
    { at: from, change: 1 },
    { at: Math.max(to, from + 1), change: -1 },
  ]);
  moments.sort((a, b) => a.at - b.at || a.change - b.change);
  let open = 0;
  let most = 0;
  for (const { change } of moments) {
    open += change;
    most = Math.max(most, open);
  }
  return most;
}
