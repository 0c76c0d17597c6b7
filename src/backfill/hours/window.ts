import { formatDay, formatInstant, HOURS_PER_DAY, hourOfDay, parseDay, startOfDay, startOfMonth } from './calendar.js';
import type { Hour, Interval } from './interval.js';

/** A window of a customer, by its index among the run's customers. */
export interface WindowKey {
  customer: number;
  hours: Interval;
}

/** A window's size: whole hours (under a day), days or calendar months. */
export interface WindowSize {
  unit: 'h' | 'd' | 'mo';
  count: number;
}

export const WINDOW_SIZE_FORMAT = 'a size such as "6h" (1h to 23h), "1d", "10d" (1d to 366d) or "1mo" (1mo to 12mo)';
const sizePattern = /^([1-9]\d{0,2})(h|d|mo)$/;
const largest = { h: 23, d: 366, mo: 12 };

/** Reads `"6h"`, `"10d"`, `"1mo"`; undefined for anything else. `"24h"` is `"1d"`: one size has one name. */
export function parseWindowSize(text: string): WindowSize | undefined {
  const match = sizePattern.exec(text);
  if (!match) return undefined;
  const count = Number(match[1]);
  const unit = match[2] as WindowSize['unit'];
  if (unit === 'h' && count % HOURS_PER_DAY === 0) return { unit: 'd', count: count / HOURS_PER_DAY };
  return count <= largest[unit] ? { unit, count } : undefined;
}

export const formatWindowSize = ({ unit, count }: WindowSize): string => `${count}${unit}`;

/**
 * Where a window that starts at `at` ends at the latest. Sizes are a grid, so that a day that runs again gets the
 * same id as the first time: days count from the customer's start, months end where calendar months end, hours count
 * from midnight and never reach over it.
 */
export function gridEnd(size: WindowSize, customerStart: Hour, at: Hour): Hour {
  switch (size.unit) {
    case 'h': {
      const inDay = hourOfDay(at);
      return startOfDay(at) + Math.min(HOURS_PER_DAY, inDay - (inDay % size.count) + size.count);
    }
    case 'd': {
      const step = size.count * HOURS_PER_DAY;
      return customerStart + (Math.floor((at - customerStart) / step) + 1) * step;
    }
    case 'mo': {
      let months = size.count;
      while (startOfMonth(customerStart, months) <= at) months += size.count;
      return startOfMonth(customerStart, months);
    }
    default:
      return size.unit satisfies never;
  }
}

/**
 * The workflow id of a window; it says what the window is: `prefix-cvs-2026-01-15` (one whole day),
 * `prefix-cvs-2026-01-01--2026-02-01` (whole days), `prefix-cvs-2026-01-15T00--2026-01-15T06`.
 */
export function windowId(prefix: string, customer: string, [from, to]: Interval): string {
  const whole = hourOfDay(from) === 0 && hourOfDay(to) === 0;
  if (whole && to - from === HOURS_PER_DAY) return `${prefix}-${customer}-${formatDay(from)}`;
  const [start, end] = [from, to].map(whole ? formatDay : (hour) => formatInstant(hour).slice(0, 13));
  return `${prefix}-${customer}-${start}--${end}`;
}

const dayId = /^(.+)-(\d{4}-\d{2}-\d{2})$/;
const rangeId = /^(.+)-(\d{4}-\d{2}-\d{2})(?:T(\d{2}))?--(\d{4}-\d{2}-\d{2})(?:T(\d{2}))?$/;

/**
 * The inverse of {@link windowId}: which customer's which hours a workflow id names; undefined when it names none.
 * A customer's id never ends in `-`, so that no text reads as two different windows.
 */
export function parseWindowId(prefix: string, id: string): { customer: string; interval: Interval } | undefined {
  if (!id.startsWith(`${prefix}-`)) return undefined;
  const rest = id.slice(prefix.length + 1);
  const range = rangeId.exec(rest);
  if (range) {
    const [, customer, startDay, startHour = '0', endDay, endHour = '0'] = range as unknown as string[];
    return windowOf(prefix, id, customer!, hourAt(startDay!, startHour), hourAt(endDay!, endHour));
  }
  const day = dayId.exec(rest);
  if (!day) return undefined;
  const from = parseDay(day[2]!);
  return windowOf(prefix, id, day[1]!, from, from === undefined ? undefined : from + HOURS_PER_DAY);
}

function hourAt(day: string, hour: string): Hour | undefined {
  const start = parseDay(day);
  return start === undefined || Number(hour) >= HOURS_PER_DAY ? undefined : start + Number(hour);
}

function windowOf(prefix: string, id: string, customer: string, from?: Hour, to?: Hour) {
  if (from === undefined || to === undefined || from >= to) return undefined;
  const interval: Interval = [from, to];
  // Only the one canonical spelling counts: another spelling of the same hours is some other workflow.
  return windowId(prefix, customer, interval) === id ? { customer, interval } : undefined;
}
