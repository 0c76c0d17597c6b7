import type { Interval } from '../hours/interval.js';
import { CHARACTER, requestWeight, STRETCH } from '../request/weight.js';
import type { Customer } from './customer.js';

/** What is known of its writers, once anything is. */
const FOUND_WRITERS = 450;

/** What a customer takes at most, in bytes, when its run continues as new; see `request/weight.ts`. */
export function weightOf(customer: Customer, range: Interval): number {
  const { hours, windows, pacing, record, paused } = customer;
  let weight = requestWeight(customer, range);
  for (const set of Object.values(hours)) if (set.length > 0) weight += 14 + STRETCH * set.length;
  // Its writers, its best, and how its windows ended: only while something is left of it.
  const open = hours.waiting.length + windows.running.length > 0;
  if (record.completed + record.unsuccessful > 0 && open) weight += pacing.foundWriters ? 75 + FOUND_WRITERS : 75;
  for (const { claims } of windows.running) weight += 130 + STRETCH * (claims?.length ?? 0);
  for (const problem of record.problems) weight += 40 + problem.workflowId.length + STRETCH * problem.hours.length;
  for (const check of windows.checking) weight += 60 + STRETCH * check.hours.length;
  weight += 50 * windows.retries.length + 26 * windows.repairs.length;
  if (paused) weight += 60 + CHARACTER * ((paused.by?.length ?? 0) + (paused.reason?.length ?? 0));
  return weight;
}
