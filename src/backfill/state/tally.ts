import { hoursIn } from '../hours/interval.js';
import { type Customer, rangeOf } from './customer.js';
import { daysTouched, proofRows } from './ledger.js';
import type { State } from './state.js';
import { weightOf } from './weight.js';

/**
 * What all customers come to together, so that one decision among ten thousand customers does not ask each of them.
 *
 * Remembered beside the list of customers, never in the state: it follows from the list alone. Changing one customer
 * moves it by that customer's difference, which gives exactly what a new count would, because densities are such that
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
    running: customers.flatMap(({ windows }, index) => (windows.running.length > 0 ? [index] : [])),
    waiting: 0,
    checking: customers.flatMap(({ windows }, index) => (windows.checking.length > 0 ? [index] : [])),
    checks: 0,
    checkDays: 0,
    rows: 0,
    weight: 0,
    left: 0,
    all: 0,
    open: order.filter((index) => isOpen(customers[index]!)),
  };
  for (const customer of customers) {
    tally.inFlight += customer.windows.running.length;
    tally.waiting += waits(customer);
    tally.checks += customer.windows.checking.length;
    tally.checkDays += checkDays(customer);
    tally.rows += proofRows(customer.record.ledger);
    tally.weight += weightOf(customer, rangeOf(options));
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
  const range = rangeOf(after.options);
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
    running: listed(tally.running, index, was.windows.running, is.windows.running),
    checking: listed(tally.checking, index, was.windows.checking, is.windows.checking),
    checks: tally.checks + is.windows.checking.length - was.windows.checking.length,
    checkDays: tally.checkDays + checkDays(is) - checkDays(was),
    rows: tally.rows + rowsMoved(was, is),
    weight: tally.weight + weightOf(is, range) - weightOf(was, range),
    inFlight: tally.inFlight + is.windows.running.length - was.windows.running.length,
    waiting: tally.waiting + waits(is) - waits(was),
    left: tally.left + workLeft(is) - workLeft(was),
    all: tally.all + allWork(is) - allWork(was),
  });
}

const rowsMoved = ({ record: was }: Customer, { record: is }: Customer): number =>
  is.ledger === was.ledger ? 0 : proofRows(is.ledger) - proofRows(was.ledger);

/** Waiting and running work of a customer, in conversations (or their equivalent). */
export function workLeft({ hours: { waiting }, windows: { running }, pacing: { density } }: Customer): number {
  let left = hoursIn(waiting);
  for (const { claims, hours } of running) left += hoursIn(claims ?? [hours]);
  return left * density;
}

const isOpen = ({ hours, windows }: Customer): boolean => hours.waiting.length + windows.running.length > 0;

const waits = ({ hours }: Customer): number => (hours.waiting.length > 0 ? 1 : 0);

const allWork = ({ start, end, hours, pacing }: Customer): number =>
  (end - start - hoursIn(hours.skipped)) * pacing.density;

const checkDays = ({ windows }: Customer): number => daysTouched(windows.checking.flatMap(({ hours }) => hours));

/** The indexes of customers that have any of something, after one of them changed. */
function listed(indexes: readonly number[], index: number, was: readonly unknown[], is: readonly unknown[]) {
  if (was.length > 0 === is.length > 0) return indexes;
  return is.length > 0 ? inserted(indexes, index) : indexes.filter((other) => other !== index);
}

function inserted(sorted: readonly number[], index: number): number[] {
  const at = sorted.findIndex((other) => other > index);
  return at < 0 ? [...sorted, index] : [...sorted.slice(0, at), index, ...sorted.slice(at)];
}
