import type { Json } from '../json.js';

/**
 * The changes of a run that its webhooks are to learn of, and what each receiver has: plain data, carried from run to run.
 * Receivers are known by a key only, since their addresses are secrets.
 */
export interface Notifications {
  /** How many there were so far, which is the number of the latest. */
  count: number;
  /** Those that a receiver still lacks, oldest first; at most `MOST_QUEUED`. */
  queue: readonly Notification[];
  /** By a receiver's key: the number of the latest notification that it has; null once it has asked for no more. */
  receivers: Record<string, number | null>;
  /** When the days that failed lately are summed up, in ms since 1970. */
  failedDaysAt?: number;
  /** When failed days were last summed up. */
  failedDaysSummedAt?: number;
}

export const NOTIFICATION_TYPES = [
  'backfill.run.started',
  'backfill.run.paused',
  'backfill.run.resumed',
  'backfill.run.waiting_for_operator',
  'backfill.run.completed',
  'backfill.run.incomplete',
  'backfill.run.cancelled',
  'backfill.breaker.opened',
  'backfill.breaker.closed',
  'backfill.days.failed',
] as const;

export type NotificationType = (typeof NOTIFICATION_TYPES)[number];

/** One change of a run, as its receivers get it. `number` is the first one's 1, and never given twice in a run. */
export interface Notification {
  number: number;
  /** Ms since 1970. */
  at: number;
  type: NotificationType;
  /** What happened, and why. */
  text: string;
  /** What the run does next by itself. */
  next?: string;
  /** The command of `backfill` that overrules it. */
  command?: string;
  by?: string;
  /** The same as data, for programs. */
  facts?: Json;
}

/** With a dead receiver the oldest are dropped: a gap in the numbers shows it. */
export const MOST_QUEUED = 50;
/** As many as one activity sends. */
const MOST_AT_ONCE = 20;
const MAX_TEXT = 500;

export const noNotifications: Notifications = { count: 0, queue: [], receivers: {} };

/** The queue with one notification more. */
export function queued(before: Notifications, at: number, what: Omit<Notification, 'number' | 'at'>): Notifications {
  const number = before.count + 1;
  const notification = { number, at, ...what, text: what.text.slice(0, MAX_TEXT) };
  return trimmed({ ...before, count: number, queue: [...before.queue, notification] });
}

/** What a receiver lacks, as much as is sent at once; empty if nothing, or if it is not, or no longer, a receiver. */
export function lackedBy({ queue, receivers }: Notifications, key: string): Notification[] {
  const has = receivers[key];
  return has === undefined || has === null ? [] : queue.filter(({ number }) => number > has).slice(0, MOST_AT_ONCE);
}

/** Whether every receiver has everything. */
export const allDelivered = (notifications: Notifications): boolean =>
  Object.keys(notifications.receivers).every((key) => lackedBy(notifications, key).length === 0);

/** A receiver has all up to this number; null: it wants no more. */
export const delivered = (before: Notifications, key: string, upTo: number | null): Notifications =>
  key in before.receivers ? trimmed({ ...before, receivers: { ...before.receivers, [key]: upTo } }) : before;

/**
 * The receivers are these now. A new one gets what is still to come, and what those lack that are no longer there: an
 * address that has changed is a new receiver.
 */
export function withReceivers(before: Notifications, keys: readonly string[]): Notifications {
  const gone = Object.entries(before.receivers).flatMap(([key, has]) => (keys.includes(key) ? [] : (has ?? [])));
  const known = Object.keys(before.receivers).length > 0;
  const from = Math.min(known ? before.count : 0, ...gone);
  const receivers = Object.fromEntries(
    keys.map((key) => [key, key in before.receivers ? before.receivers[key]! : from]),
  );
  return trimmed({ ...before, receivers });
}

/** Without what every receiver has. While receivers are not known yet, all of it is kept. */
function trimmed(notifications: Notifications): Notifications {
  const { queue, receivers } = notifications;
  const positions = Object.values(receivers);
  const least = Math.min(...positions.map((has) => has ?? Number.POSITIVE_INFINITY));
  const wanted = positions.length === 0 ? queue : queue.filter(({ number }) => number > least);
  return { ...notifications, queue: wanted.slice(-MOST_QUEUED) };
}
