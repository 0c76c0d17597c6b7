import {
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  defineSignal,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';
import type { ChildActivities } from './activities.js';

const { countTry, takeAWhile } = proxyActivities<ChildActivities>({ startToCloseTimeout: '1 minute' });
const { takeTooLong } = proxyActivities<ChildActivities>({
  startToCloseTimeout: '200 milliseconds',
  retry: { maximumAttempts: 1 },
});

const { beatOnce } = proxyActivities<ChildActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '20 seconds',
});

const THREE_DAYS = 3 * 24 * 60 * 60 * 1_000;

export interface ReindexRequest {
  customerId: string;
  startTime: string;
  endTime: string;
  /** Set by the workflow itself, for `renewed-…`. */
  continued?: true;
}

/**
 * A scripted stand-in for `reindexconversations`. What it does stands in the first word of the customer's id, so that
 * a test reads as a story. Any other customer's windows complete at once.
 */
export async function reindexconversations(request: ReindexRequest, ...more: unknown[]): Promise<unknown> {
  let finished = false;
  setHandler(defineSignal('finish'), () => {
    finished = true;
  });
  const behaviour = request.customerId?.split('-')[0];
  switch (behaviour) {
    /** Waits for the signal `finish`. */
    case 'slow':
      await condition(() => finished);
      break;
    /** Waits for the signal `finish` even when asked to cancel. */
    case 'stubborn':
      await CancellationScope.nonCancellable(() => condition(() => finished));
      break;
    /** Its activity sends one heartbeat, a quarter of the way, then none until the signal `finish`. */
    case 'beating':
      await CancellationScope.cancellable(async () => {
        const beating = beatOnce({ done: 25, total: 100 });
        await Promise.race([beating, condition(() => finished)]);
        CancellationScope.current().cancel();
      }).catch(() => {});
      break;
    /** Takes a while. */
    case 'brief':
      await takeAWhile();
      break;
    /** Times out if its window is longer than three days. */
    case 'large':
      if (Date.parse(request.endTime) - Date.parse(request.startTime) > THREE_DAYS) await takeTooLong();
      break;
    /** Says how many conversations it worked on: `measured-900`. */
    case 'measured':
      return { conversations: Number(request.customerId.split('-')[1]) };
    /** Continues as new, then waits for the signal `finish`. */
    case 'renewed':
      if (!request.continued) await continueAsNew<typeof reindexconversations>({ ...request, continued: true });
      await condition(() => finished);
      break;
    /** Fails its first two tries, for no reason that anyone knows. */
    case 'shaky':
      if ((await countTry()) <= 2) throw ApplicationFailure.create({ message: 'something odd', type: 'Odd' });
      break;
    /** Always fails, for no reason that anyone knows. */
    case 'flaky':
      throw ApplicationFailure.create({ message: 'something odd', type: 'Odd' });
    case 'broken':
      throw ApplicationFailure.nonRetryable('no such customer', 'NotFound');
    /** Fails its first try. */
    case 'deadlocked':
      if ((await countTry()) === 1) throw databaseFailure('40P01', 'deadlock detected');
      break;
    /** Fails its first try. */
    case 'overloaded':
      if ((await countTry()) === 1) throw databaseFailure('53300', 'sorry, too many clients already');
      break;
  }
  return more.length > 0 ? [request, ...more] : request;
}

function databaseFailure(code: string, message: string): ApplicationFailure {
  return ApplicationFailure.create({ message, type: 'DatabaseError', details: [{ code }] });
}
