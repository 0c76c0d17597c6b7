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
export type DayState = Exclude<(typeof DAY_NAMES)[DayLetter], 'partly done'>;

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

/** Current Details ask for all days after every change, which is a change of one customer. */
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

function lettersOf(customer: Customer): string {
  const count = (customer.end - customer.start) / HOURS_PER_DAY;
  const letters = new Array<DayLetter>(count).fill('d');
  const mark = (set: Intervals, letterOf: (day: Interval) => DayLetter) => {
    for (const [from, to] of within(set, [customer.start, customer.end])) {
      const last = Math.ceil((to - customer.start) / HOURS_PER_DAY);
      for (let i = Math.floor((from - customer.start) / HOURS_PER_DAY); i < last; i++) {
        const start = customer.start + i * HOURS_PER_DAY;
        letters[i] = letterOf([start, start + HOURS_PER_DAY]);
      }
    }
  };
  const done = doneHours(customer);
  mark(customer.hours.skipped, () => 's');
  mark(customer.hours.waiting, (day) => (overlaps(done, day) ? 'p' : '.'));
  mark(customer.hours.held, () => 'h');
  mark(customer.hours.failed, () => 'f');
  mark(checkingHours(customer), () => 'v');
  mark(runningHours(customer), () => 'r');
  return letters.join('');
}
