import { describe, intervalBetween } from '../../backfill/hours/calendar.js';
import { formatDuration } from '../../backfill/hours/duration.js';

/** `8060` as `8,060`. */
export const count = (amount: number): string => amount.toLocaleString('en-US');

/** `1 customer`, `260 customers`. */
export const counted = (amount: number, noun: string): string => `${count(amount)} ${noun}${amount === 1 ? '' : 's'}`;

/** A share as whole percent, rounded down: only what is complete shows as 100. */
export const percent = (part: number, whole: number): number => (whole === 0 ? 0 : Math.floor((100 * part) / whole));

/** How long ago something was, in whole seconds: tenths would flicker. */
export const age = (ms: number): string => formatDuration(Math.max(1_000, Math.floor(ms / 1_000) * 1_000));

/** The time left, in whole seconds. */
export const timeLeft = (ms: number): string => formatDuration(Math.ceil(ms / 1_000) * 1_000);

/** A window's hours as all sentences say them: a day, or the first and the last of several, or from one hour to another. */
export const hoursText = ({ start, end }: { start: string; end: string }): string =>
  describe([intervalBetween(start, end)]);

/** An RFC 3339 instant to the minute: `2026-02-08 00:03`. */
export const toMinute = (instant: string): string => instant.slice(0, 16).replace('T', ' ');

/** An RFC 3339 instant to the second: `2026-02-08 00:03:10`. */
export const toSecond = (instant: string): string => instant.slice(0, 19).replace('T', ' ');
