/** How people and scripts write that work is done, and that it is not: in lower case, words separated by one space. */
const DONE = ['completed', 'complete', 'done', 'success', 'succeeded', 'successful', 'ok', 'finished'];
const NOT_DONE = [
  'pending',
  'waiting',
  'todo',
  'not started',
  'queued',
  'scheduled',
  'skipped',
  'held',
  'paused',
  'running',
  'started',
  'in progress',
  'in flight',
  'verifying',
  'partly done',
  'continued as new',
  'failed',
  'failure',
  'error',
  'timed out',
  'timeout',
  'cancelled',
  'canceled',
  'terminated',
  'unknown',
];

export const STATUS_FORMAT = 'a status such as "completed", "running", "failed" or "pending"';

/**
 * Whether a status means done; undefined for a text that is not a status. Accepts Temporal's own spellings (`Completed`,
 * `WORKFLOW_EXECUTION_STATUS_TIMED_OUT`, `TimedOut`).
 */
export function meansDone(status: string): boolean | undefined {
  const words = status
    .trim()
    .replace(/^WORKFLOW_EXECUTION_STATUS_/, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[\s_-]+/g, ' ')
    .toLowerCase();
  if (DONE.includes(words)) return true;
  return NOT_DONE.includes(words) ? false : undefined;
}
