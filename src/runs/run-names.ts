import { formatDay, parseDay, startOfMonth } from '../backfill/hours/calendar.js';

/** Workflow ids of runs: `backfillscorecards-<cluster>-<range>`. */
export const WORKFLOW_TYPE = 'backfillScorecards';
export const RUN_PREFIX = 'backfillscorecards-';
/** Instead of a range, for the runs of a cluster's schedule. */
export const NIGHTLY = 'nightly';

/** `2026-01` for a whole calendar month, else `2026-01-05--2026-01-20`. */
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

const DAY = String.raw`\d{4}-\d{2}-\d{2}`;
// Temporal appends its time to the workflow id of a scheduled run.
const RUN_ID = new RegExp(
  String.raw`^${RUN_PREFIX}(.+?)-(?:\d{4}-\d{2}|${DAY}--${DAY}|${NIGHTLY}-${DAY}T\d{2}:\d{2}:\d{2}Z)$`,
);

/** The cluster in the workflow id of a run that the command or a schedule started; undefined for an id of another form. */
export const clusterNamed = (workflowId: string): string | undefined => RUN_ID.exec(workflowId)?.[1];
