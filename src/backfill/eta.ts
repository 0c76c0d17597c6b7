import { hoursIn } from './interval.js';
import { perCustomerLimit, type State, workLeft } from './state.js';

/**
 * How much of the work is done (0 to 1), and when the run should end (ms since 1970; undefined before the first window
 * has completed).
 *
 * The end is the larger of all work left shared by the slots in use, and the longest customer's chain, at the mean time
 * that a unit of work took in the latest windows, failures and retries included.
 */
export function estimate(state: State, now: number): { share: number; eta?: number } {
  let work = 0;
  let busy = 0;
  for (const { customer, from, to, startedAt, endedAt, outcome } of state.recent) {
    if (outcome === 'completed') work += (to - from) * state.customers[customer]!.density;
    busy += endedAt - startedAt;
  }
  let all = 0;
  let total = 0;
  let longest = 0;
  let lanes = 0;
  for (const customer of state.customers) {
    all += (customer.end - customer.start - hoursIn(customer.skipped)) * customer.density;
    const left = workLeft(customer);
    if (left === 0) continue;
    const limit = perCustomerLimit(state, customer);
    total += left;
    lanes += limit;
    longest = Math.max(longest, left / limit);
  }
  const share = all === 0 ? 1 : 1 - total / all;
  if (work === 0) return { share };
  const { adaptive, max } = state.parallelism;
  const slots = Math.max(1, Math.min(adaptive ? state.pace.limit : max, lanes));
  return { share, eta: now + Math.max(total / slots, longest) * (busy / work) };
}
