import { dayFrom, formatDay, parseDay } from '../../backfill/hours/calendar.js';
import type { Hour, Interval } from '../../backfill/hours/interval.js';
import type { DayRange } from '../../backfill/views/placed-days.js';

export const DAY_FORMAT = 'a UTC day such as "2026-01-15", or its number if the range lies in one month';

/** Reads `2026-01-15`, an instant at midnight, or `15`, `"15"`, `"day_15"` in a range that lies in one month. */
export function parseTrackedDay(value: unknown, range: DayRange): Interval | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return undefined;
  const written = midnightIn(text);
  const number = /^(?:day[ _-]?)?(\d{1,2})$/i.exec(text)?.[1];
  const from = written ?? (number === undefined ? undefined : dayOfMonth(Number(number), range));
  return from === undefined ? undefined : dayFrom(from);
}

/** Of a UTC day, or of an instant at its midnight; undefined for other texts. */
export const midnightIn = (text: string): Hour | undefined =>
  parseDay(/^(\d{4}-\d{2}-\d{2})(?:T00:00(?::00(?:\.0+)?)?(?:Z|\+00:00)?)?$/.exec(text)?.[1] ?? '');

/** The day of the range's month; undefined if the range lies in more than one, or the month has no such day. */
function dayOfMonth(number: number, { start, end }: DayRange): Hour | undefined {
  const [from, to] = [parseDay(start), parseDay(end)];
  if (from === undefined || to === undefined || formatDay(to - 1).slice(0, 7) !== start.slice(0, 7)) return undefined;
  return parseDay(`${start.slice(0, 8)}${String(number).padStart(2, '0')}`);
}
