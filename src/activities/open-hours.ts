import { Temporal } from '@js-temporal/polyfill';
import type { HoursStep } from '../backfill/hours/working-hours.js';
import type { WorkingHours } from '../backfill/request/options.js';

/** Sunday is 0 in the request and 7 in the calendar. */
const DAYS_OF_WEEK = 7;

/**
 * When the run may work, as steps of the limit from `now` on: 0 is closed. Where entries overlap, the larger limit
 * counts. An entry whose `to` is not after its `from` ends on the next day (`22:00` to `06:00`). A time that clocks skip
 * counts as the moment of the change, a time that they repeat as its first occurrence.
 */
export function openHours(hours: readonly WorkingHours[], days: number, most: number, now: number): HoursStep[] {
  const open = hours.flatMap((entry) => {
    const max = entry.max ?? most;
    return daysIn(entry, days, now).map((day) => ({
      from: instantOf(day, entry.from, entry.timeZone),
      to: instantOf(entry.to > entry.from ? day : day.add({ days: 1 }), entry.to, entry.timeZone),
      max,
    }));
  });
  const edges = [...new Set([now, ...open.flatMap(({ from, to }) => [from, to])])]
    .filter((at) => at >= now)
    .sort((a, b) => a - b);
  const steps: HoursStep[] = [];
  for (const at of edges) {
    const max = Math.max(0, ...open.filter(({ from, to }) => from <= at && at < to).map((interval) => interval.max));
    if (steps.at(-1)?.max !== max) steps.push({ at, max });
  }
  return steps;
}

/** The local days on which the entry opens; yesterday's may still be open. */
function daysIn({ days: weekdays, timeZone }: WorkingHours, days: number, now: number): Temporal.PlainDate[] {
  const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZone).toPlainDate();
  return Array.from({ length: days + 1 }, (_, i) => today.add({ days: i - 1 })).filter(({ dayOfWeek }) =>
    weekdays.includes(dayOfWeek % DAYS_OF_WEEK),
  );
}

/**
 * The first instant at which clocks in the zone show so many minutes after midnight of a date, or skip that time. Opening
 * and closing follow the same rule, so that adjacent entries neither overlap nor leave a gap.
 */
function instantOf(day: Temporal.PlainDate, minutes: number, timeZone: string): number {
  const local = day.toPlainDateTime().add({ minutes });
  const at = local.toZonedDateTime(timeZone, { disambiguation: 'earlier' });
  const isSkipped = !at.toPlainDateTime().equals(local);
  return (isSkipped ? at.getTimeZoneTransition('next')! : at).epochMilliseconds;
}
