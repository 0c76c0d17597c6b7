import { RawValue, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  type ChildWorkflowHandle,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  proxyActivities,
  startChild,
} from '@temporalio/workflow';
import { completion } from '../activities/completion.js';
import type { Activities, WindowOutcome } from '../activities/contract.js';
import { classify } from '../backfill/failures/classify.js';
import { describe } from '../backfill/hours/calendar.js';
import type { Interval } from '../backfill/hours/interval.js';
import type { WindowKey } from '../backfill/hours/window.js';
import { type Json, jsonBytes } from '../backfill/json.js';
import type { ChildOptions } from '../backfill/request/options.js';
import { fillTemplate } from '../backfill/request/template.js';
import { inFlight, workflowIdOf } from '../backfill/state/in-flight.js';
import { runningWindow } from '../backfill/state/update.js';
import { causeChain } from './cause-chain.js';
import type { BackfillRun } from './run.js';
import type { Visibility } from './visibility.js';

const { followWindow } = proxyActivities<Activities>({
  // As long as a workflow may take: only the heartbeat shows that no worker follows any more.
  startToCloseTimeout: '3650 days',
  heartbeatTimeout: '30 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
});

/** The server takes no task of more than 4 MB: the arguments of the starts that wait for their answer are no more than so many bytes. */
const MOST_STARTING_BYTES = 1_000_000;

/**
 * The child workflows of this run: starts or adopts each window's workflow, awaits it, and reports to the run how it ended. By
 * callbacks, since the SDK records a stack trace for each promise, and an async function makes several.
 *
 * Children are started with ABANDON: when this run continues as new they continue, and the next run follows them by an
 * activity, since Temporal reports a child's end only to the run that started it.
 */
export class Children {
  /** Starts whose answer is still to come. A start that is open when the run continues as new would never happen. */
  starting = 0;
  private readonly cancelSent = new Set<string>();
  private readonly mostStarting: number;

  constructor(
    private readonly run: BackfillRun,
    private readonly visibility: Visibility,
  ) {
    this.mostStarting = Math.ceil(MOST_STARTING_BYTES / jsonBytes(run.state.options.child.input));
  }

  /** Whether one start more fits into a task; the answer to one that waits wakes the run. */
  get mayStart(): boolean {
    return this.starting < this.mostStarting;
  }

  start(key: WindowKey): void {
    this.starting++;
    this.startWorkflow(key).then(
      (handle) => {
        this.startAnswered();
        this.run.happened({ kind: 'windowIdentified', ...key, runId: handle.firstExecutionRunId });
        this.carry(key, handle.result(), completion);
      },
      (error) => {
        this.startAnswered();
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) return this.failed(key, error);
        this.run.happened({ kind: 'windowAdopted', ...key });
        this.follow(key);
      },
    );
  }

  /** Awaits a window that is in flight already: of an earlier run of this workflow, or adopted. */
  follow(key: WindowKey): void {
    // After what the first task does besides: in that order histories have it.
    void Promise.resolve().then(() => this.carry(key, followWindow(this.execution(key)), (outcome) => outcome));
  }

  /**
   * Asks every marked window's workflow to cancel, once. It ends in its own time and way. Asked by workflow id alone: a
   * workflow that has continued as new is no longer the run that was started, and would not hear of it.
   */
  cancelMarked(): void {
    for (const { customer, window } of inFlight(this.run.state)) {
      if (!window.cancelRequested || (!window.runId && !window.adopted)) continue;
      const id = workflowIdOf(this.run.state, customer, window.hours);
      const execution = `${id} ${window.startedAt}`;
      if (this.cancelSent.has(execution)) continue;
      this.cancelSent.add(execution);
      // Refused when it has ended meanwhile; then its completion is still in transit.
      getExternalWorkflowHandle(id)
        .cancel()
        .catch(() => {});
    }
  }

  private startAnswered(): void {
    this.starting--;
    this.run.wake();
  }

  private carry<T>(key: WindowKey, end: Promise<T>, outcomeOf: (ended: T) => WindowOutcome): void {
    end.then(
      (ended) => {
        const outcome = outcomeOf(ended);
        if (!outcome.completed) return this.run.happened({ kind: 'windowFailed', ...key, failure: outcome.failure });
        const { completed: _, ...measured } = outcome;
        this.run.happened({ kind: 'windowCompleted', ...key, ...measured });
      },
      (error) => this.failed(key, error),
    );
  }

  private failed(key: WindowKey, error: unknown): void {
    this.run.happened({ kind: 'windowFailed', ...key, failure: classify(causeChain(error)) });
  }

  private execution({ customer: index, hours }: WindowKey): { workflowId: string; runId?: string } {
    const customer = this.run.state.customers[index]!;
    const workflowId = workflowIdOf(this.run.state, customer, hours);
    const runId = runningWindow(customer, hours)?.runId;
    return runId === undefined ? { workflowId } : { workflowId, runId };
  }

  private startWorkflow({ customer: index, hours }: WindowKey): Promise<ChildWorkflowHandle<() => Promise<unknown>>> {
    const customer = this.run.state.customers[index]!;
    const { child } = this.run.state.options;
    return startChild(child.workflowType, {
      workflowId: workflowIdOf(this.run.state, customer, hours),
      taskQueue: child.taskQueue,
      args: childArguments(child, customer.id, hours) as [],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `${customer.id} ${describe([hours])}`,
      // Fairness by customer keeps one customer's backlog from starving the others'. It does nothing for other
      // workflows on the queue, which priorityKey is for (docs/performance.md). Keys hold 64 bytes.
      priority: { fairnessKey: customer.id.slice(0, 64), ...child.priority },
      ...(child.executionTimeout === undefined ? {} : { workflowExecutionTimeout: child.executionTimeout }),
      typedSearchAttributes: this.visibility.ofWindow(customer.id),
    });
  }
}

/**
 * The child's arguments in the encoding asked for. Hazard: a worker whose argument is a protobuf message may take plain
 * JSON without an error and start with an EMPTY message; `json/protobuf` names the message, and arrives whole.
 */
function childArguments(child: ChildOptions, customer: string, hours: Interval): unknown[] {
  const values = fillTemplate(child.input, customer, hours);
  if (child.encoding === 'json/plain') return values;
  const encode = (text: string) => new TextEncoder().encode(text);
  const metadata = { encoding: encode(child.encoding), messageType: encode(child.messageType ?? '') };
  return values.map((value: Json) => RawValue.fromPayload({ metadata, data: encode(JSON.stringify(value)) }));
}
