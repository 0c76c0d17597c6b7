import type { Intervals } from '../hours/interval.js';
import { formatWindowSize } from '../hours/window.js';
import type { Sizing } from '../pacing/sizing.js';
import type { Options } from '../request/options.js';
import type { Customer } from './customer.js';
import type { Coverage } from './ledger.js';
import {
  CARRIED_VERSION,
  type Flat,
  flat,
  isSet,
  type Packed,
  type PackedCustomer,
  type PackedEnding,
  type PackedFields,
  type PackedHours,
  type PackedRest,
  usual,
} from './packed.js';
import type { State } from './state.js';
import { without } from './update.js';

/**
 * The state in its small form. Plain JSON; `unpack` gives the same state back, but for a check under way: it only
 * reads, and its answer would not reach the next run, which begins it again.
 */
export function pack({ customers, order: _, record, ...state }: State): Packed {
  const { recent, ...kept } = record;
  const { startedAt } = state.lifecycle;
  const texts = new Texts();
  const guess = customers.find(({ conversations }) => conversations === undefined)?.pacing.density ?? 1;
  return {
    version: CARRIED_VERSION,
    state: { ...state, checks: without(state.checks, 'underway'), record: kept },
    guess,
    customers: customers.map((customer) =>
      packCustomer(customer, state.options, guess, new Packer(texts, customer.start, startedAt)),
    ),
    recent: recent.map((ended): PackedEnding => {
      const { customer, hours, attempt, outcome, taught, message } = ended;
      const times = [ended.startedAt - startedAt, ended.endedAt - ended.startedAt] as const;
      const verdict = [texts.indexOf(outcome), taught ? 1 : 0] as const;
      const head = [customer, ...hours, attempt, ...times, ...verdict] as const;
      return message === undefined ? [...head] : [...head, texts.indexOf(message)];
    }),
    texts: texts.list,
  };
}

function packCustomer(customer: Customer, options: Options, guess: number, packer: Packer): PackedCustomer {
  const fields = flat(customer);
  const { id, conversations = null, completed, busy } = fields;
  const head: PackedCustomer = completed === 0 ? [id, conversations] : [id, conversations, completed, busy];
  const expected: Partial<Flat> = flat(usual(head, options, guess));
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (!isSame(value, expected[name as keyof Flat])) rest[name] = packer.field(name as keyof Flat, fields);
  }
  return Object.keys(rest).length === 0 ? head : [id, conversations, completed, busy, rest as PackedRest];
}

/** Writes a customer's fields in their small form. */
class Packer {
  constructor(
    private readonly texts: Texts,
    private readonly start: number,
    private readonly startedAt: number,
  ) {}

  field(name: keyof Flat, fields: Flat): unknown {
    if (isSet(name)) return this.hours(fields[name]!);
    switch (name) {
      case 'window':
        return this.text(JSON.stringify(fields.window));
      case 'sizing':
        return this.sizing(fields.sizing);
      case 'running':
        return fields.running.map(({ hours, attempt, startedAt, ...rest }) => {
          return [...this.hours([hours]), attempt, this.time(startedAt), rest];
        });
      case 'retries':
        return fields.retries.map(({ hours, attempts, at, class: kind, message }) => {
          return [...this.hours([hours]), attempts, this.time(at), this.text(kind), this.text(message)];
        });
      case 'checking':
        return fields.checking.map(({ window, hours, attempt, startedAt, endedAt, found }) => {
          const times = [this.time(startedAt), this.time(endedAt)];
          return [...this.hours([window]), this.hours(hours), attempt, ...times, found ? 1 : 0];
        });
      case 'repairs':
        return fields.repairs.map(({ hours, times, attempts }) => [...this.hours([hours]), times, attempts]);
      case 'problems':
        return fields.problems.map(({ hours, class: kind, message, attempts, workflowId, at }) => {
          return [this.hours(hours), this.text(kind), this.text(message), attempts, workflowId, this.time(at)];
        });
      case 'ledger':
        return fields.ledger.map((entry) => this.coverage(entry));
      default:
        return fields[name];
    }
  }

  private readonly text = (text: string): number => this.texts.indexOf(text);

  private readonly time = (at: number): number => at - this.startedAt;

  private hours(hours: Intervals): PackedHours {
    let at = this.start;
    return hours.flatMap(([from, to]) => {
      const pair = [from - at, to - from];
      at = to;
      return pair;
    });
  }

  private sizing({ size, why, streak, ceiling }: Sizing): PackedFields['sizing'] {
    const head = [formatWindowSize(size), this.text(why), streak] as const;
    return ceiling === undefined ? [...head] : [...head, ceiling];
  }

  private coverage({ hours, window: own, completedAt, attempts, counts, unverified }: Coverage): unknown[] {
    const window = own === undefined ? 0 : own;
    const completed = completedAt === null ? null : this.time(completedAt);
    const head = [...this.hours([hours]), attempts, completed];
    const why = unverified === undefined ? null : this.text(unverified);
    if (counts) return [...head, window, why, ...counts.flat()];
    if (why !== null) return [...head, window, why];
    return window === 0 ? head : [...head, window];
  }
}

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
