import {
  condition,
  continueAsNew,
  executeChild,
  ParentClosePolicy,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';

/** Empty windows, and the parents that `backfillScorecards` is measured against. */

/**
 * A window in which nothing is to be done: what is left is the cost of starting it and of learning that it has ended.
 * With `takesMs` it waits so long.
 */
export async function reindexconversations({ takesMs }: { takesMs?: number }): Promise<void> {
  if (takesMs) await sleep(takesMs);
}

export interface Work {
  /** How the windows' workflow ids begin. */
  prefix: string;
  taskQueue: string;
  windows: number;
  limit: number;
  /** The first window that is not started yet. Default 0. */
  next?: number;
}

const child = ({ prefix, taskQueue }: Work, index: number) => ({
  workflowId: `${prefix}-${index}`,
  taskQueue,
  args: [{ customerId: String(index), startTime: '2026-01-01T00:00:00Z', endTime: '2026-01-02T00:00:00Z' }],
  parentClosePolicy: ParentClosePolicy.ABANDON,
});

/** The smallest possible bounded parent: as many lanes as there may be windows, each of which awaits one after the other. */
export async function boundedParent(work: Work): Promise<void> {
  let { next = 0 } = work;
  const lane = async () => {
    while (next < work.windows && !workflowInfo().continueAsNewSuggested) {
      await executeChild('reindexconversations', child(work, next++));
    }
  };
  await Promise.all(Array.from({ length: work.limit }, lane));
  if (next < work.windows) await continueAsNew<typeof boundedParent>({ ...work, next });
}

/** Awaits each start in turn before the next, as Temporal's sliding-window sample does. */
export async function slidingWindow(work: Work): Promise<void> {
  let { next = 0 } = work;
  let inFlight = 0;
  while (next < work.windows && !workflowInfo().continueAsNewSuggested) {
    await condition(() => inFlight < work.limit);
    const handle = await startChild('reindexconversations', child(work, next++));
    inFlight++;
    void handle.result().finally(() => inFlight--);
  }
  await condition(() => inFlight === 0);
  if (next < work.windows) await continueAsNew<typeof slidingWindow>({ ...work, next });
}
