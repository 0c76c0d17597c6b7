import { describe } from '../hours/calendar.js';
import { moveHours } from '../state/hour-transitions.js';
import type { State } from '../state/state.js';
import { updateCustomers } from '../state/update.js';
import { chosen, type Effect, MOST_PARTS } from './refused.js';

/** Failed days wait again, of one customer or of all, their attempts from zero. */
export function retryFailed(state: State, id: string | undefined): Effect {
  const parts: { customer: string; days: string }[] = [];
  const next = updateCustomers(
    state,
    (customer) => {
      const { failed } = customer.hours;
      if (failed.length === 0) return customer;
      parts.push({ customer: customer.id, days: describe(failed) });
      return moveHours(customer, failed, 'retryFailed', 'failed → waiting');
    },
    chosen(state, id),
  );
  return {
    state: next,
    outcome: {
      kind: 'failedRetried',
      ...(id !== undefined && { customer: id }),
      parts: parts.slice(0, MOST_PARTS),
      more: Math.max(0, parts.length - MOST_PARTS),
    },
  };
}
