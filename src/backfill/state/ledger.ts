import { HOURS_PER_DAY } from '../hours/calendar.js';
import { difference, type Hour, type Interval, type Intervals, overlapping, sameHours } from '../hours/interval.js';

/** Of one day of a window: conversations, and those of them without a current scorecard. */
export type DayCount = readonly [conversations: number, missing: number];

/** Done hours, and what shows that they are done. No hour of a customer is in two. */
export interface Coverage {
  hours: Interval;
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

/** How many rows of the proof a ledger makes. */
export const proofRows = (ledger: readonly Coverage[]): number => daysTouched(ledger.map(({ hours }) => hours));

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

/** The ledger without these hours: they are no longer done, or were done again. */
export function withoutHours(ledger: readonly Coverage[], hours: Intervals): readonly Coverage[] {
  return ledger.flatMap((entry) => {
    const gone = overlapping(hours, entry.hours);
    if (gone.length === 0) return entry;
    return difference([entry.hours], gone).map((left): Coverage => {
      const { counts, window = entry.hours, ...rest } = entry;
      const before = dayOf(left[0]) - dayOf(entry.hours[0]);
      const kept = counts?.slice(before, before + daysTouched([left]));
      return { ...rest, hours: left, window, ...(kept && { counts: kept }) };
    });
  });
}

/** The ledger with more coverage, each entry in place of what it had for these hours, for at most `room` more rows. */
export function covered(ledger: readonly Coverage[], entries: readonly Coverage[], room: number): readonly Coverage[] {
  let covering = ledger;
  let left = room;
  for (const entry of entries) {
    covering = withoutHours(covering, [entry.hours]);
    left -= daysTouched([entry.hours]);
    if (left >= 0) covering = [...covering, entry];
  }
  return covering;
}

/** The window that covered the hours of an entry; null if it had completed before this run. */
export const windowOf = ({ hours, window = hours }: Coverage): Interval | null => window;

/** What an entry says of its window: nothing where it is just the hours. */
export const windowField = (hours: Interval, window: Interval): Pick<Coverage, 'window'> =>
  sameHours(hours, window) ? {} : { window };
