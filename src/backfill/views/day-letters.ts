import { HOURS_PER_DAY } from '../hours/calendar.js';
import { type Interval, type Intervals, overlaps, within } from '../hours/interval.js';
import type { Customer } from '../state/customer.js';
import { checkingHours, doneHours, runningHours } from '../state/customer-hours.js';

/**
 * One letter for each state of a day, in the order of legends. Everything that names or counts days follows this table; their
 * colours are the command's.
 */
export const DAY_NAMES = {
  '.': 'waiting',
  r: 'running',
  /** Its windows have completed, and what they did has not been counted yet; only with `verify`. */
  v: 'verifying',
  d: 'done',
  p: 'partly done',
  f: 'failed',
  s: 'skipped',
  h: 'held',
} as const;

export type DayLetter = keyof typeof DAY_NAMES;

/** What days are counted as: a partly done day is waiting. */
export const DAY_STATES = ['done', 'running', 'verifying', 'waiting', 'failed', 'skipped', 'held'] as const;
export type DayState = (typeof DAY_STATES)[number];

/** How many days are in each state; `days` is the sum of the others. */
export type DayCounts = Record<'days' | DayState, number>;

/** The table as a line of Markdown. */
export const DAY_LEGEND = Object.entries(DAY_NAMES)
  .map(([letter, name]) => `\`${letter}\` ${name}`)
  .join(' ');

const stateOf = (letter: DayLetter): DayState => (letter === 'p' ? 'waiting' : DAY_NAMES[letter]);

/** Counts the letters of any number of customers. */
export function countDays(letters: Iterable<string>): DayCounts {
  const counts = { days: 0, done: 0, running: 0, verifying: 0, waiting: 0, failed: 0, skipped: 0, held: 0 };
  for (const days of letters) {
    counts.days += days.length;
    for (const letter of days) counts[stateOf(letter as DayLetter)]++;
  }
  return counts;
}

/** Adds one customer's counts, or one run's, to those of several. */
export function addDays(sums: DayCounts, more: DayCounts): void {
  for (const name of Object.keys(sums) as (keyof DayCounts)[]) sums[name] += more[name];
}

/** Whether every day is done or skipped. */
export const isFinished = (days: string): boolean => !/[^ds]/.test(days);

/** A year of letters in runs, `d×200 r×1 .×164`, since a table cell should fit a screen. */
export const inRuns = (days: string): string =>
  days.length <= 62 ? days : days.replace(/(.)\1*/g, (run, letter: string) => ` ${letter}×${run.length}`).trim();

/**
 * The letter of each day of a customer's range. A day of several windows shows the first of these that any part of it
 * is in: running, verifying, failed, held; else it is done, skipped or waiting as a whole, or partly done.
 */
export const dayLetters = (customer: Customer): string => daysIn(customer).letters;

/** Counts the days of a customer. */
export const dayCounts = (customer: Customer): DayCounts => daysIn(customer).counts;

/** Answers ask for all days every few seconds, and more than once, while few customers change. */
const daysKnown = new WeakMap<Customer, { letters: string; counts: DayCounts }>();

function daysIn(customer: Customer): { letters: string; counts: DayCounts } {
  let days = daysKnown.get(customer);
  if (!days) {
    const letters = lettersOf(customer);
    days = { letters, counts: countDays([letters]) };
    daysKnown.set(customer, days);
  }
  return days;
}

const lettersOf = (customer: Customer): string =>
  lettersIn([customer.start, customer.end], {
    ...customer.hours,
    done: doneHours(customer),
    checking: checkingHours(customer),
    running: runningHours(customer),
  });

/** The hours of a range, by what they are. Hours that are in none of these are done. */
export interface HoursByState {
  readonly skipped: Intervals;
  readonly waiting: Intervals;
  readonly held: Intervals;
  readonly failed: Intervals;
  readonly checking: Intervals;
  readonly running: Intervals;
  /** For days of which only a part waits. */
  readonly done: Intervals;
}

/** A letter for each day of a range of whole days. */
export function lettersIn(range: Interval, hours: HoursByState): string {
  const [first, end] = range;
  const letters = new Array<DayLetter>((end - first) / HOURS_PER_DAY).fill('d');
  const mark = (set: Intervals, letterOf: (day: Interval) => DayLetter) => {
    for (const [from, to] of within(set, range)) {
      const last = Math.ceil((to - first) / HOURS_PER_DAY);
      for (let i = Math.floor((from - first) / HOURS_PER_DAY); i < last; i++) {
        const start = first + i * HOURS_PER_DAY;
        letters[i] = letterOf([start, start + HOURS_PER_DAY]);
      }
    }
  };
  mark(hours.skipped, () => 's');
  mark(hours.waiting, (day) => (overlaps(hours.done, day) ? 'p' : '.'));
  mark(hours.held, () => 'h');
  mark(hours.failed, () => 'f');
  mark(hours.checking, () => 'v');
  mark(hours.running, () => 'r');
  return letters.join('');
}
