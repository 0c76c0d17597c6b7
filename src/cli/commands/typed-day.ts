import { parseDay } from '../../backfill/hours/calendar.js';
import { eachDay, placedDays } from '../../backfill/views/placed-days.js';
import { badUsage } from '../../operations/problem.js';
import type { Target } from './send-command.js';

const NUMBER = /^\d{1,2}$/;

/**
 * A day as typed: `2026-01-15`, or just `15` when the run's range lies in one month.
 *
 * @throws CommandProblem (exit code 2) if it is not a day, or a number that could mean several
 */
export function typedDay({ progress: { range } }: Target, text: string): string {
  if (!NUMBER.test(text)) return validDay(text, text);
  const month = range.start.slice(0, 7);
  if (lastDayOf(range).slice(0, 7) !== month) {
    throw badUsage(`day ${text} of which month? The run's range is ${range.start} to ${lastDayOf(range)}`);
  }
  return validDay(`${month}-${text.padStart(2, '0')}`, text);
}

const lastDayOf = ({ end }: { end: string }) => new Date(Date.parse(end) - 1).toISOString().slice(0, 10);

function validDay(day: string, typed: string): string {
  if (parseDay(day) !== undefined) return day;
  throw badUsage(`expected a UTC day such as 2026-01-15, or 15 in a run of one month; got ${typed}`);
}

/** Checks what can be checked of a day before its run is known, so that a typo is reported before anything is opened. */
export function checkDayForm(text: string): void {
  if (!NUMBER.test(text)) validDay(text, text);
  else if (Number(text) < 1 || Number(text) > 31) validDay('', text);
}

/**
 * Checks that the customer has the day, before anything is sent.
 *
 * @throws CommandProblem (exit code 2)
 */
export function checkInRange({ progress }: Target, { customer, day }: { customer: string; day: string }): void {
  const placed = placedDays(progress).find(({ id }) => id === customer);
  // For a customer that did not fit in the answer, the run itself checks the day.
  if (!placed) return;
  const days = eachDay(placed).map(([date]) => date);
  if (!days.includes(day)) throw badUsage(`${day} is outside ${customer}'s range, ${days[0]} to ${days.at(-1)}`);
}
