import { parseDay } from '../../backfill/calendar.js';
import { badUsage } from './problem.js';
import type { Target } from './tell.js';

const NUMBER = /^\d{1,2}$/;

/**
 * A day as typed: `2026-01-15`, or just `15` when the run's range lies in one month.
 *
 * @throws CommandProblem (exit code 2) if it is no day, or a number that could mean several
 */
export function dayOf({ progress: { range } }: Target, text: string): string {
  if (!NUMBER.test(text)) return checked(text, text);
  const month = range.start.slice(0, 7);
  const lastDay = new Date(Date.parse(range.end) - 1).toISOString();
  if (lastDay.slice(0, 7) !== month) {
    throw badUsage(`day ${text} of which month? The run's range is ${range.start} to ${lastDay.slice(0, 10)}`);
  }
  return checked(`${month}-${text.padStart(2, '0')}`, text);
}

function checked(day: string, typed: string): string {
  if (parseDay(day) !== undefined) return day;
  throw badUsage(`expected a UTC day such as 2026-01-15, or 15 in a run of one month; got ${typed}`);
}

/** What can be said of a day before its run is known, so that a slip is told before anything is opened. */
export function checkDayForm(text: string): void {
  if (!NUMBER.test(text)) checked(text, text);
}
