import { formatDay, HOURS_PER_DAY, parseDay } from '../hours/calendar.js';
import { type Interval, overlaps } from '../hours/interval.js';
import type { Progress } from './progress.js';

/** Whole UTC days `YYYY-MM-DD`, `end` exclusive. */
export interface DayRange {
  readonly start: string;
  readonly end: string;
}

/** A customer's letters, the first one for the day `start`. */
export interface PlacedDays {
  readonly id: string;
  readonly start: string;
  readonly days: string;
}

/** The customers of an answer, each from its own first day. The answer has `start` only where it is not the run's. */
export const placedDays = ({ customers, range }: Pick<Progress, 'customers' | 'range'>): PlacedDays[] =>
  customers.map(({ id, start = range.start, days }) => ({ id, start, days }));

/** The day's number since 1970. */
export const dayNumber = (day: string): number => (parseDay(day) ?? 0) / HOURS_PER_DAY;

/** The day with this number. */
export const dayNumbered = (number: number): string => formatDay(number * HOURS_PER_DAY);

/** Each day of a customer with its letter. */
export const eachDay = ({ start, days }: PlacedDays): [day: string, letter: string][] =>
  [...days].map((letter, i) => [dayNumbered(dayNumber(start) + i), letter]);

/** The run's range, extended to customers whose own range begins before it or ends after it. */
export function wholeRange(customers: readonly PlacedDays[], { start, end }: DayRange): DayRange {
  let [from, to] = [dayNumber(start), dayNumber(end)];
  for (const customer of customers) {
    const first = dayNumber(customer.start);
    from = Math.min(from, first);
    to = Math.max(to, first + customer.days.length);
  }
  return { start: dayNumbered(from), end: dayNumbered(to) };
}

/** Whether a window covers days of one of the run's customers: other windows of its prefix belong to other runs. */
export function ownWindows(progress: Progress): (window: { customer: string; interval: Interval }) => boolean {
  const hours = new Map(placedDays(progress).map((customer) => [customer.id, hoursOf(customer)]));
  const { customersLeftOut } = progress;
  const leftOut = customersLeftOut?.ids && new Set(customersLeftOut.ids);
  return ({ customer, interval }) => {
    const own = hours.get(customer);
    if (own) return overlaps([own], interval);
    // Its days did not fit in the answer, and perhaps not even its name.
    return customersLeftOut !== undefined && (leftOut?.has(customer) ?? true);
  };
}

function hoursOf({ start, days }: PlacedDays): Interval {
  const from = dayNumber(start) * HOURS_PER_DAY;
  return [from, from + days.length * HOURS_PER_DAY];
}
