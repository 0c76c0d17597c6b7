import { formatDuration } from '../hours/duration.js';
import type { Ending } from '../state/lifecycle.js';
import { type NotificationType, queued } from '../state/notifications.js';
import type { State } from '../state/state.js';
import type { reportOf } from '../views/report.js';
import { counted } from '../words.js';

const TYPES: Record<Ending, NotificationType> = {
  completed: 'backfill.run.completed',
  cancelled: 'backfill.run.cancelled',
  incomplete: 'backfill.run.incomplete',
};

/** The ended run's state with its last notification: the report in five lines, its digest among them. */
export function endNotified(state: State, report: ReturnType<typeof reportOf>, at: number): State {
  if (!state.notifications) return state;
  const { outcome, totals, proof, audit, durationMs } = report;
  const { done, days, skipped, failed, held, waiting, windows } = totals;
  const left = [
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(held > 0 ? [`${held} held`] : []),
    ...(waiting > 0 ? [`${waiting} not started`] : []),
  ];
  const verified = proof.totals.verifiedDays;
  const lines = [
    `${outcome}: ${done} of ${days} days of ${counted(state.customers.length, 'customer')} done`,
    `left: ${left.length > 0 ? left.join(', ') : 'nothing'}`,
    `took ${formatDuration(durationMs)}: ${counted(windows.completed, 'window')} completed, ${windows.failed} failed and were tried again or given up`,
    verified > 0
      ? `verified: ${counted(verified, 'day')}, ${proof.totals.conversations} conversations, ${proof.totals.scorecards} scorecards`
      : 'verified: nothing was counted',
    `seal of proof and log: sha256 ${audit.seal}`,
  ];
  const notifications = queued(state.notifications, at, {
    type: TYPES[outcome],
    text: lines.join('\n'),
    command: 'report',
    facts: { outcome, days, done, skipped, failed, held, waiting, durationMs, seal: audit.seal },
  });
  return { ...state, notifications };
}
