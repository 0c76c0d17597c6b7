import { formatDay, HOURS_PER_DAY, startOfDay } from '../../backfill/hours/calendar.js';
import { add, difference, hoursIn, type Intervals, none } from '../../backfill/hours/interval.js';
import type { TrackedDays } from './entry.js';

/** What tracking files say about a customer. The three sets share no hour. */
export interface TrackedCustomer {
  customer: string;
  /** Done according to any entry: once a window has completed, earlier failures do not matter. */
  done: Intervals;
  /** Not done according to the files. */
  open: Intervals;
  /** There was a workflow, but the files do not say how it ended. */
  withoutStatus: Intervals;
}

/** All entries together, by customer, in the order of their first entries. */
export function summarise(entries: readonly TrackedDays[]): TrackedCustomer[] {
  const customers = new Map<string, TrackedCustomer>();
  for (const { customer, interval, done } of entries) {
    const before = customers.get(customer) ?? { customer, done: none, open: none, withoutStatus: none };
    const set = done === undefined ? 'withoutStatus' : done ? 'done' : 'open';
    customers.set(customer, { ...before, [set]: add(before[set], interval) });
  }
  return [...customers.values()].map(({ customer, done, open, withoutStatus }) => {
    const rest = difference(open, done);
    return { customer, done, open: rest, withoutStatus: difference(difference(withoutStatus, done), rest) };
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

/** How many days the set holds, with fractions for parts of a day. */
export const daysIn = (set: Intervals): number => hoursIn(set) / HOURS_PER_DAY;
