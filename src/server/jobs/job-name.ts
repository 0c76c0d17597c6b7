import { parseDay } from '../../backfill/hours/calendar.js';
import { rangeNamed } from '../../runs/run-names.js';
import type { Days } from './filter/conditions.js';

/** `clusters/<cluster>/jobs/<workflow id>` */
export const jobName = ({ cluster, workflowId }: { cluster: string; workflowId: string }): string =>
  `clusters/${cluster}/jobs/${workflowId}`;

/** Undefined for a text that is no job's name. */
export function jobNamed(name: string): { cluster: string; workflowId: string } | undefined {
  const [, cluster, workflowId] = /^clusters\/([^/]{1,200})\/jobs\/(.{1,1000})$/s.exec(name) ?? [];
  return cluster === undefined || workflowId === undefined ? undefined : { cluster, workflowId };
}

/** The cluster in `clusters/<cluster>`; `-` for all of them. Undefined for other texts. */
export const clusterInParent = (parent: string): string | undefined => /^clusters\/([^/]{1,200})$/.exec(parent)?.[1];

const DAY = String.raw`\d{4}-\d{2}-\d{2}`;
const RANGE_AT_END = new RegExp(String.raw`-(${DAY}--${DAY}|\d{4}-\d{2})$`);

/** The range that a workflow id ends with; undefined where an operator or a schedule chose another form. */
export function rangeInId(workflowId: string): Days | undefined {
  const range = rangeNamed(RANGE_AT_END.exec(workflowId)?.[1] ?? '');
  return range && daysOf(range);
}

/** Of days `YYYY-MM-DD`. */
export const daysOf = ({ start, end }: { start: string; end: string }): Days => ({
  start: parseDay(start) ?? 0,
  end: parseDay(end) ?? 0,
});
