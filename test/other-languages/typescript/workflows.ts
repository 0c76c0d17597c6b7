/**
 * `reindexconversations` as a TypeScript team would write it, failing in whatever way the customer id asks for, and the
 * parent through which failures of every language are recorded.
 */
import {
  ApplicationFailure,
  CancellationScope,
  executeChild,
  ParentClosePolicy,
  proxyActivities,
  sleep,
} from '@temporalio/workflow';
import type * as activities from './activities.js';

export interface ReindexInput {
  customerId: string;
  startTime: string;
  endTime: string;
}

export async function reindexconversations(input: ReindexInput): Promise<ReindexInput> {
  if (!input.customerId.startsWith('fail-')) return input;
  const kind = input.customerId.slice('fail-'.length);
  if (kind === 'wait' || kind === 'execution-timeout') {
    await sleep('1 hour');
    return input;
  }
  const afterDeadlock = kind === 'schedule-to-close-after-deadlock';
  const proxy = proxyActivities<typeof activities>({
    startToCloseTimeout: kind === 'start-to-close' ? '1s' : '1m',
    heartbeatTimeout: kind === 'heartbeat' ? '1s' : '20s',
    ...(afterDeadlock ? { scheduleToCloseTimeout: '2s' } : {}),
    retry: {
      initialInterval: '100ms',
      backoffCoefficient: 1,
      ...(afterDeadlock ? {} : { maximumAttempts: 1 }),
    },
  });
  if (kind === 'activity-not-registered') {
    await proxy.writeScorecards();
  } else if (kind === 'activity-cancelled') {
    const scope = new CancellationScope();
    const done = scope.run(() => proxy.reindexWindow(kind));
    await Promise.race([sleep('500ms'), done]);
    scope.cancel();
    await done;
  } else {
    await proxy.reindexWindow(kind);
  }
  return input;
}

export interface AwaitChildInput {
  childId: string;
  taskQueue: string;
  input: ReindexInput;
  executionTimeout?: string;
}

/** Fails with the very failure that a parent gets for its child, as the cause of its own. */
export async function awaitChild(options: AwaitChildInput): Promise<void> {
  try {
    await executeChild('reindexconversations', {
      args: [options.input],
      workflowId: options.childId,
      taskQueue: options.taskQueue,
      parentClosePolicy: ParentClosePolicy.TERMINATE,
      ...(options.executionTimeout ? { workflowExecutionTimeout: options.executionTimeout as '2s' } : {}),
    });
  } catch (error) {
    throw ApplicationFailure.create({ message: 'recorded', type: 'Recorded', cause: error as Error });
  }
}
