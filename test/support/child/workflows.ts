import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineSignal,
  setHandler,
  sleep,
} from '@temporalio/workflow';

/**
 * A scripted stand-in for `reindexconversations`. What it does stands in the customer's id, so that a test reads as a
 * story: `slow-…` waits for the signal `finish`, `brief-…` takes 300 ms, `broken-…` fails non-retryably,
 * `flaky-…` fails, `stubborn-…` waits for `finish` and ignores a cancel. Any other customer's windows complete at once.
 */
export async function reindexconversations(request: { customerId: string; startTime: string; endTime: string }) {
  const { customerId } = request;
  let finished = false;
  setHandler(defineSignal('finish'), () => {
    finished = true;
  });
  if (customerId.startsWith('slow-')) await condition(() => finished);
  if (customerId.startsWith('brief-')) await sleep(300);
  if (customerId.startsWith('stubborn-')) await CancellationScope.nonCancellable(() => condition(() => finished));
  if (customerId.startsWith('broken-')) throw ApplicationFailure.nonRetryable('no such customer', 'NotFound');
  if (customerId.startsWith('flaky-')) throw ApplicationFailure.create({ message: 'something odd', type: 'Odd' });
  return request;
}
