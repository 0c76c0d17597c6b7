import { type Fields, isFields } from '../backfill/json.js';
import type { Issue } from '../backfill/request/issue.js';
import type { PerCustomer } from '../backfill/request/options.js';
import { rangeNamed } from '../runs/run-names.js';
import { badUsage } from './problem.js';

/** The options of `start`, `plan` and others that make up a run's input. */
export interface RequestOptions {
  start?: string;
  end?: string;
  month?: string;
  /** Instead of a range. */
  lastDays?: number;
  customers?: string;
  exclude?: string;
  window?: string;
  parallelism?: number;
  perCustomer?: PerCustomer;
  adaptive?: boolean;
  resume?: boolean;
  canary?: number;
  verify?: string;
  notify?: boolean;
  operatorTimeout?: string;
  input?: string;
}

/**
 * The options as fields of a run's input.
 *
 * @param base the input so far, for options that change only a part of a field
 * @throws CommandProblem (exit code 2)
 */
export function requestFields(options: RequestOptions, base: Fields): Fields {
  const { start, end, month, lastDays, customers, exclude, window, resume, canary, verify, operatorTimeout } = options;
  if (month !== undefined && (start !== undefined || end !== undefined)) {
    throw badUsage('either --month, or --start and --end');
  }
  const range = month === undefined ? { start, end } : rangeNamed(month);
  if (!range || (month !== undefined && month.length !== 7)) {
    throw badUsage(`--month: expected a month such as 2026-01, got ${month}`);
  }
  const fields = {
    ...range,
    customers: customers === undefined ? (base.customers ?? 'all') : customers === 'all' ? 'all' : idsIn(customers),
    exclude: exclude === undefined ? undefined : idsIn(exclude),
    window: window === undefined ? undefined : windowOf(window),
    parallelism: parallelismOf(options, base.parallelism),
    lastDays,
    resume,
    canary,
    verify,
    notify: options.notify,
    operatorTimeout,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** `cvs,oportun` as a list. */
export const idsIn = (text: string): string[] =>
  text
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '');

function windowOf(text: string): unknown {
  if (text === 'auto') return { initial: 'auto' };
  if (!text.startsWith('{')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The options over what the input has; undefined if none of them is given. */
function parallelismOf({ parallelism: max, perCustomer, adaptive }: RequestOptions, base: unknown): unknown {
  const given = Object.entries({ max, perCustomer, adaptive }).filter(([, value]) => value !== undefined);
  if (given.length === 0) return undefined;
  const before = isFields(base) ? base : { max: base ?? 1 };
  return { ...before, ...Object.fromEntries(given) };
}

const flags: Record<string, [option: keyof RequestOptions, flag: string]> = {
  start: ['start', '--start'],
  end: ['end', '--end'],
  lastDays: ['lastDays', '--last-days'],
  customers: ['customers', '--customers'],
  exclude: ['exclude', '--exclude'],
  window: ['window', '--window'],
  'parallelism.perCustomer': ['perCustomer', '--per-customer'],
  parallelism: ['parallelism', '--parallelism'],
  canary: ['canary', '--canary'],
  verify: ['verify', '--verify'],
  operatorTimeout: ['operatorTimeout', '--operator-timeout'],
};

/** Where a field's value was given: the option if there was one, else the field of the input. */
export function sourceOf(field: Issue['field'], options: RequestOptions, input: Fields): string {
  if ((field === 'start' || field === 'end') && input[field] === undefined) return `--${field} (or --month)`;
  const key = Object.keys(flags).find(
    (name) => field === name || field.startsWith(`${name}.`) || field.startsWith(`${name}[`),
  );
  const [option, flag] = key ? flags[key]! : [];
  return option !== undefined && options[option] !== undefined ? flag! : `input ${field}`;
}
