import { HOURS_PER_DAY } from '../hours/calendar.js';
import { difference, type Hour, type Interval, type Intervals, overlapping } from '../hours/interval.js';
import type { Customer } from './state.js';

/** Of one day of a window: conversations, and those of them without a current scorecard. */
export type DayCount = readonly [conversations: number, missing: number];

/** Done hours, and what shows that they are done. No hour of a customer is in two. */
export interface Coverage {
  from: Hour;
  to: Hour;
  /** The hours of the window that covered them, where it had others; null if it had completed before this run. */
  window?: Interval | null;
  /** When that window completed, in ms since 1970; null if it had completed before this run. */
  completedAt: number | null;
  /** Windows that ran over these hours until then; 0 if none did in this run. */
  attempts: number;
  /** What a check counted, for each day that the hours touch. */
  counts?: readonly DayCount[];
  /** Why the check that was asked for could not be made. */
  unverified?: string;
}

/** As many customer-days as a run shows the proof of; what is done beyond that is only counted. */
export const MAX_PROOF_ROWS = 10_000;

/** The day of an hour, as its number since 1970. */
export const dayOf = (hour: Hour): number => Math.floor(hour / HOURS_PER_DAY);

/** How many days hours touch; a day that two of them touch counts twice. */
export function daysTouched(hours: Iterable<Interval>): number {
  let days = 0;
  for (const [from, to] of hours) days += dayOf(to - 1) - dayOf(from) + 1;
  return days;
}

export const rowsOf = ({ ledger }: Customer): number => daysTouched(ledger.map(({ from, to }) => [from, to]));

/** The hours, cut where days end. */
export function* byDay(hours: Intervals): Generator<Interval> {
  for (const [start, end] of hours) {
    for (let from = start; from < end; ) {
      const to = Math.min(end, (dayOf(from) + 1) * HOURS_PER_DAY);
      yield [from, to];
      from = to;
    }
  }
}

/** The ledger without these hours: they are done no more, or were done again. */
export function withoutHours(ledger: readonly Coverage[], hours: Intervals): readonly Coverage[] {
  return ledger.flatMap((entry) => {
    const gone = overlapping(hours, [entry.from, entry.to]);
    if (gone.length === 0) return entry;
    return difference([[entry.from, entry.to]], gone).map(([from, to]): Coverage => {
      const { counts, window = [entry.from, entry.to], ...rest } = entry;
      const before = dayOf(from) - dayOf(entry.from);
      const kept = counts?.slice(before, before + daysTouched([[from, to]]));
      return { ...rest, from, to, window, ...(kept ? { counts: kept } : {}) };
    });
  });
}

/** The customer with more coverage, each entry in place of what the ledger had for its hours, as far as there is room. */
export function covered(customer: Customer, entries: readonly Coverage[], room: number): Customer {
  let ledger = customer.ledger;
  let left = room;
  for (const entry of entries) {
    ledger = withoutHours(ledger, [[entry.from, entry.to]]);
    left -= daysTouched([[entry.from, entry.to]]);
    if (left >= 0) ledger = [...ledger, entry];
  }
  return ledger === customer.ledger ? customer : { ...customer, ledger };
}
