import { formatDay, HOURS_PER_DAY, startOfDay } from '../hours/calendar.js';

/** The longest range that a run may have, in days. */
export const MAX_DAYS = 3_660;

const MS_PER_HOUR = 3_600_000;

/**
 * A run's input with its range settled: `lastDays: n` stands for the n whole UTC days before the day of `now` (ms since
 * 1970), so that a schedule can start the same input every night. Any other input comes back as it is, for the request's
 * own check to judge.
 */
export function settleLastDays(input: unknown, now: number): unknown {
  if (typeof input !== 'object' || input === null || 'start' in input || 'end' in input) return input;
  const { lastDays, ...rest } = input as { lastDays?: unknown };
  if (typeof lastDays !== 'number' || !Number.isInteger(lastDays) || lastDays < 1 || lastDays > MAX_DAYS) return input;
  const end = startOfDay(Math.floor(now / MS_PER_HOUR));
  return { ...rest, start: formatDay(end - lastDays * HOURS_PER_DAY), end: formatDay(end) };
}
