import type { Command } from 'commander';
import type { Issue } from '../../backfill/request/issue.js';
import type { PerCustomer } from '../../backfill/request/options.js';
import { MAX_PARALLELISM } from '../../backfill/request/values.js';
import { type Fields, isFields } from '../../fleet/fields.js';
import { rangeNamed } from '../../runs/run-names.js';
import { badUsage } from './problem.js';
import { perCustomer, wholeNumber } from './whole-number.js';

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

/** Adds the options that make up a run's input, which the documentation of the input explains. */
export function withRequestOptions(command: Command, { range = true } = {}): Command {
  if (range) {
    command
      .option('--month <month>', 'the range, as a month: 2026-01')
      .option('--start <day>', 'the first UTC day: 2026-01-01')
      .option('--end <day>', 'the UTC day after the last');
  }
  return command
    .option('--customers <ids>', 'comma-separated ids, or all (default: all)')
    .option('--exclude <ids>', 'ids to leave out')
    .option('--window <size>', 'the size of a window: 6h, 1d, 10d, 1mo, auto, or JSON')
    .option('--parallelism <n>', 'the most windows at once', wholeNumber(1, MAX_PARALLELISM))
    .option('--per-customer <n>', 'the most windows of one customer at once, or auto', perCustomer)
    .option('--adaptive', 'let the run find its own limit, up to --parallelism')
    .option('--no-adaptive', 'keep to --parallelism')
    .option('--resume', 'count hours as done whose window completed before')
    .option('--canary <n>', 'the smallest customers first, until n windows succeeded', wholeNumber(0, 100_000))
    .option('--verify <mode>', 'off, report or repair: what to do when a completed window left something out')
    .option('--notify', "report the run's changes to the webhooks of the cluster's worker")
    .option('--operator-timeout <time>', 'how long to stay open when only failed or held days are left: 7d')
    .option('--input <file>', "a run's input as JSON, under these options; - for stdin");
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
