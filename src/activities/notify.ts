import { ApplicationFailure, type Context } from '@temporalio/activity';
import type { ApplicationFailureOptions } from '@temporalio/common';
import type { Delivered, Delivery } from './contract.js';
import { messageOf, type Receiver, readReceivers } from './notify/receivers.js';
import { TOO_LATE, withTimeLimit } from './with-time-limit.js';

/** As long as a receiver may take to answer; the Standard Webhooks specification asks for 15 to 30 seconds. */
const TIMEOUT_MS = 20_000;
/** The longest time that a receiver may ask to be left alone, by `Retry-After`. */
const MOST_PATIENCE_S = 3_600;

/** The keys of the webhooks in `BACKFILL_WEBHOOK_URLS_FILE`. @throws ApplicationFailure, non-retryable, of type `NotifyMissing` */
export async function listReceivers(environment: NodeJS.ProcessEnv): Promise<string[]> {
  try {
    return (await readReceivers(environment)).map(({ key }) => key);
  } catch (error) {
    throw ApplicationFailure.nonRetryable((error as Error).message, 'NotifyMissing');
  }
}

/**
 * Sends notifications to one receiver, one request each, in their order. The file is read for each attempt, so that an
 * address or a secret that was replaced is used at once. How far it came is in the heartbeat: the next attempt continues there.
 *
 * @throws ApplicationFailure, always retryable, without the receiver's address in it: failures are part of a history
 */
export async function notify(delivery: Delivery, environment: NodeJS.ProcessEnv, context: Context): Promise<Delivered> {
  const known = await readReceivers(environment).catch((error: Error) => {
    throw failure(error.message);
  });
  const receivers = known.map(({ key }) => key);
  const receiver = known.find(({ key }) => key === delivery.receiver);
  if (!receiver) return { receivers };
  const sent = (context.info.heartbeatDetails as number | undefined) ?? 0;
  for (const notification of delivery.notifications) {
    if (notification.number <= sent) continue;
    if (receiver.events === undefined || receiver.events.includes(notification.type)) {
      const status = await post(receiver, messageOf(receiver, delivery, notification), context);
      if (status === 410) {
        context.log.warn('a webhook answered 410 Gone; this run sends it no more', { receiver: receiver.key });
        return { receivers, off: true };
      }
    }
    context.heartbeat(notification.number);
  }
  return { receivers };
}

/** @returns the status, if it is one that ends the matter */
async function post(
  { url, key }: Receiver,
  { headers, body }: { headers: Record<string, string>; body: string },
  context: Context,
): Promise<number> {
  let response: Response;
  try {
    response = await withTimeLimit(TIMEOUT_MS, context.cancellationSignal, async (signal) => {
      const answer = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
      await answer.body?.cancel();
      return answer;
    });
  } catch (error) {
    context.cancellationSignal.throwIfAborted();
    throw failure(`webhook ${key}: ${codeOf(error as Error)}`);
  }
  const { status } = response;
  if ((status >= 200 && status < 300) || status === 410) return status;
  const asked = Number(response.headers.get('retry-after'));
  const nextRetryDelay = asked > 0 ? Math.min(asked, MOST_PATIENCE_S) * 1_000 : undefined;
  throw failure(`webhook ${key} answered ${status}`, nextRetryDelay === undefined ? {} : { nextRetryDelay });
}

const failure = (message: string, options: ApplicationFailureOptions = {}): ApplicationFailure =>
  ApplicationFailure.create({ message, type: 'NotifyFailed', ...options });

/** Why a request failed, without the texts of Node, which name hosts and addresses. */
function codeOf(error: Error): string {
  if (error === TOO_LATE) return `no answer within ${TIMEOUT_MS / 1_000} s`;
  return (error.cause as NodeJS.ErrnoException | undefined)?.code ?? 'the request failed';
}
