import { type Hour, type Interval, type Intervals, none } from '../hours/interval.js';
import { formatWindowSize, parseWindowSize } from '../hours/window.js';
import { initialSizing, type Sizing, type WindowPolicy } from '../pacing/sizing.js';
import type { Options } from '../request/options.js';
import { jsonBytes } from '../views/answer-size.js';
import { decided } from './journal.js';
import type { Coverage } from './ledger.js';
import {
  type Check,
  type Customer,
  type EndedWindow,
  newCustomer,
  ordered,
  type Problem,
  type Repair,
  type Retry,
  type State,
  type Window,
} from './state.js';

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

/** Fields that are lists of hours, each from the customer's start: the gap before a stretch, its length, the next gap… */
const SETS = ['waiting', 'skipped', 'failed', 'held', 'again', 'leave', 'unseen', 'retriedAfterBreaker'] as const;
type PackedHours = number[];

type Lists = 'running' | 'retries' | 'checking' | 'repairs' | 'problems' | 'ledger';
type PackedRest = Partial<Omit<Customer, 'sizing' | 'window' | Lists | (typeof SETS)[number]>> &
  Partial<Record<(typeof SETS)[number], PackedHours>> & {
    sizing?: PackedSizing;
    /** The policy as JSON, among the texts. */
    window?: number;
    running?: PackedWindow[];
    retries?: PackedRetry[];
    checking?: PackedCheck[];
    repairs?: PackedRepair[];
    problems?: PackedProblem[];
    ledger?: PackedCoverage[];
  };

/** In all of these: hours from the customer's start and then how many; ms from the run's start; texts by their index. */
type PackedWindow = [after: Hour, hours: number, attempt: number, startedAt: number, rest: Partial<Window>];
type PackedRetry = [after: Hour, hours: number, attempts: number, at: number, kind: number, message: number];
type PackedCheck = [
  ...[after: Hour, hours: number, part: PackedHours, attempt: number],
  ...[startedAt: number, endedAt: number, found: 0 | 1],
];
type PackedRepair = [after: Hour, hours: number, times: number, attempts: number];
type PackedProblem = [
  ...[hours: PackedHours, kind: number, message: number, attempts: number],
  ...[workflowId: string, at: number],
];
/** `window` is 0 where it has the hours themselves. */
type PackedCoverage = [
  ...[after: Hour, hours: number, attempts: number, completed: number | null],
  ...[window?: Interval | null | 0, unverified?: number | null, ...counts: number[]],
];

type PackedSizing = [size: string, why: number, streak: number, ceiling?: number];

type PackedEnding = [
  ...[customer: number, from: Hour, to: Hour, attempt: number],
  ...[startedAt: number, took: number, outcome: number, taught: 0 | 1, message?: number],
];

/**
 * The most that a state may take to be handed over whole, in bytes. The server takes 2 MB together with the rest of the
 * command, and a hand-over that it refuses would be tried indefinitely.
 */
export const CARRY_BYTES = 1_700_000;

/** What a state can do without, in this order, until it fits; the sets of hours, retries and windows are never touched. */
const LIGHTER: readonly { what: string; of: (state: State) => State }[] = [
  { what: 'all but the latest 60 ended windows', of: (state) => ({ ...state, recent: state.recent.slice(-60) }) },
  {
    what: 'all but the latest 20 log entries and rejected commands',
    of: (state) => ({ ...state, log: state.log.slice(-20), rejected: state.rejected.slice(-20) }),
  },
  { what: 'all but one message for each class of failure', of: withFewTexts },
  { what: 'the window sizes of customers of whom nothing is left', of: withSizesInUse },
  {
    what: 'the proof of the days done so far',
    of: (state) => ({ ...state, customers: state.customers.map((customer) => ({ ...customer, ledger: [] })) }),
  },
];

/** The state packed so that the next run can take it; what had to be left out for that is in the log. */
export function packToFit(state: State, at: number): Packed {
  let lighter = state;
  let packed = pack(lighter);
  const left: string[] = [];
  for (const { what, of } of LIGHTER) {
    if (jsonBytes(packed) <= CARRY_BYTES) break;
    left.push(what);
    lighter = of(lighter);
    const effect = `left behind, since the run's state is too large to carry on: ${left.join('; ')}`;
    packed = pack(decided(lighter, at, effect));
  }
  return packed;
}

/** Messages of failures as one for each class, since thousands of different ones may be carried. */
function withFewTexts(state: State): State {
  const first = new Map<string, string>();
  const shared = <T extends { class: string; message: string }>(entry: T): T => {
    const message = first.get(entry.class) ?? entry.message.slice(0, 200);
    first.set(entry.class, message);
    return { ...entry, message };
  };
  const customers = state.customers.map((customer) => ({
    ...customer,
    problems: customer.problems.map(shared),
    retries: customer.retries.map(shared),
    ledger: customer.ledger.map((entry) =>
      entry.unverified ? { ...entry, unverified: 'it could not be made' } : entry,
    ),
    sizing: { ...customer.sizing, why: 'as it was found before the run continued as new' },
  }));
  const recent = state.recent.map(({ message: _, ...ended }) => ended);
  return { ...state, customers, recent };
}

function withSizesInUse(state: State): State {
  const customers = state.customers.map((customer) =>
    customer.waiting.length + customer.running.length > 0
      ? customer
      : { ...customer, sizing: initialSizing(customer.window ?? state.options.window, customer) },
  );
  return { ...state, customers };
}

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
    recent: recent.map(({ customer, from, to, attempt, startedAt, endedAt, outcome, taught, message }) => [
      ...([customer, from, to, attempt, startedAt - state.startedAt, endedAt - startedAt] as const),
      ...([texts.indexOf(outcome), taught ? 1 : 0] as const),
      ...(message === undefined ? [] : [texts.indexOf(message)]),
    ]) as PackedEnding[],
    texts: texts.list,
  };
}

