import { add, difference, type Intervals, none, union } from '../hours/interval.js';
import { type Customer, rangeOf, type Window } from './customer.js';

/** The hours that a window answers for. */
export const claimsOf = ({ claims, hours }: Window): Intervals => claims ?? [hours];

export const runningHours = ({ windows }: Customer): Intervals =>
  windows.running.flatMap(claimsOf).reduce<Intervals>(add, none);

/** The hours of completed windows that wait for their check. */
export const checkingHours = ({ windows }: Customer): Intervals =>
  windows.checking.flatMap(({ hours }) => hours).reduce<Intervals>(add, none);

/** Hours that are neither settled nor waiting: their window runs, or waits for its check. */
export const openHours = (customer: Customer): Intervals => union(runningHours(customer), checkingHours(customer));

/** What is left when all else is taken away: the hours that are done. */
export function doneHours(customer: Customer): Intervals {
  const { waiting, skipped, failed, held } = customer.hours;
  return [waiting, skipped, failed, held, openHours(customer)].reduce<Intervals>(difference, [rangeOf(customer)]);
}
