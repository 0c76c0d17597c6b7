import { HOURS_PER_DAY } from '../hours/calendar.js';
import type { Hour } from '../hours/interval.js';
import { formatWindowSize, type WindowSize } from '../hours/window.js';

/**
 * How large a run's windows are: always the same, or finding their own size for each customer between `min` and `max`,
 * so that a window holds about `target.conversations`, or takes about `target.ms`.
 */
export type WindowPolicy =
  | { kind: 'fixed'; size: WindowSize }
  | { kind: 'resizing'; initial: WindowSize | 'auto'; min: WindowSize; max: WindowSize; target: Target };

export interface Target {
  conversations: number;
  /** Counts where a window's conversations are not known. */
  ms: number;
}

/** A customer's size now, why it is that, and how many windows in a row were well under the target. */
export interface Sizing {
  size: WindowSize;
  why: string;
  streak: number;
  /** A size (in hours) that timed out: growth stops short of it for a longer streak. */
  ceiling?: number;
}

/** Windows in a row that must be well under the target before a customer's windows grow; times three at the ceiling. */
export const STREAK_TO_GROW = 3;

const HOURS_PER_MONTH = 730;

/** About how many hours a window of this size holds; a month counts as 730. */
export function hoursOf({ unit, count }: WindowSize): number {
  switch (unit) {
    case 'h':
      return count;
    case 'd':
      return count * HOURS_PER_DAY;
    case 'mo':
      return count * HOURS_PER_MONTH;
    default:
      return unit satisfies never;
  }
}

/** The size of so many hours: months from 28 days, days from one, hours under a day. */
export function sizeOf(hours: number): WindowSize {
  if (hours >= 28 * HOURS_PER_DAY) return { unit: 'mo', count: Math.max(1, Math.floor(hours / HOURS_PER_MONTH)) };
  if (hours >= HOURS_PER_DAY) return { unit: 'd', count: Math.floor(hours / HOURS_PER_DAY) };
  return { unit: 'h', count: Math.max(1, Math.floor(hours)) };
}

/** Half a size, rounded up to whole days, under a day to hours: month → days → hours. One hour has no half. */
export function halved(size: WindowSize): WindowSize {
  const half = hoursOf(size) / 2;
  return sizeOf(half >= HOURS_PER_DAY ? Math.ceil(half / HOURS_PER_DAY) * HOURS_PER_DAY : Math.ceil(half));
}

/** Twice a size; 16 days and more become a month, 13 hours and more a day: boundaries of months and days are kept. */
export function doubled(size: WindowSize): WindowSize {
  const twice = hoursOf(size) * 2;
  if (size.unit === 'h' && twice > HOURS_PER_DAY / 2) return { unit: 'd', count: 1 };
  if (size.unit === 'd' && twice > 16 * HOURS_PER_DAY) return { unit: 'mo', count: 1 };
  return sizeOf(twice);
}

export function bounded(size: WindowSize, { min, max }: { min: WindowSize; max: WindowSize }): WindowSize {
  if (hoursOf(size) < hoursOf(min)) return min;
  return hoursOf(size) > hoursOf(max) ? max : size;
}

/**
 * A customer's first size. `auto`: the largest of month, days, a day, hours that holds at most the target's
 * conversations at the customer's mean rate; a day where the volume is not known, since no customer's day was ever too large.
 */
export function initialSizing(
  policy: WindowPolicy,
  customer: { conversations?: number; start: Hour; end: Hour },
): Sizing {
  if (policy.kind === 'fixed') return { size: policy.size, why: 'the size in the input', streak: 0 };
  if (policy.initial !== 'auto') return { size: policy.initial, why: 'the initial size in the input', streak: 0 };
  const { conversations, start, end } = customer;
  if (conversations === undefined) {
    return { size: bounded({ unit: 'd', count: 1 }, policy), why: 'a day, since its volume is not known', streak: 0 };
  }
  const perHour = conversations / (end - start);
  const hours = perHour === 0 ? Number.POSITIVE_INFINITY : policy.target.conversations / perHour;
  const size = bounded(hours >= 28 * HOURS_PER_DAY ? { unit: 'mo', count: 1 } : sizeOf(Math.max(1, hours)), policy);
  const volume = `${Math.round(perHour * HOURS_PER_DAY)} conversations a day`;
  return { size, why: `${volume}, at most ${policy.target.conversations} in a window`, streak: 0 };
}

/**
 * After a window of so many hours was too large: half of it, or the size of `now` where that is smaller already;
 * undefined when a window may not be smaller than this one was.
 */
export function shrunk(policy: WindowPolicy, now: Sizing, windowHours: number, why: string): Sizing | undefined {
  if (policy.kind === 'fixed') return undefined;
  const half = halved(sizeOf(windowHours));
  const size = bounded(half, policy);
  if (hoursOf(size) >= windowHours) return undefined;
  if (hoursOf(now.size) <= hoursOf(size)) return now;
  return { size, why: `halved to ${formatWindowSize(size)}: ${why}`, streak: 0, ceiling: windowHours };
}

/**
 * After a window of the customer's full size succeeded: grown one step once enough of them in a row were so far under
 * the target that twice as much would still fit.
 */
export function afterSuccess(
  policy: WindowPolicy,
  sizing: Sizing,
  window: { hours: number; conversations?: number; ms: number },
): Sizing {
  if (policy.kind === 'fixed') return sizing;
  const full = window.hours >= Math.min(hoursOf(sizing.size), 28 * HOURS_PER_DAY);
  if (!full) return sizing;
  const { conversations, ms } = policy.target;
  const share = window.conversations === undefined ? window.ms / ms : window.conversations / conversations;
  if (share > 0.5) return sizing.streak === 0 ? sizing : { ...sizing, streak: 0 };
  const streak = sizing.streak + 1;
  const size = bounded(doubled(sizing.size), policy);
  if (hoursOf(size) <= hoursOf(sizing.size)) return sizing;
  const needed = sizing.ceiling !== undefined && hoursOf(size) >= sizing.ceiling ? 3 * STREAK_TO_GROW : STREAK_TO_GROW;
  if (streak < needed) return { ...sizing, streak };
  return {
    size,
    why: `grown to ${formatWindowSize(size)}: ${streak} windows in a row took at most half of the target`,
    streak: 0,
  };
}
