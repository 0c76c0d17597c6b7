import { formatDay, HOURS_PER_DAY, parseDay } from '../../backfill/hours/calendar.js';
import type { Interval } from '../../backfill/hours/interval.js';

/** The whole UTC days `[start, end)` that a file covers; if they lie in one month, a day can be just its number. */
export interface Range {
  start: string;
  end: string;
}

export const DAY_FORMAT = 'a UTC day such as "2026-01-15", or its number if the range lies in one month';

/** Reads `2026-01-15`, an instant at midnight, or `15`, `"15"`, `"day_15"` in a range that lies in one month. */
export function parseTrackedDay(value: unknown, range: Range): Interval | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return undefined;
  const written = /^(\d{4}-\d{2}-\d{2})(?:T00:00(?::00(?:\.0+)?)?(?:Z|\+00:00)?)?$/.exec(text)?.[1];
  const number = /^(?:day[ _-]?)?(\d{1,2})$/i.exec(text)?.[1];
  const day = written ?? (number === undefined ? undefined : dayOfMonth(Number(number), range));
  const from = day === undefined ? undefined : parseDay(day);
  return from === undefined ? undefined : [from, from + HOURS_PER_DAY];
}

/** The day of the range's month; undefined if the range lies in more than one, or the month has no such day. */
function dayOfMonth(number: number, { start, end }: Range): string | undefined {
  const [from, to] = [parseDay(start), parseDay(end)];
  if (from === undefined || to === undefined || formatDay(to - 1).slice(0, 7) !== start.slice(0, 7)) return undefined;
  const day = `${start.slice(0, 8)}${String(number).padStart(2, '0')}`;
  return parseDay(day) === undefined ? undefined : day;
}
