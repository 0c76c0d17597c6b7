import { dayFrom, formatDay, HOURS_PER_DAY, startOfDay } from '../../backfill/hours/calendar.js';
import { add, difference, hoursIn, type Intervals, none, within } from '../../backfill/hours/interval.js';
import type { TrackedDays } from './entry.js';

/** What tracking files say of a customer. The three sets share no hour. */
export interface TrackedCustomer {
  customer: string;
  /** Done, if any entry says so: a window that completed is done whatever failed before. */
  done: Intervals;
  /** Not done by what the file says. */
  open: Intervals;
  /** There was a workflow, but the file does not say how it ended. */
  untold: Intervals;
}

/** What all entries come to, by customer, in the order of their first entries. */
export function summarise(entries: readonly TrackedDays[]): TrackedCustomer[] {
  const customers = new Map<string, TrackedCustomer>();
  for (const { customer, interval, done } of entries) {
    const before = customers.get(customer) ?? { customer, done: none, open: none, untold: none };
    const set = done === undefined ? 'untold' : done ? 'done' : 'open';
    customers.set(customer, { ...before, [set]: add(before[set], interval) });
  }
  return [...customers.values()].map(({ customer, done, open, untold }) => {
    const rest = difference(open, done);
    return { customer, done, open: rest, untold: difference(difference(untold, done), rest) };
  });
}

/** The whole UTC days of a set, as a run's input writes them: `2026-01-15`, `2026-01-01--2026-01-10`. */
export function asDays(set: Intervals): string[] {
  return set.flatMap(([from, to]) => {
    const [start, end] = [startOfDay(from + HOURS_PER_DAY - 1), startOfDay(to)];
    if (start >= end) return [];
    return [end - start === HOURS_PER_DAY ? formatDay(start) : `${formatDay(start)}--${formatDay(end)}`];
  });
}

/** How many days the set holds, parts of a day as parts. */
export const daysIn = (set: Intervals): number => hoursIn(set) / HOURS_PER_DAY;

/** The days of `[start, end)` in the set as a whole, each as `YYYY-MM-DD`. */
export function eachDay(set: Intervals): string[] {
  const days: string[] = [];
  for (const [from, to] of set) {
    for (let day = startOfDay(from + HOURS_PER_DAY - 1); day + HOURS_PER_DAY <= to; day += HOURS_PER_DAY) {
      if (hoursIn(within(set, dayFrom(day))) === HOURS_PER_DAY) days.push(formatDay(day));
    }
  }
  return days;
}
