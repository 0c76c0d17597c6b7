import type { Hour } from '../../src/backfill/hours/interval.js';
import type { Customer } from '../../src/backfill/state/customer.js';
import { checkingHours, doneHours, runningHours } from '../../src/backfill/state/customer-hours.js';
import { hoursOf } from './core.js';

/** The hours of a customer's range by the one state that each is in; throws when an hour is in two. */
export function statesOfHours(customer: Customer): Map<Hour, string> {
  const states = new Map<Hour, string>();
  const { waiting, skipped, failed, held } = customer.hours;
  const checking = checkingHours(customer);
  const running = runningHours(customer);
  const sets = { waiting, skipped, failed, held, running, checking, done: doneHours(customer) };
  for (const [name, set] of Object.entries(sets)) {
    for (const hour of hoursOf(set)) {
      const other = states.get(hour);
      if (other !== undefined) throw new Error(`hour ${hour} of ${customer.id} is ${other} and ${name}`);
      states.set(hour, name);
    }
  }
  return states;
}
