import {
  condition,
  ParentClosePolicy,
  proxyActivities,
  setWorkflowOptions,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities, Delivered, Delivery } from '../activities/contract.js';
import {
  allDelivered,
  delivered,
  lackedBy,
  type Notifications,
  withReceivers,
} from '../backfill/state/notifications.js';
import { lastingFault, persistently } from './attempts.js';
import { invalidInput } from './invalid-input.js';
import type { BackfillRun } from './run.js';

/**
 * Sends a run's notifications. Each receiver has an activity of its own, which Temporal tries again for as long as it
 * takes: one that is away holds up neither another receiver nor a window, and costs the history nothing.
 */

const RETRY = { initialInterval: '1 second', maximumInterval: '5 minutes' } as const;
const AN_ATTEMPT = { startToCloseTimeout: '10 minutes', heartbeatTimeout: '1 minute', retry: RETRY } as const;

const { notify } = proxyActivities<Activities>(AN_ATTEMPT);
const { listReceivers } = proxyActivities<Activities>({
  startToCloseTimeout: '1 minute',
  retry: { maximumAttempts: 1 },
});

/** How long a run that ends waits for its last notifications, before it leaves them to a workflow of their own. */
const LAST_WAIT = '5 seconds';
/** And how long that workflow tries. */
const GIVE_UP_AFTER = '3 days';

/** Before anything has started: a worker that knows no webhook is a mistake in what was asked for. */
export async function learnReceivers(run: BackfillRun): Promise<void> {
  if (!run.state.notifications) return;
  try {
    const receivers = await persistently(run, () => listReceivers());
    run.happened({ kind: 'receiversKnown', receivers });
  } catch (error) {
    const got = lastingFault(error)?.message;
    if (got === undefined) throw error;
    const expected = 'false, or a worker with BACKFILL_WEBHOOK_URLS_FILE';
    throw invalidInput([{ field: 'notify', expected, got }]);
  }
}

export async function keepNotifying(run: BackfillRun): Promise<void> {
  if (!run.state.notifications) return;
  void sumUpFailedDays(run);
  await sendToAll({
    look: () => run.state.notifications!,
    from: senderOf(run),
    send: notify,
    happened: (event) => run.happened(event),
  });
}

/** A receiver that is away must not keep a run open: what it lacks is left to a workflow that outlives the run. */
export async function deliverRest(run: BackfillRun): Promise<void> {
  if (!run.state.notifications || (await condition(() => allDelivered(run.state.notifications!), LAST_WAIT))) return;
  const sender = senderOf(run);
  await startChild(backfillNotifications, {
    workflowId: `${sender.workflowId}-notifications-${sender.firstRunId}`,
    args: [run.state.notifications, sender],
    parentClosePolicy: ParentClosePolicy.ABANDON,
  });
}

// A pinned one would keep the workers of its build for days. Its few commands must replay under every later build. The
// server takes no behavior from a worker that is of no deployment.
setWorkflowOptions(
  () => (!workflowInfo().currentDeploymentVersion?.deploymentName ? {} : { versioningBehavior: 'AUTO_UPGRADE' }),
  backfillNotifications,
);

/** Delivers what a run could not before it ended: a few rows of history, however long a receiver is away. */
export async function backfillNotifications(notifications: Notifications, from: Sender): Promise<void> {
  const { notify: send } = proxyActivities<Activities>({ ...AN_ATTEMPT, scheduleToCloseTimeout: GIVE_UP_AFTER });
  let now = notifications;
  void sendToAll({
    look: () => now,
    from,
    send,
    happened: (event) => {
      now =
        event.kind === 'receiversKnown'
          ? withReceivers(now, event.receivers)
          : delivered(now, event.receiver, event.off ? null : event.upTo);
    },
  });
  await condition(() => allDelivered(now));
}

type Sender = Pick<Delivery, 'workflowId' | 'firstRunId' | 'cluster'>;
type DeliveryEvent =
  | { kind: 'receiversKnown'; receivers: string[] }
  | { kind: 'notificationsDelivered'; receiver: string; upTo: number; off?: true };

interface Outbox {
  look(): Notifications;
  from: Sender;
  send(delivery: Delivery): Promise<Delivered>;
  happened(event: DeliveryEvent): void;
}

function senderOf({ state }: BackfillRun): Sender {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  const { cluster } = state.options;
  return { workflowId, firstRunId: firstExecutionRunId, ...(cluster !== undefined && { cluster }) };
}

/** Follows the receivers as they come and go, each by a loop of its own. */
async function sendToAll(outbox: Outbox): Promise<never> {
  const sending = new Set<string>();
  const without = () => Object.keys(outbox.look().receivers).filter((key) => !sending.has(key));
  for (;;) {
    await condition(() => without().length > 0);
    for (const key of without()) {
      sending.add(key);
      void sendTo(outbox, key).finally(() => sending.delete(key));
    }
  }
}

async function sendTo(outbox: Outbox, key: string): Promise<void> {
  for (;;) {
    const lacks = () => lackedBy(outbox.look(), key);
    await condition(() => !(key in outbox.look().receivers) || lacks().length > 0);
    const notifications = lacks();
    const latest = notifications.at(-1);
    if (!latest) return;
    const given = { kind: 'notificationsDelivered', receiver: key, upTo: latest.number } as const;
    try {
      const { receivers, off } = await outbox.send({ ...outbox.from, receiver: key, notifications });
      outbox.happened({ kind: 'receiversKnown', receivers });
      // One that is no longer in the file has got nothing, and what it lacks is its successor's.
      if (receivers.includes(key)) outbox.happened({ ...given, ...(off && { off }) });
    } catch {
      outbox.happened(given);
    }
  }
}

async function sumUpFailedDays(run: BackfillRun): Promise<never> {
  for (;;) {
    await condition(() => run.state.notifications?.failedDaysAt !== undefined);
    const wait = run.state.notifications!.failedDaysAt! - Date.now();
    if (wait > 0) await sleep(wait, { summary: 'until failed days are summed up in a notification' });
    run.accept(run.state);
  }
}
