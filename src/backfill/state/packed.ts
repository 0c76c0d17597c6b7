import { type Interval, none } from '../hours/interval.js';
import type { Options } from '../request/options.js';
import type { Customer, CustomerHours, CustomerPacing, CustomerRecord, CustomerWindows, Window } from './customer.js';
import { newCustomer } from './initial-state.js';
import type { RunRecord, State } from './state.js';

/** The shape of what is carried. A later version reads each earlier one: see CONTRIBUTING.md. */
export const CARRIED_VERSION = 1;

/**
 * The state as one run hands it to the next: the same facts in a tenth of the bytes, because ten thousand customers must
 * fit in one payload. What follows from the rest is left out; texts that many share stand once, in one list.
 */
export interface Packed {
  version: typeof CARRIED_VERSION;
  state: Omit<State, 'customers' | 'order' | 'record'> & { record: Omit<RunRecord, 'recent'> };
  /** The density of customers whose volume is not known. */
  guess: number;
  texts: string[];
  customers: PackedCustomer[];
  recent: PackedEnding[];
}

/** A customer that differs from the usual one in nothing is its id, its volume and, once it worked, two numbers. */
export type PackedCustomer = [
  id: string,
  conversations: number | null,
  completed?: number,
  busy?: number,
  rest?: PackedRest,
];

/** The fields of all parts of a customer, side by side. */
export type Flat = Omit<Customer, 'hours' | 'windows' | 'pacing' | 'record'> &
  CustomerHours &
  CustomerWindows &
  CustomerPacing &
  CustomerRecord;

/** Where hours are written from a customer's start: the gap before a stretch, its length, the next gap… */
export type PackedHours = number[];

/** In all of these: hours as a gap from the customer's start and a length; ms from the run's start; texts by their index. */
export interface PackedFields {
  /** The policy as JSON, among the texts. */
  window: number;
  sizing: [size: string, why: number, streak: number, ceiling?: number];
  running: [...hours: PackedHours, attempt: number, startedAt: number, rest: Partial<Window>][];
  retries: [after: number, length: number, attempts: number, at: number, kind: number, message: number][];
  checking: [
    ...[after: number, length: number, hours: PackedHours, attempt: number],
    ...[startedAt: number, endedAt: number, found: 0 | 1],
  ][];
  repairs: [after: number, length: number, times: number, attempts: number][];
  problems: [
    ...[hours: PackedHours, kind: number, message: number, attempts: number],
    ...[workflowId: string, at: number],
  ][];
  ledger: PackedCoverage[];
}

export const SETS = [
  ...(['waiting', 'skipped', 'failed', 'held'] as const),
  ...(['rerunAfter', 'skipUnlessCompleted', 'undiscovered', 'retriedAfterBreaker'] as const),
] as const satisfies readonly (keyof CustomerHours)[];
export const LISTS = [
  'running',
  'retries',
  'checking',
  'repairs',
] as const satisfies readonly (keyof CustomerWindows)[];
export const PACING = [
  ...(['density', 'sizing', 'writers', 'foundWriters', 'best'] as const),
] as const satisfies readonly (keyof CustomerPacing)[];
export const RECORD = [
  ...(['ledger', 'problems', 'completed', 'unsuccessful', 'busy'] as const),
] as const satisfies readonly (keyof CustomerRecord)[];

export type PackedRest = Partial<
  Omit<Flat, keyof PackedFields | (typeof SETS)[number]> & PackedFields & Record<(typeof SETS)[number], PackedHours>
>;

/** `window` is 0 where it has the hours themselves. */
export type PackedCoverage = [
  ...[after: number, length: number, attempts: number, completed: number | null],
  ...[window?: Interval | null | 0, unverified?: number | null, ...counts: number[]],
];

export type PackedEnding = [
  ...[customer: number, from: number, to: number, attempt: number],
  ...[startedAt: number, took: number, outcome: number, taught: 0 | 1, message?: number],
];

export const isSet = (name: string): name is (typeof SETS)[number] => (SETS as readonly string[]).includes(name);

/** The customer as it usually is: untouched, or all done once a window of it has completed. */
export function usual(
  [id, conversations, completed = 0, busy = 0]: PackedCustomer,
  options: Options,
  guess: number,
): Customer {
  const { start, end } = options;
  const customer = newCustomer({ id, start, end, ...(conversations !== null && { conversations }) }, guess, options);
  if (completed === 0) return customer;
  return {
    ...customer,
    hours: { ...customer.hours, waiting: none },
    record: { ...customer.record, completed, busy },
  };
}

export const flat = ({ hours, windows, pacing, record, ...asked }: Customer): Flat => ({
  ...asked,
  ...hours,
  ...windows,
  ...pacing,
  ...record,
});
