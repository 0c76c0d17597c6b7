import { formatDay, HOURS_PER_DAY } from '../hours/calendar.js';
import { formatDuration } from '../hours/duration.js';
import { formatWindowSize, gridEnd } from '../hours/window.js';
import { writersOf } from '../schedule/limit.js';
import type { Customer } from '../state/customer.js';
import type { State } from '../state/state.js';
import { type LeftOut, withCustomersThatFit } from './answer-size.js';

/** The result of a run with `dryRun`: what would start, and what to expect of it. Nothing has started. */
export interface Plan {
  dryRun: true;
  cluster: string | null;
  range: { start: string; end: string };
  customers: PlannedCustomer[];
  /** Only when the plan has no room for all: those that take least time are left out. */
  customersLeftOut?: LeftOut;
  totals: { customers: number; windows: number; conversations: number | null };
  parallelism: State['parallelism'];
  /** By which all durations here are reckoned. */
  assumption: string;
  expectedDuration: string;
  expectedDurationMs: number;
  /** The customer whose windows, one after the other, take longest: the run can't be shorter than this. */
  criticalPath: { customer: string; windows: number; durationMs: number } | null;
  warnings: string[];
}

export interface PlannedCustomer {
  id: string;
  windows: number;
  window: string;
  why: string;
  conversations: number | null;
  durationMs: number;
}

/** Conversations that one window is taken to work through in a second. Real runs measure their own (see the ETA). */
const ASSUMED_PER_SECOND = 250;
const ASSUMED_DAY_MS = 60_000;
const MOST_WARNINGS = 50;

/**
 * The plan of a run that has not started. Its duration is the larger of all work shared by the slots, and the longest
 * customer's chain: the scheduler stays within a window of that (docs/decisions/0002-longest-chain.md).
 */
export function planOf(state: State): Plan {
  const customers = state.customers.map((customer): PlannedCustomer => {
    const durationMs = msOf(customer, customer.end - customer.start) / writersOf(state, customer);
    return {
      id: customer.id,
      windows: windowsOf(customer),
      window: formatWindowSize(customer.pacing.sizing.size),
      why: customer.pacing.sizing.why,
      conversations: customer.conversations ?? null,
      durationMs: Math.round(durationMs),
    };
  });
  const longest = customers.reduce<PlannedCustomer | undefined>(
    (best, customer) => (best && best.durationMs >= customer.durationMs ? best : customer),
    undefined,
  );
  const work = state.customers.reduce((sum, customer) => sum + msOf(customer, customer.end - customer.start), 0);
  const slots = Math.max(1, state.parallelism.max);
  const expectedDurationMs = Math.round(Math.max(work / slots, longest?.durationMs ?? 0));
  const known = state.customers.every(({ conversations }) => conversations !== undefined);
  const rest = {
    dryRun: true as const,
    cluster: state.options.cluster ?? null,
    range: { start: formatDay(state.options.start), end: formatDay(state.options.end) },
    totals: {
      customers: customers.length,
      windows: customers.reduce((sum, customer) => sum + customer.windows, 0),
      conversations: known ? state.customers.reduce((sum, { conversations = 0 }) => sum + conversations, 0) : null,
    },
    parallelism: state.parallelism,
    assumption: `a window works through ${ASSUMED_PER_SECOND} conversations a second; a day of a customer whose volume is not known takes ${formatDuration(ASSUMED_DAY_MS)}`,
    expectedDuration: formatDuration(expectedDurationMs),
    expectedDurationMs,
    criticalPath: longest ? { customer: longest.id, windows: longest.windows, durationMs: longest.durationMs } : null,
    warnings: warningsOf(state),
  };
  return withCustomersThatFit(
    rest,
    customers,
    ({ durationMs }) => -durationMs,
    () => false,
  );
}

function msOf({ conversations, start, end }: Customer, hours: number): number {
  if (conversations === undefined) return (hours / 24) * ASSUMED_DAY_MS;
  return ((conversations / (end - start)) * hours * 1_000) / ASSUMED_PER_SECOND;
}

/** How many windows of its size the customer's range makes. */
function windowsOf({ pacing, start, end }: Customer): number {
  const { size } = pacing.sizing;
  const days = (end - start) / HOURS_PER_DAY;
  switch (size.unit) {
    case 'h':
      return days * Math.ceil(HOURS_PER_DAY / size.count);
    case 'd':
      return Math.ceil(days / size.count);
    case 'mo': {
      let windows = 0;
      for (let at = start; at < end; at = gridEnd(size, start, at)) windows++;
      return windows;
    }
    default:
      return size.unit satisfies never;
  }
}

/** What an operator would want to know before it starts. */
function warningsOf(state: State): string[] {
  const warnings: string[] = [];
  const target = targetOf(state);
  for (const customer of state.customers) {
    const { conversations, start, end } = customer;
    const { sizing } = customer.pacing;
    if (conversations === undefined) continue;
    const hours = Math.min(gridEnd(sizing.size, start, start), end) - start;
    const inWindow = Math.round((conversations / (end - start)) * hours);
    if (inWindow > target) {
      const size = formatWindowSize(sizing.size);
      warnings.push(
        `${customer.id}: one window of ${size} would hold ${amount(inWindow)} conversations; it may time out`,
      );
    }
  }
  if (!state.parallelism.adaptive && state.parallelism.max >= 30) {
    warnings.push(
      `up to ${state.parallelism.max} windows at once, regardless of the database; consider adaptive: true`,
    );
  }
  for (const customer of state.customers) {
    const writers = writersOf(state, customer);
    if (writers > 1) warnings.push(`${customer.id}: ${writers} windows of one customer at once may deadlock`);
  }
  const rest = warnings.length - MOST_WARNINGS;
  return rest > 0 ? [...warnings.slice(0, MOST_WARNINGS), `and ${rest} more`] : warnings;
}

function targetOf({ options }: State): number {
  return options.window.kind === 'resizing' ? options.window.target.conversations : TOO_LARGE;
}

/** Twice the default target: windows of this many conversations have timed out. */
const TOO_LARGE = 300_000;

const amount = (n: number) =>
  n >= 1e6 ? `${(n / 1e6).toFixed(1)}M` : n >= 10_000 ? `${Math.round(n / 1_000)}K` : String(n);
