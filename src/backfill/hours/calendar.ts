import type { Hour, Interval, Intervals } from './interval.js';

/**
 * UTC days, months and instants as hours since 1970. The only file of the core that touches `Date`, and only with
 * explicit arguments: it reads no clock.
 */
export const HOURS_PER_DAY = 24;
const MS_PER_HOUR = 3_600_000;

const dayPattern = /^(\d{4})-(\d{2})-(\d{2})$/;

/** The first hour of a UTC day written `YYYY-MM-DD`, from 1970 to 9999; undefined when there is no such day. */
export function parseDay(text: string): Hour | undefined {
  if (!dayPattern.test(text)) return undefined;
  const ms = Date.parse(`${text}T00:00:00Z`);
  // Some engines roll 30 February over into March instead of refusing it.
  if (Number.isNaN(ms) || ms < 0 || formatDay(ms / MS_PER_HOUR) !== text) return undefined;
  return ms / MS_PER_HOUR;
}

/** `YYYY-MM-DD` of the UTC day that holds the hour. */
export function formatDay(hour: Hour): string {
  return new Date(hour * MS_PER_HOUR).toISOString().slice(0, 10);
}

/** RFC 3339, to the second: `2026-01-15T06:00:00Z`. */
export function formatInstant(hour: Hour): string {
  return `${new Date(hour * MS_PER_HOUR).toISOString().slice(0, 19)}Z`;
}

/** The hours between two instants that {@link formatInstant} wrote. */
export const intervalBetween = (from: string, to: string): Interval => [
  Date.parse(from) / MS_PER_HOUR,
  Date.parse(to) / MS_PER_HOUR,
];

/** RFC 3339 of milliseconds since 1970. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** As sentences say it: `2026-01-15 09:12:04 UTC`. */
export const saidTime = (ms: number): string => inSentence(formatTime(ms));

/** An RFC 3339 time in UTC as {@link saidTime} says it. */
export const inSentence = (time: string): string => `${time.slice(0, 19).replace('T', ' ')} UTC`;

export const hourOfDay = (hour: Hour): number => hour % HOURS_PER_DAY;

export const startOfDay = (hour: Hour): Hour => hour - hourOfDay(hour);

/** The interval of the one UTC day that starts at `start`. */
export const dayFrom = (start: Hour): Interval => [start, start + HOURS_PER_DAY];

/** The first hour of the calendar month that lies `months` after the one that holds the hour. */
export function startOfMonth(hour: Hour, months = 0): Hour {
  const date = new Date(hour * MS_PER_HOUR);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1) / MS_PER_HOUR;
}

/** The days touched by the set, each as `YYYY-MM-DD`, at most `most` of them. */
export function daysOf(set: Intervals, most = Number.POSITIVE_INFINITY): string[] {
  const days: string[] = [];
  for (const [from, to] of set) {
    for (let day = startOfDay(from); day < to && days.length < most; day += HOURS_PER_DAY) {
      const text = formatDay(day);
      if (days.at(-1) !== text) days.push(text);
    }
  }
  return days;
}

/** The set in words: `2026-01-15`, `2026-01-15 to 2026-01-17`, `2026-01-15T06 to 2026-01-15T12`, or `nothing`. */
export function describe(set: Intervals, most = 5): string {
  if (set.length === 0) return 'nothing';
  const words = set.slice(0, most).map(([from, to]) => {
    if (hourOfDay(from) === 0 && hourOfDay(to) === 0) {
      return to - from === HOURS_PER_DAY ? formatDay(from) : `${formatDay(from)} to ${formatDay(to - 1)}`;
    }
    return `${formatInstant(from).slice(0, 13)} to ${formatInstant(to).slice(0, 13)}`;
  });
  return set.length > most ? `${words.join(', ')} and ${set.length - most} more` : words.join(', ');
}
