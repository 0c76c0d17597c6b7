import { hoursIn } from './interval.js';
import type { Customer, State } from './state.js';

/**
 * What all customers come to together, so that one decision among ten thousand customers does not ask each of them.
 *
 * Remembered beside the list of customers, never in the state: it follows from the list alone. Changing one customer
 * moves it by that customer's difference, which gives exactly what counting anew would, because densities are such that
 * sums of work are exact (see `densityOf`). A replay that counts at other moments therefore decides the same.
 */
export interface Tally {
  /** Windows in flight. */
  inFlight: number;
  /** Indexes of customers with windows in flight, ascending. */
  running: readonly number[];
  /** Customers with waiting hours. */
  waiting: number;
  /** Work that waits or runs. */
  left: number;
  /** All work but what is skipped. */
  all: number;
  /** The state's `order` without customers that have nothing waiting or running. */
  open: readonly number[];
}

const tallies = new WeakMap<readonly Customer[], Tally>();

export function tallyOf({ customers, order }: State): Tally {
  const known = tallies.get(customers);
  if (known) return known;
  const tally = {
    inFlight: 0,
    running: customers.flatMap(({ running }, index) => (running.length > 0 ? [index] : [])),
    waiting: 0,
    left: 0,
    all: 0,
    open: order.filter((index) => isOpen(customers[index]!)),
  };
  for (const customer of customers) {
    tally.inFlight += customer.running.length;
    tally.waiting += waits(customer);
    tally.left += workLeft(customer);
    tally.all += allWork(customer);
  }
  tallies.set(customers, tally);
  return tally;
}

/** Remembers the tally of a state that differs from another one in one customer only. */
export function tallyMoved(before: State, after: State, index: number): void {
  const tally = tallies.get(before.customers);
  if (!tally) return;
  const was = before.customers[index]!;
  const is = after.customers[index]!;
  let { running, open } = tally;
  if (was.running.length > 0 !== is.running.length > 0) {
    running = is.running.length > 0 ? inserted(running, index) : running.filter((other) => other !== index);
  }
  if (isOpen(was) !== isOpen(is)) {
    open = isOpen(is)
      ? after.order.filter((other) => isOpen(after.customers[other]!))
      : open.filter((other) => other !== index);
  }
  tallies.set(after.customers, {
    running,
    open,
    inFlight: tally.inFlight + is.running.length - was.running.length,
    waiting: tally.waiting + waits(is) - waits(was),
    left: tally.left + workLeft(is) - workLeft(was),
    all: tally.all + allWork(is) - allWork(was),
  });
}

/** Waiting and running work of a customer, in conversations (or their equivalent). */
export function workLeft({ waiting, running, density }: Customer): number {
  let hours = hoursIn(waiting);
  for (const window of running) hours += window.claims ? hoursIn(window.claims) : window.to - window.from;
  return hours * density;
}

const isOpen = ({ waiting, running }: Customer): boolean => waiting.length > 0 || running.length > 0;

const waits = ({ waiting }: Customer): number => (waiting.length > 0 ? 1 : 0);

const allWork = ({ start, end, skipped, density }: Customer): number => (end - start - hoursIn(skipped)) * density;

function inserted(sorted: readonly number[], index: number): number[] {
  const at = sorted.findIndex((other) => other > index);
  return at < 0 ? [...sorted, index] : [...sorted.slice(0, at), index, ...sorted.slice(at)];
}
