import { dayFrom, formatDay, parseDay } from '../hours/calendar.js';
import { hoursIn, type Interval, overlaps, subtract, union, within } from '../hours/interval.js';
import type { Customer } from '../state/customer.js';
import { checkingHours, doneHours, runningHours } from '../state/customer-hours.js';
import { moveHours } from '../state/hour-transitions.js';
import type { CommandOutcome } from '../state/log-entry.js';
import type { State } from '../state/state.js';
import { updateCustomer, withWindows } from '../state/update.js';
import { type Effect, indexOf, Refused } from './refused.js';

interface DayCommand {
  customer: string;
  day: string;
}

type Changed = { customer: Customer; outcome: CommandOutcome };

/** The day runs again, even if it is done; if it is running, once that has ended. */
export const resetDay = (state: State, command: DayCommand, at: number): Effect =>
  changeDay(state, command, (customer, day) => {
    const was = statesOn(customer, day);
    const running = within(runningHours(customer), day);
    return {
      customer: reset(customer, day, at),
      outcome: { kind: 'dayReset', ...command, was, running: running.length > 0 },
    };
  });

/** The day is left out, unless it is done. */
export const skipDay = (state: State, command: DayCommand): Effect => changeDay(state, command, skipped);

function changeDay(
  state: State,
  { customer: id, day: text }: DayCommand,
  change: (customer: Customer, day: Interval, command: DayCommand) => Changed,
): Effect {
  const index = indexOf(state, id);
  const customer = state.customers[index]!;
  const start = parseDay(text);
  if (start === undefined) {
    const got = JSON.stringify(text.slice(0, 40));
    throw new Refused(`day: expected a UTC day such as "2026-01-31", got ${got}`);
  }
  if (start < customer.start || start >= customer.end) {
    const range = `${formatDay(customer.start)} to ${formatDay(customer.end - 1)}`;
    throw new Refused(`${text} is outside ${id}'s range, ${range}`);
  }
  if (customer.removed) throw new Refused(`${id} was removed from this run; addCustomers brings it back`);
  const changed = change(customer, dayFrom(start), { customer: id, day: text });
  return { state: updateCustomer(state, index, () => changed.customer), outcome: changed.outcome };
}

/** What the parts of a day are, in words: `done`, `running`, and so on. */
function statesOn(customer: Customer, day: Interval): string[] {
  const parts = {
    running: runningHours(customer),
    verifying: checkingHours(customer),
    failed: customer.hours.failed,
    held: customer.hours.held,
    skipped: customer.hours.skipped,
    done: doneHours(customer),
    waiting: customer.hours.waiting,
  };
  return Object.entries(parts).flatMap(([name, hours]) => (overlaps(hours, day) ? [name] : []));
}

function reset(before: Customer, day: Interval, at: number): Customer {
  const running = within(runningHours(before), day);
  // A whole window that waits for its back-off stays one window; it is only due at once, with its attempts from zero.
  const retries = before.windows.retries.map((retry) =>
    overlaps([retry.hours], day) ? { ...retry, at, attempts: 0 } : retry,
  );
  const hasWaiting = hoursIn(within(before.hours.waiting, day)) > 0;
  const customer = (['done', 'checking', 'failed', 'held', 'skipped'] as const).reduce(
    (customer, from) => moveHours(customer, [day], 'resetDay', `${from} → waiting`),
    hasWaiting ? withWindows(before, { retries }) : before,
  );
  const { hours } = customer;
  const { undiscovered } = hours;
  // Before it is known what runs of it, any of its waiting hours may turn out to be running.
  const rerun = undiscovered ? union(running, within(hours.waiting, day)) : running;
  return {
    ...customer,
    hours: {
      ...hours,
      rerunAfter: union(hours.rerunAfter, rerun),
      skipUnlessCompleted: subtract(hours.skipUnlessCompleted, day),
      ...(undiscovered && { undiscovered: subtract(undiscovered, day) }),
    },
  };
}

function skipped(customer: Customer, day: Interval, command: DayCommand): Changed {
  const was = statesOn(customer, day);
  const { waiting, failed, held, skipped } = customer.hours;
  const running = within(runningHours(customer), day);
  const checking = within(checkingHours(customer), day);
  const open = [waiting, failed, held].some((hours) => overlaps(hours, day));
  const outcome = { kind: 'daySkipped', ...command, was } as const;
  if (!open && running.length + checking.length === 0) {
    if (overlaps(skipped, day)) return { customer, outcome: { ...outcome, next: 'skippedAlready' } };
    throw new Refused(
      `${customer.id} ${formatDay(day[0])} is ${was.join(' and ')} already; there is nothing to leave out`,
    );
  }
  const moved = (['waiting', 'failed', 'held'] as const).reduce(
    (customer, from) => moveHours(customer, [day], 'skipDay', `${from} → skipped`),
    customer,
  );
  const hours = {
    ...moved.hours,
    rerunAfter: subtract(moved.hours.rerunAfter, day),
    skipUnlessCompleted: union(moved.hours.skipUnlessCompleted, union(running, checking)),
  };
  const next = running.length > 0 ? 'skippedUnlessCompleted' : checking.length > 0 ? 'skippedIfMissing' : 'skipped';
  return { customer: { ...moved, hours }, outcome: { ...outcome, next } };
}
