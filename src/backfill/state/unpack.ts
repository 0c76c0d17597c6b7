import type { Interval, Intervals } from '../hours/interval.js';
import { parseWindowSize } from '../hours/window.js';
import type { Sizing, WindowPolicy } from '../pacing/sizing.js';
import type { Options } from '../request/options.js';
import type { Check, Customer, Problem, Repair, Retry, Window } from './customer.js';
import { ordered } from './initial-state.js';
import type { Coverage } from './ledger.js';
import {
  CARRIED_VERSION,
  type Flat,
  flat,
  isSet,
  LISTS,
  PACING,
  type Packed,
  type PackedCoverage,
  type PackedCustomer,
  type PackedFields,
  type PackedHours,
  type PackedRest,
  RECORD,
  SETS,
  usual,
} from './packed.js';
import type { EndedWindow, State } from './state.js';

/**
 * The state that `pack` has made small.
 *
 * @throws Error for a version that this code does not know, that of a later release: the workflow task fails until a worker
 *   that knows it takes over, and the run is not lost
 */
export function unpack({ version, state, guess, texts, customers, recent }: Packed): State {
  if (version !== CARRIED_VERSION)
    throw new Error(`a state of version ${version}: this worker reads ${CARRIED_VERSION}`);
  const { startedAt } = state.lifecycle;
  const endings = recent.map(([customer, from, to, attempt, after, took, outcome, taught, message]): EndedWindow => {
    const started = startedAt + after;
    return {
      customer,
      hours: [from, to],
      attempt,
      startedAt: started,
      endedAt: started + took,
      outcome: texts[outcome] as EndedWindow['outcome'],
      ...(taught && { taught: true }),
      ...(message !== undefined && { message: texts[message]! }),
    };
  });
  return ordered(
    { ...state, customers: [], order: [], record: { ...state.record, recent: endings } },
    customers.map((customer) => unpackCustomer(customer, state.options, guess, texts, startedAt)),
  );
}

function inParts(fields: Flat): Customer {
  const rest: Partial<Flat> = { ...fields };
  const part = <Name extends keyof Flat>(names: readonly Name[]): Pick<Flat, Name> => {
    const taken: Partial<Flat> = {};
    for (const name of names) {
      if (fields[name] !== undefined) taken[name] = fields[name];
      delete rest[name];
    }
    return taken as Pick<Flat, Name>;
  };
  const parts = { hours: part(SETS), windows: part(LISTS), pacing: part(PACING), record: part(RECORD) };
  return { ...(rest as Omit<Customer, keyof typeof parts>), ...parts };
}

function unpackCustomer(
  packed: PackedCustomer,
  options: Options,
  guess: number,
  texts: readonly string[],
  startedAt: number,
): Customer {
  const expected = flat(usual(packed, options, guess));
  const rest = packed[4];
  if (!rest) return inParts(expected);
  const unpacker = new Unpacker(texts, rest.start ?? options.start, startedAt);
  const fields = Object.keys(rest).map((name) => [name, unpacker.field(name as keyof Flat, rest)]);
  return inParts({ ...expected, ...Object.fromEntries(fields) });
}

/** Reads what the packer has written. */
class Unpacker {
  constructor(
    private readonly texts: readonly string[],
    private readonly start: number,
    private readonly startedAt: number,
  ) {}

  field(name: keyof Flat, packed: PackedRest): unknown {
    if (isSet(name)) return this.hours(packed[name]!);
    switch (name) {
      case 'window':
        return JSON.parse(this.text(packed.window!)) as WindowPolicy;
      case 'sizing':
        return this.sizing(packed.sizing!);
      case 'running':
        return packed.running!.map((window): Window => {
          const [after, length, attempt, startedAt, rest] = window as [number, number, number, number, Partial<Window>];
          return { hours: this.stretch(after, length), attempt, startedAt: this.time(startedAt), ...rest };
        });
      case 'retries':
        return packed.retries!.map(([after, length, attempts, at, kind, message]): Retry => {
          return { hours: this.stretch(after, length), attempts, at: this.time(at), ...this.why(kind, message) };
        });
      case 'checking':
        return packed.checking!.map(([after, length, hours, attempt, startedAt, endedAt, found]): Check => {
          const check = {
            window: this.stretch(after, length),
            hours: this.hours(hours),
            attempt,
            startedAt: this.time(startedAt),
            endedAt: this.time(endedAt),
          };
          return found ? { ...check, found: true } : check;
        });
      case 'repairs':
        return packed.repairs!.map(([after, length, times, attempts]): Repair => {
          return { hours: this.stretch(after, length), times, attempts };
        });
      case 'problems':
        return packed.problems!.map(([hours, kind, message, attempts, workflowId, at]): Problem => {
          return { hours: this.hours(hours), ...this.why(kind, message), attempts, workflowId, at: this.time(at) };
        });
      case 'ledger':
        return packed.ledger!.map((entry) => this.coverage(entry));
      default:
        return packed[name];
    }
  }

  private readonly text = (index: number): string => this.texts[index]!;

  private readonly time = (after: number): number => this.startedAt + after;

  private readonly stretch = (after: number, length: number): Interval => [
    this.start + after,
    this.start + after + length,
  ];

  private readonly why = (kind: number, message: number) => ({
    class: this.text(kind) as Problem['class'],
    message: this.text(message),
  });

  private hours(packed: PackedHours): Intervals {
    const hours: Interval[] = [];
    let at = this.start;
    for (let i = 0; i < packed.length; i += 2) {
      const from = at + packed[i]!;
      at = from + packed[i + 1]!;
      hours.push([from, at]);
    }
    return hours;
  }

  private sizing([size, why, streak, ceiling]: PackedFields['sizing']): Sizing {
    const sizing = { size: parseWindowSize(size)!, why: this.text(why), streak };
    return ceiling === undefined ? sizing : { ...sizing, ceiling };
  }

  private coverage([after, length, attempts, completed, window = 0, why = null, ...flat]: PackedCoverage): Coverage {
    const counts = flat.flatMap((n, i) => (i % 2 === 0 ? [[n, flat[i + 1]!] as const] : []));
    return {
      hours: this.stretch(after, length),
      attempts,
      completedAt: completed === null ? null : this.time(completed),
      ...(window !== 0 && { window }),
      ...(why !== null && { unverified: this.text(why) }),
      ...(counts.length > 0 && { counts }),
    };
  }
}
