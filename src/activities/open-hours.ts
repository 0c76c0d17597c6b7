import type { HoursStep } from '../backfill/limit.js';
import type { WorkingHours } from '../backfill/options.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/**
 * When the run may work, as steps of the limit from `now` on: 0 is closed. Entries that overlap add nothing; the
 * larger limit counts. An entry whose `to` is not after its `from` reaches into the next day (`22:00` to `06:00`).
 */
export function openHours(hours: readonly WorkingHours[], days: number, most: number, now: number): HoursStep[] {
  const open = hours.flatMap((entry) => {
    const max = entry.max ?? most;
    return daysIn(entry, days, now).map((day) => ({
      from: instant(day, entry.from, entry.timeZone),
      to: instant(entry.to > entry.from ? day : day + DAY, entry.to, entry.timeZone),
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

/** The local days on which the entry opens, each as midnight of that date in UTC; yesterday's may still be open. */
function daysIn({ days: weekdays, timeZone }: WorkingHours, days: number, now: number): number[] {
  const today = Math.floor((now + offsetAt(now, timeZone)) / DAY) * DAY;
  return Array.from({ length: days + 1 }, (_, i) => today + (i - 1) * DAY).filter((day) =>
    weekdays.includes(new Date(day).getUTCDay()),
  );
}

/** The instant at which clocks in the zone show so many minutes after midnight of a date. */
function instant(day: number, minutes: number, timeZone: string): number {
  const local = day + minutes * MINUTE;
  // The offset depends on the instant and the instant on the offset; two rounds settle it but for the hour that a change skips.
  const first = local - offsetAt(local, timeZone);
  return local - offsetAt(first, timeZone);
}

/** How far ahead of UTC the zone's clocks are at an instant, in ms. */
function offsetAt(at: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' },
  }).formatToParts(at);
  const part = (type: string) => Number(parts.find((entry) => entry.type === type)?.value);
  const shown = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return shown - Math.floor(at / 1_000) * 1_000;
}