export function unpack({ state, guess, texts, customers, recent }: Packed): State {
  const unpacked = customers.map((customer) => unpackCustomer(customer, state, guess, texts));
  const endings = recent.map(([customer, from, to, attempt, after, took, outcome, taught, message]): EndedWindow => {
    const startedAt = state.startedAt + after;
    return {
      customer,
      from,
      to,
      attempt,
      startedAt,
      endedAt: startedAt + took,
      outcome: texts[outcome] as EndedWindow['outcome'],
      ...(taught ? { taught: true } : {}),
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
  const { id, start, conversations = null, completed, busy } = customer;
  const head: PackedCustomer = completed === 0 ? [id, conversations] : [id, conversations, completed, busy];
  const expected: Partial<Customer> = usual(head, options, guess);
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(customer)) {
    if (!isSame(value, expected[name as keyof Customer])) rest[name] = value;
  }
  for (const name of SETS) if (rest[name]) rest[name] = packHours(customer[name]!, start);
  const small = packers(customer, start, startedAt, texts);
  for (const [name, packed] of Object.entries(small)) if (rest[name]) rest[name] = packed();
  if (Object.keys(rest).length === 0) return head;
  return [id, conversations, completed, busy, rest as PackedRest];
}

/** How the parts of a customer are packed that are no sets of hours and no plain values. */
function packers(customer: Customer, start: Hour, startedAt: number, texts: Texts) {
  const text = (message: string) => texts.indexOf(message);
  return {
    sizing: () => packSizing(customer.sizing, texts),
    window: () => text(JSON.stringify(customer.window)),
    running: () =>
      customer.running.map(({ from, to, attempt, startedAt: at, ...rest }): PackedWindow => {
        return [from - start, to - from, attempt, at - startedAt, rest];
      }),
    retries: () =>
      customer.retries.map(({ from, to, attempts, at, class: kind, message }): PackedRetry => {
        return [from - start, to - from, attempts, at - startedAt, text(kind), text(message)];
      }),
    checking: () =>
      customer.checking.map((check): PackedCheck => {
        const { from, to, hours, attempt } = check;
        const times = [check.startedAt - startedAt, check.endedAt - startedAt] as const;
        return [from - start, to - from, packHours(hours, start), attempt, ...times, check.found ? 1 : 0];
      }),
    repairs: () =>
      customer.repairs.map(({ from, to, times, attempts }): PackedRepair => [from - start, to - from, times, attempts]),
    problems: () =>
      customer.problems.map(({ hours, class: kind, message, attempts, workflowId, at }): PackedProblem => {
        return [packHours(hours, start), text(kind), text(message), attempts, workflowId, at - startedAt];
      }),
    ledger: () => customer.ledger.map((entry) => packCoverage(entry, start, startedAt, texts)),
  };
}

function unpackCustomer(packed: PackedCustomer, { options, startedAt }: Run, guess: number, texts: string[]): Customer {
  const { sizing, window, running, retries, checking, repairs, problems, ledger, ...rest } = packed[4] ?? {};
  const { start = options.start } = rest;
  const sets = SETS.flatMap((name) => (rest[name] ? [[name, unpackHours(rest[name], start)]] : []));
  const hours = (after: Hour, length: number) => ({ from: start + after, to: start + after + length });
  return {
    ...usual(packed, options, guess),
    ...rest,
    ...Object.fromEntries(sets),
    ...(sizing && { sizing: unpackSizing(sizing, texts) }),
    ...(window !== undefined && { window: JSON.parse(texts[window]!) as WindowPolicy }),
    ...(running && {
      running: running.map(([after, length, attempt, at, more]): Window => {
        return { ...hours(after, length), attempt, startedAt: startedAt + at, ...more };
      }),
    }),
    ...(retries && {
      retries: retries.map(([after, length, attempts, at, kind, message]): Retry => {
        const why = { class: texts[kind] as Retry['class'], message: texts[message]! };
        return { ...hours(after, length), attempts, at: startedAt + at, ...why };
      }),
    }),
    ...(checking && {
      checking: checking.map(([after, length, part, attempt, started, ended, found]): Check => {
        const times = { startedAt: startedAt + started, endedAt: startedAt + ended };
        const check = { ...hours(after, length), hours: unpackHours(part, start), attempt, ...times };
        return found ? { ...check, found: true } : check;
      }),
    }),
    ...(repairs && {
      repairs: repairs.map(
        ([after, length, times, attempts]): Repair => ({ ...hours(after, length), times, attempts }),
      ),
    }),
    ...(problems && {
      problems: problems.map(([part, kind, message, attempts, workflowId, at]): Problem => {
        const why = { class: texts[kind] as Problem['class'], message: texts[message]! };
        return { hours: unpackHours(part, start), ...why, attempts, workflowId, at: startedAt + at };
      }),
    }),
    ledger: (ledger ?? []).map((entry) => unpackCoverage(entry, start, startedAt, texts)),
  };
}

function packHours(hours: Intervals, start: Hour): PackedHours {
  let at = start;
  return hours.flatMap(([from, to]) => {
    const pair = [from - at, to - from];
    at = to;
    return pair;
  });
}

function unpackHours(packed: PackedHours, start: Hour): Intervals {
  const hours: Interval[] = [];
  let at = start;
  for (let i = 0; i < packed.length; i += 2) {
    const from = at + packed[i]!;
    at = from + packed[i + 1]!;
    hours.push([from, at]);
  }
  return hours;
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
    from: start + after,
    to: start + after + hours,
    attempts,
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
  size: parseWindowSize(size)!,
  why: texts[why]!,
  streak,
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
