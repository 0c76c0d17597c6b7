import { type Hour, type Interval, none } from './interval.js';
import type { Coverage } from './ledger.js';
import type { Options } from './options.js';
import type { Sizing } from './sizing.js';
import { type Customer, type EndedWindow, newCustomer, ordered, type State } from './state.js';
import { formatWindowSize, parseWindowSize } from './window.js';

/**
 * The state as one run hands it to the next: the same facts in a tenth of the bytes, because ten thousand customers must
 * fit in one payload. What follows from the rest is left out; texts that many share stand once, in one list.
 */
export interface Packed {
  state: Omit<State, 'customers' | 'order' | 'recent' | 'verifying'>;
  /** The density of customers whose volume is not known. */
  guess: number;
  texts: string[];
  customers: PackedCustomer[];
  recent: PackedEnding[];
}

/** A customer that differs from the usual one in nothing is its id, its volume and, once it worked, two numbers. */
type PackedCustomer = [id: string, conversations: number | null, completed?: number, busy?: number, rest?: PackedRest];

type PackedRest = Partial<Omit<Customer, 'sizing' | 'ledger'>> & { sizing?: PackedSizing; ledger?: PackedCoverage[] };

/** Hours from the customer's start; ms from the run's. `window` is 0 where it has the hours themselves. */
type PackedCoverage = [
  ...[after: Hour, hours: number, attempts: number, completed: number | null],
  ...[window?: Interval | null | 0, unverified?: number | null, ...counts: number[]],
];

type PackedSizing = [size: string, why: number, streak: number, ceiling?: number];

type PackedEnding = [
  ...[customer: number, from: Hour, to: Hour, attempt: number],
  ...[startedAt: number, took: number, outcome: number, message?: number],
];

/**
 * The state in its small form. Plain JSON; {@link unpack} gives the same state back, but for a check under way: it only
 * reads, and its answer would not reach the next run, which begins it again.
 */
export function pack(state: State): Packed {
  const { customers, order: _, recent, verifying: _check, ...rest } = state;
  const texts = new Texts();
  const guess = customers.find(({ conversations }) => conversations === undefined)?.density ?? 1;
  return {
    state: rest,
    guess,
    customers: customers.map((customer) => packCustomer(customer, state, guess, texts)),
    recent: recent.map(({ customer, from, to, attempt, startedAt, endedAt, outcome, message }) => [
      ...([customer, from, to, attempt, startedAt - state.startedAt, endedAt - startedAt] as const),
      texts.indexOf(outcome),
      ...(message === undefined ? [] : [texts.indexOf(message)]),
    ]) as PackedEnding[],
    texts: texts.list,
  };
}

export function unpack({ state, guess, texts, customers, recent }: Packed): State {
  const unpacked = customers.map((customer) => unpackCustomer(customer, state, guess, texts));
  const endings = recent.map(([customer, from, to, attempt, after, took, outcome, message]): EndedWindow => {
    const startedAt = state.startedAt + after;
    const ended = { customer, from, to, attempt, startedAt, endedAt: startedAt + took };
    return {
      ...{ ...ended, outcome: texts[outcome] as EndedWindow['outcome'] },
      ...(message === undefined ? {} : { message: texts[message]! }),
    };
  });
  return ordered({ ...state, customers: [], order: [], recent: endings }, unpacked);
}

/** The customer as it usually is: untouched, or all done once a window of it has completed. */
function usual(
  [id, conversations, completed = 0, busy = 0]: PackedCustomer,
  options: Options,
  guess: number,
): Customer {
  const { start, end } = options;
  const request = { id, start, end, ...(conversations === null ? {} : { conversations }) };
  const customer = newCustomer(request, guess, options);
  return completed === 0 ? customer : { ...customer, completed, busy, waiting: none };
}

type Run = Pick<State, 'options' | 'startedAt'>;

function packCustomer(customer: Customer, { options, startedAt }: Run, guess: number, texts: Texts): PackedCustomer {
  const { id, conversations = null, completed, busy } = customer;
  const head: PackedCustomer = completed === 0 ? [id, conversations] : [id, conversations, completed, busy];
  const expected: Partial<Customer> = usual(head, options, guess);
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(customer)) {
    if (!isSame(value, expected[name as keyof Customer])) rest[name] = value;
  }
  if (rest.sizing) rest.sizing = packSizing(customer.sizing, texts);
  if (rest.ledger) rest.ledger = customer.ledger.map((entry) => packCoverage(entry, customer.start, startedAt, texts));
  if (Object.keys(rest).length === 0) return head;
  return [id, conversations, completed, busy, rest as PackedRest];
}

function unpackCustomer(packed: PackedCustomer, { options, startedAt }: Run, guess: number, texts: string[]): Customer {
  const { sizing, ledger = [], ...rest } = packed[4] ?? {};
  const customer = { ...usual(packed, options, guess), ...rest };
  return {
    ...customer,
    ...(sizing ? { sizing: unpackSizing(sizing, texts) } : {}),
    ledger: ledger.map((entry) => unpackCoverage(entry, customer.start, startedAt, texts)),
  };
}

function packCoverage(entry: Coverage, start: Hour, startedAt: number, texts: Texts): PackedCoverage {
  const { from, to, window = 0, completedAt, attempts, counts, unverified } = entry;
  const head = [from - start, to - from, attempts, completedAt === null ? null : completedAt - startedAt] as const;
  const why = unverified === undefined ? null : texts.indexOf(unverified);
  if (counts) return [...head, window, why, ...counts.flat()];
  if (why !== null) return [...head, window, why];
  return window === 0 ? [...head] : [...head, window];
}

function unpackCoverage(packed: PackedCoverage, start: Hour, startedAt: number, texts: string[]): Coverage {
  const [after, hours, attempts, completed, window = 0, why = null, ...flat] = packed;
  const counts = flat.flatMap((n, i) => (i % 2 === 0 ? [[n, flat[i + 1]!] as const] : []));
  return {
    ...{ from: start + after, to: start + after + hours, attempts },
    completedAt: completed === null ? null : startedAt + completed,
    ...(window === 0 ? {} : { window }),
    ...(why === null ? {} : { unverified: texts[why]! }),
    ...(counts.length > 0 ? { counts } : {}),
  };
}

const packSizing = ({ size, why, streak, ceiling }: Sizing, texts: Texts): PackedSizing => [
  ...([formatWindowSize(size), texts.indexOf(why), streak] as const),
  ...(ceiling === undefined ? ([] as const) : ([ceiling] as const)),
];

const unpackSizing = ([size, why, streak, ceiling]: PackedSizing, texts: string[]): Sizing => ({
  ...{ size: parseWindowSize(size)!, why: texts[why]!, streak },
  ...(ceiling === undefined ? {} : { ceiling }),
});

/** Both are plain JSON, made by the same code, so that their fields come in the same order. */
const isSame = (one: unknown, other: unknown): boolean =>
  one === other || (typeof one === 'object' && JSON.stringify(one) === JSON.stringify(other));

/** Each text once, in the order of their first use. */
class Texts {
  readonly list: string[] = [];
  private readonly known = new Map<string, number>();

  indexOf(text: string): number {
    const known = this.known.get(text);
    if (known !== undefined) return known;
    this.known.set(text, this.list.length);
    return this.list.push(text) - 1;
  }
}
