import type { Interval } from '../hours/interval.js';
import type { CustomerRequest } from './options.js';

/**
 * What a customer takes at most, in bytes, when its run continues as new: what can't be left out of the state that is carried
 * (see `packToFit`). It bounds a run from the start: one whose customers weigh more together is refused, and one that
 * breaks up into too many separate stretches of hours pauses before it can no longer be handed over.
 */
export const MAX_WEIGHT = 1_400_000;
/** What requests and commands may use; the rest is for windows in flight when the run pauses. */
export const FULL_WEIGHT = 1_200_000;

/** The gap before it and its length: up to five digits each for ten years of hours, and two commas. */
export const STRETCH = 12;
/** A control character takes six bytes in JSON. */
export const CHARACTER = 6;

/** Of a customer of which nothing has been done. */
export function requestWeight({ id, start, end, window, perCustomer, done = [] }: CustomerRequest, range: Interval) {
  const own = start === range[0] && end === range[1] ? 0 : 75;
  return id.length + 45 + own + (window ? 40 : 0) + (perCustomer ? 20 : 0) + STRETCH * done.length;
}
