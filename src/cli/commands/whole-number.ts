import { InvalidArgumentError } from 'commander';
import type { PerCustomer } from '../../backfill/request/options.js';
import { MAX_PARALLELISM } from '../../backfill/request/values.js';

/** A whole number for commander, within these bounds. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most.toLocaleString('en-US')}.`);
  };

/** How many windows of one customer at once: a whole number, or `auto`. */
export const perCustomer = (text: string): PerCustomer =>
  text === 'auto' ? text : wholeNumber(1, MAX_PARALLELISM)(text);
