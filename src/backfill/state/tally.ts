import { hoursIn, type Interval } from '../hours/interval.js';
import { daysTouched, rowsOf } from './ledger.js';
import type { Customer, State } from './state.js';
import { weightOf } from './weight.js';

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
  /** Indexes of customers with windows that wait for their check, ascending. */
  checking: readonly number[];
  /** How many such windows there are, and how many customer-days they hold. */
  checks: number;
  checkDays: number;
  /** Customer-days in the ledgers. */
  rows: number;
  /** What they take at most when the run continues as new, in bytes. */
  weight: number;
  /** Work that waits or runs. */
  left: number;
  /** All work but what is skipped. */
  all: number;
  /** The state's `order` without customers that have nothing waiting or running. */
  open: readonly number[];
}

const tallies = new WeakMap<readonly Customer[], Tally>();

export function tallyOf({ customers, order, options }: State): Tally {
  const known = tallies.get(customers);
  if (known) return known;
  const tally = {
    inFlight: 0,
    running: customers.flatMap(({ running }, index) => (running.length > 0 ? [index] : [])),
    waiting: 0,
    checking: customers.flatMap(({ checking }, index) => (checking.length > 0 ? [index] : [])),
    checks: 0,
    checkDays: 0,
    rows: 0,
    weight: 0,
    left: 0,
    all: 0,
    open: order.filter((index) => isOpen(customers[index]!)),
  };
  for (const customer of customers) {
    tally.inFlight += customer.running.length;
    tally.waiting += waits(customer);
    tally.checks += customer.checking.length;
    tally.checkDays += checkDays(customer);
    tally.rows += rowsOf(customer);
    tally.weight += weightOf(customer, [options.start, options.end]);
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
  const range: Interval = [after.options.start, after.options.end];
  const was = before.customers[index]!;
  const is = after.customers[index]!;
  let { open } = tally;
  if (isOpen(was) !== isOpen(is)) {
    open = isOpen(is)
      ? after.order.filter((other) => isOpen(after.customers[other]!))
      : open.filter((other) => other !== index);
  }
  tallies.set(after.customers, {
    open,
    running: listed(tally.running, index, was.running, is.running),
    checking: listed(tally.checking, index, was.checking, is.checking),
    checks: tally.checks + is.checking.length - was.checking.length,
    checkDays: tally.checkDays + checkDays(is) - checkDays(was),
    rows: is.ledger === was.ledger ? tally.rows : tally.rows + rowsOf(is) - rowsOf(was),
    weight: tally.weight + weightOf(is, range) - weightOf(was, range),
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

const checkDays = ({ checking }: Customer): number => daysTouched(checking.flatMap(({ hours }) => hours));

/** The indexes of customers that have any of something, after one of them changed. */
function listed(indexes: readonly number[], index: number, was: readonly unknown[], is: readonly unknown[]) {
  if (was.length > 0 === is.length > 0) return indexes;
  return is.length > 0 ? inserted(indexes, index) : indexes.filter((other) => other !== index);
}

function inserted(sorted: readonly number[], index: number): number[] {
  const at = sorted.findIndex((other) => other > index);
  return at < 0 ? [...sorted, index] : [...sorted.slice(0, at), index, ...sorted.slice(at)];
}
