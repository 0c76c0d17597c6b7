import { type Interval, type Intervals, meet } from '../hours/interval.js';
import type { Check, Customer } from '../state/customer.js';
import { type Coverage, MAX_PROOF_ROWS, windowField } from '../state/ledger.js';
import type { State } from '../state/state.js';
import { tallyOf } from '../state/tally.js';

/** How many more days the proof has room for. */
export const roomIn = (state: State): number => MAX_PROOF_ROWS - tallyOf(state).rows;

/** One entry for each stretch of hours that the window, and as many before it, ran over. */
export function entriesOf(customer: Customer, check: Check, hours: Intervals): Coverage[] {
  const { window, attempt, endedAt, found } = check;
  return hours.map((part): Coverage => {
    return {
      hours: part,
      ...(found ? { window: null } : windowField(part, window)),
      completedAt: found ? null : endedAt,
      attempts: attempt + repairsOf(customer, part).attempts,
    };
  });
}

/** How often the hours were repaired, by the part of them that was repaired most often. */
export function repairsOf({ windows }: Customer, hours: Interval): { times: number; attempts: number } {
  const own = windows.repairs.filter((repair) => meet(repair.hours, hours));
  return {
    times: Math.max(0, ...own.map(({ times }) => times)),
    attempts: Math.max(0, ...own.map(({ attempts }) => attempts)),
  };
}
