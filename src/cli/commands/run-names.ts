import { formatDay, parseDay, startOfMonth } from '../../backfill/calendar.js';

/** Workflow ids of runs: `backfillscorecards-<cluster>-<range>`. */
export const WORKFLOW_TYPE = 'backfillScorecards';
export const RUN_PREFIX = 'backfillscorecards-';

/** `2026-01` for a whole calendar month, else `2026-01-05--2026-01-20`; days as given if they are none. */
export function rangeName(start: string, end: string): string {
  const [from, to] = [parseDay(start), parseDay(end)];
  const month = from !== undefined && to !== undefined && start.endsWith('-01') && startOfMonth(from, 1) === to;
  return month ? start.slice(0, 7) : `${start}--${end}`;
}

/** The range that a name such as `2026-01` or `2026-01-05--2026-01-20` means, `end` exclusive; undefined for others. */
export function rangeNamed(name: string): { start: string; end: string } | undefined {
  if (/^\d{4}-\d{2}$/.test(name)) {
    const from = parseDay(`${name}-01`);
    return from === undefined ? undefined : { start: `${name}-01`, end: formatDay(startOfMonth(from, 1)) };
  }
  const [start = '', end = '', ...more] = name.split('--');
  if (more.length > 0 || parseDay(start) === undefined || parseDay(end) === undefined) return undefined;
  return { start, end };
}

export const runId = (cluster: string, start: string, end: string): string =>
  `${RUN_PREFIX}${cluster}-${rangeName(start, end)}`;
