import { intervalBetween } from '../../backfill/hours/calendar.js';
import type { Interval } from '../../backfill/hours/interval.js';
import { daysTouched } from '../../backfill/state/ledger.js';
import type { ClusterReport, WindowRecord } from './document.js';

export const hoursOf = ({ from, to }: WindowRecord): Interval => intervalBetween(from, to);

/**
 * When the check of each completed window ended, in ms since 1970; without a time while it waits for its check. Undefined for
 * a run that verifies nothing. A check takes the windows that have waited longest, and the log has how many days it took.
 */
export function checkTimes({
  customers,
  windows,
  log,
}: Pick<ClusterReport, 'customers' | 'windows' | 'log'>): Map<WindowRecord, number> | undefined {
  const checks = log.flatMap(({ at, fact }): { at: number; days: number }[] => {
    const { kind } = fact;
    if (kind === 'verified' || kind === 'verificationFailed') return [{ at: Date.parse(at), days: fact.days }];
    // What still waits for its check then is done without it.
    return kind === 'runEnded' ? [{ at: Date.parse(at), days: Number.POSITIVE_INFINITY }] : [];
  });
  const verifies = checks.some(({ days }) => Number.isFinite(days)) || customers.some(({ days }) => days.includes('v'));
  if (!verifies) return undefined;
  // Those that a run resumed from were checked before its own.
  const found = log.reduce((days, { fact }) => days + (fact.kind === 'resumed' ? fact.hours / 24 : 0), 0);
  const times = new Map<WindowRecord, number>();
  const completed = windows.filter(({ status }) => status === 'completed');
  completed.sort((a, b) => (a.closedAt! < b.closedAt! ? -1 : 1));
  let behind = found;
  let [next, room] = [0, 0];
  for (const window of completed) {
    behind += daysTouched([hoursOf(window)]);
    while (room < behind && next < checks.length) room += checks[next++]!.days;
    if (room >= behind) times.set(window, Math.max(checks[next - 1]!.at, Date.parse(window.closedAt!)));
  }
  return times;
}
