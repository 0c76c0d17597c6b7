import { z } from 'zod';
import { HOURS_PER_DAY, parseDay } from '../hours/calendar.js';
import { DURATION_FORMAT, parseDuration } from '../hours/duration.js';
import type { Hour, Interval } from '../hours/interval.js';
import { parseWindowSize, WINDOW_SIZE_FORMAT, type WindowSize } from '../hours/window.js';

/** The kinds of values that the fields of a request take. */

/** The most windows in flight at once that a run may ask for: half of the 2,000 children the server allows one run. */
export const MAX_PARALLELISM = 1_000;
export const whole = (least: number, most: number, what = 'a whole number') => {
  const error = `${what} from ${least.toLocaleString('en-US')} to ${most.toLocaleString('en-US')}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
};

/** A text that Temporal takes as a name: without control characters and halves of characters, and not blank. */
export const text = (what: string, most = 200) =>
  z
    .string({ error: what })
    .max(most, { error: what })
    .regex(/^[^\p{Cc}\p{Surrogate}]*$/u, { error: `${what}, without control characters` })
    .regex(/\S/, { error: what });

/**
 * A list whose length is judged before any of its members: a payload has room for a million wrong ones, and to say what
 * is wrong with each would take longer than a workflow task may.
 */
export const listOf = <T extends z.ZodType>(
  member: T,
  { what, most, least = 0 }: { what: string; most: number; least?: 0 | 1 },
) =>
  z
    .array(z.unknown(), { error: what })
    .min(least, { error: `${what}, at least one` })
    .max(most, { error: `${what}, at most ${most.toLocaleString('en-US')}` })
    .pipe(z.array(member));

const DAY_FORMAT = 'a UTC day such as "2026-01-31"';
export const day = z.string({ error: DAY_FORMAT }).transform((value, context): Hour => {
  const hour = parseDay(value);
  if (hour !== undefined) return hour;
  context.addIssue({ code: 'custom', message: DAY_FORMAT });
  return z.NEVER;
});

export const duration = z.string({ error: DURATION_FORMAT }).transform((value, context): number => {
  const ms = parseDuration(value);
  if (ms !== undefined) return ms;
  context.addIssue({ code: 'custom', message: DURATION_FORMAT });
  return z.NEVER;
});

export const windowSize = z.string({ error: WINDOW_SIZE_FORMAT }).transform((value, context): WindowSize => {
  const size = parseWindowSize(value);
  if (size) return size;
  context.addIssue({ code: 'custom', message: WINDOW_SIZE_FORMAT });
  return z.NEVER;
});

export const limit = whole(1, MAX_PARALLELISM);

const PER_CUSTOMER = `a whole number from 1 to ${MAX_PARALLELISM.toLocaleString('en-US')}, or "auto"`;
export const perCustomer = z.union([limit, z.literal('auto')], { error: PER_CUSTOMER });

export const flag = z.boolean({ error: 'true or false' });

export const aSecondOrMore = duration.refine((ms) => ms >= 1_000, { error: 'a duration of at least "1s"' });

const DAYS_FORMAT = 'a UTC day such as "2026-01-31", or days such as "2026-01-01--2026-01-15", the end exclusive';
export const days = z.string({ error: DAYS_FORMAT }).transform((value, context): Interval => {
  const [start, end] = value.split('--', 3).map(parseDay);
  const single = !value.includes('--');
  const to = single && start !== undefined ? start + HOURS_PER_DAY : end;
  if (start !== undefined && to !== undefined && start < to && value.length <= 22) return [start, to];
  context.addIssue({ code: 'custom', message: DAYS_FORMAT });
  return z.NEVER;
});

// Ids become part of workflow ids and visibility queries. No `-` at the end: see parseWindowId.
const ID_FORMAT =
  'an id of 1 to 200 letters, digits and . _ : @ / + ~ - that starts with a letter or digit and does not end with -';
export const customerId = z
  .string({ error: ID_FORMAT })
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9._:@/+~-]{0,198}[A-Za-z0-9._:@/+~])?$/, { error: ID_FORMAT });
