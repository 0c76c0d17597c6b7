import { formatDay } from '../hours/calendar.js';
import type { State } from '../state/state.js';
import { type LeftOut, withCustomersThatFit } from './answer-size.js';
import { dayLetters, isFinished } from './day-letters.js';
import { type CustomerDays, rankOf } from './progress.js';

/** The answer of the `days` query. */
export interface DaysView {
  /** `days` in runs: `d200r.165` are 200 done days, a running one, and 165 that wait. */
  customers: CustomerDays[];
  customersLeftOut?: LeftOut;
}

/** The days of all customers in a form that has room for many more of them than `progress`. */
export const daysView = (state: State): DaysView =>
  withCustomersThatFit(
    {},
    state.customers.map((customer) => {
      const { id, start, end } = customer;
      const days = shortened(dayLetters(customer));
      const ownRange = start !== state.options.start || end !== state.options.end;
      return ownRange ? { id, days, start: formatDay(start) } : { id, days };
    }),
    ({ days }) => rankOf(lettersIn(days)),
    ({ days }) => isFinished(lettersIn(days)),
  );

const lettersIn = (days: string): string => days.replaceAll(/\d/g, '');

/** Each letter once, with how often it comes in a row after it. */
export const shortened = (letters: string): string =>
  letters.replaceAll(/(.)\1+/g, (run, letter: string) => `${letter}${run.length}`);

/** The inverse of {@link shortened}. */
export const lengthened = (days: string): string =>
  days.replaceAll(/(\D)(\d+)/g, (_, letter: string, times: string) => letter.repeat(Number(times)));
