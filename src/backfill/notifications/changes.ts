import { formatDay, formatTime } from '../hours/calendar.js';
import { formatDuration } from '../hours/duration.js';
import type { LogEntry } from '../state/log-entry.js';
import { type Notification, type Notifications, queued } from '../state/notifications.js';
import type { State } from '../state/state.js';
import { without } from '../state/update.js';
import { totalsOf } from '../views/progress.js';
import { pauseReason } from '../views/status.js';
import { counted } from '../words.js';

/** Days that fail are summed up after this time, so that an incident is one message; and then at most so often. */
const SUM_UP_AFTER_MS = 60_000;
const SUM_UP_EVERY_MS = 10 * 60_000;

type Change = Omit<Notification, 'number' | 'at'>;

/**
 * The state with a notification for each change between two states that a person away from the terminal wants to know
 * of. A state without `notifications` is returned as it is: its run was not asked to notify.
 */
export function notified(before: State, after: State, at: number): State {
  if (!after.notifications) return after;
  const entries = newEntries(before, after);
  let notifications = changesOf(before, after, entries).reduce((all, change) => queued(all, at, change), {
    ...after.notifications,
  } as Notifications);
  if (notifications.failedDaysAt === undefined && entries.some(isFailedDay)) {
    const { failedDaysSummedAt = Number.NEGATIVE_INFINITY } = notifications;
    const failedDaysAt = Math.max(at + SUM_UP_AFTER_MS, failedDaysSummedAt + SUM_UP_EVERY_MS);
    notifications = { ...notifications, failedDaysAt };
  }
  const { failedDaysAt = Number.POSITIVE_INFINITY } = notifications;
  if (at >= failedDaysAt || after.lifecycle.ended) notifications = withFailedDays(after, notifications, at);
  return { ...after, notifications };
}

function changesOf(before: State, after: State, entries: readonly LogEntry[]): Change[] {
  const [was, is] = [before.lifecycle, after.lifecycle];
  const changes: Change[] = [];
  const { by } = entries.findLast(({ kind }) => kind === 'command') ?? {};
  const who = by === undefined ? {} : { by };
  if (was.preparing && !is.preparing) changes.push(started(after));
  if (is.paused && is.paused !== was.paused) changes.push(paused(after, is.paused));
  if (was.paused && !is.paused) {
    changes.push({ type: 'backfill.run.resumed', text: `resumed${by === undefined ? '' : ` by ${by}`}`, ...who });
  }
  const [open, wasOpen] = [after.guard.breaker, before.guard.breaker];
  if (open && !wasOpen) {
    changes.push({
      type: 'backfill.breaker.opened',
      text: `the breaker opened: ${open.because}`,
      next: `nothing starts but one window in ${formatDuration(open.wait)}; its success closes the breaker`,
      command: 'resume',
      facts: { workflowId: open.workflowId, tryAt: formatTime(open.tryAt) },
    });
  }
  if (wasOpen && !open) {
    const text = `the breaker closed${by === undefined ? ': a window succeeded' : ` by ${by}`}; windows start again`;
    changes.push({ type: 'backfill.breaker.closed', text, ...who });
  }
  if (is.idleSince !== undefined && was.idleSince === undefined) changes.push(waitingForOperator(after, is.idleSince));
  return changes;
}

function started(state: State): Change {
  const { start, end } = state.options;
  const { days, done } = totalsOf(state);
  const customers = state.customers.length;
  const range = `${formatDay(start)} to ${formatDay(end)}`;
  const so = done > 0 ? `, ${done} of them done before` : '';
  return {
    type: 'backfill.run.started',
    text: `started: ${counted(days, 'day')} of ${counted(customers, 'customer')}, ${range}${so}`,
    next: `at most ${counted(state.parallelism.max, 'window')} at once`,
    facts: { customers, days, done },
  };
}

function paused(state: State, pause: NonNullable<State['lifecycle']['paused']>): Change {
  const { by, reason } = pause;
  const running = state.customers.reduce((sum, { windows }) => sum + windows.running.length, 0);
  return {
    type: 'backfill.run.paused',
    text: pauseReason('', pause),
    next: `${running > 0 ? `${counted(running, 'window')} in flight will finish; ` : ''}nothing starts until resume`,
    command: 'resume',
    ...(by === undefined ? {} : { by }),
    facts: { reason: reason ?? null, inFlight: running },
  };
}

function waitingForOperator(state: State, since: number): Change {
  const { failed, held, days } = totalsOf(state);
  return {
    type: 'backfill.run.waiting_for_operator',
    text: `only failed and held days are left: ${failed} failed, ${held} held of ${days}`,
    next: `ends as incomplete at ${formatTime(since + state.options.operatorTimeout)} unless a command comes first`,
    command: failed > 0 ? 'retry-failed' : 'resume',
    facts: { failed, held, days },
  };
}

/** Days that were tried again meanwhile, and have not failed again, are not worth a message. */
function withFailedDays(state: State, before: Notifications, at: number): Notifications {
  if (before.failedDaysAt === undefined) return before;
  const notifications = { ...without(before, 'failedDaysAt'), failedDaysSummedAt: at };
  const { failed, days } = totalsOf(state);
  const customers = state.customers.filter(({ hours }) => hours.failed.length > 0);
  if (failed === 0) return notifications;
  const named = customers.slice(0, 5).map(({ id }) => id);
  const more = customers.length > named.length ? ` and ${customers.length - named.length} more` : '';
  const problem = customers.flatMap(({ record }) => record.problems).find(({ class: kind }) => kind !== 'stopped');
  return queued(notifications, at, {
    type: 'backfill.days.failed',
    text: `${counted(failed, 'day')} of ${days} failed (${named.join(', ')}${more})${problem ? `, such as ${problem.workflowId}: ${problem.message}` : ''}`,
    next: 'all other days continue; failed days wait for a command',
    command: 'retry-failed',
    facts: { failed, days, customers: customers.length },
  });
}

const isFailedDay = (entry: LogEntry): boolean =>
  entry.kind === 'windowFailed' || (entry.kind === 'shortfall' && entry.finding.next === 'failed');

/** From the latest on that was there before: the very last may have been replaced by one that covers more. */
function newEntries({ record: before }: State, { record: { log } }: State): readonly LogEntry[] {
  if (before.log === log) return [];
  const known = new Set(before.log);
  return log.slice(log.findLastIndex((entry) => known.has(entry)) + 1);
}
