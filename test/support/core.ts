import type { FailureClass } from '../../src/backfill/failures/classify.js';
import { parseDay } from '../../src/backfill/hours/calendar.js';
import type { Hour, Interval } from '../../src/backfill/hours/interval.js';
import { parseWindowId, windowId } from '../../src/backfill/hours/window.js';
import { describeIssues } from '../../src/backfill/request/issue.js';
import type { BackfillRequest, CustomerRequest } from '../../src/backfill/request/options.js';
import { parseRequest } from '../../src/backfill/request/request.js';

/** When every simulated run starts. */
export const START = Date.UTC(2026, 1, 1, 9);
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export type Request = BackfillRequest & { customers: CustomerRequest[] };

/** A request as an operator would type it, read by the real reader. */
export function requestOf(input: object): Request {
  const parsed = parseRequest({ start: '2026-01-01', end: '2026-01-04', ...input });
  if (!parsed.ok) throw new Error(describeIssues(parsed.issues));
  if (parsed.value.customers === 'all') throw new Error('name the customers');
  return parsed.value as Request;
}

/** The hours and the customer that a window's id names: `cvs-2026-01-15`, `cvs-2026-01-15T00--2026-01-15T06`. */
export function windowNamed(name: string): { customer: string; interval: Interval } {
  const window = parseWindowId('w', `w-${name}`);
  if (!window) throw new Error(`${name} names no window`);
  return window;
}

export const nameOf = (customer: string, { hours }: { hours: Interval }): string =>
  windowId('w', customer, hours).slice(2);

export function hour(day: string): Hour {
  const start = parseDay(day);
  if (start === undefined) throw new Error(`${day} is no day`);
  return start;
}

export function* hoursOf(set: readonly Interval[]): Generator<Hour> {
  for (const [from, to] of set) for (let hour = from; hour < to; hour++) yield hour;
}

/** Freezes a value and all in it, so that changing it throws. What is frozen already is taken to be so all through. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

export const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

export function failureOf(kind: FailureClass) {
  return { class: kind, message: `the ${kind} failure`, evidence: 'a test' };
}
