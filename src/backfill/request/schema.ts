import { z } from 'zod';
import { FAILURE_CLASSES } from '../failures/classify.js';
import { child } from './child.js';
import { MAX_DAYS } from './last-days.js';
import type { VerifyOptions } from './options.js';
import {
  aSecondOrMore,
  customerId,
  day,
  days,
  duration,
  flag,
  limit,
  listOf,
  MAX_PARALLELISM,
  perCustomer,
  text,
  whole,
} from './values.js';
import { windowPolicy } from './window-policy.js';
import { workingHours } from './working-hours.js';

export const MAX_CUSTOMERS = 20_000;

const load = (what: string) =>
  z.record(
    z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,59}$/, { error: 'a metric such as activeSessions' }),
    z.number().min(0),
    {
      error: `the load at which to ${what}, by metric: {"activeSessions": 20}`,
    },
  );

export const customer = z.preprocess(
  (value) => (typeof value === 'string' ? { id: value } : value),
  z.strictObject(
    {
      id: customerId,
      conversations: whole(0, 1e12).optional(),
      start: day.optional(),
      end: day.optional(),
      window: windowPolicy.optional(),
      perCustomer: perCustomer.optional(),
      done: listOf(days, { what: 'a list of days that are done already', most: MAX_DAYS }).optional(),
    },
    { error: 'a customer id or an object {id, conversations?, start?, end?, window?, perCustomer?, done?}' },
  ),
);

/** A list of customers, as `customers` and `addCustomers` take it. */
export const customerList = listOf(customer, { what: 'a list of customers', least: 1, most: MAX_CUSTOMERS });

export const retryPolicy = z.strictObject(
  { attempts: whole(1, 1_000).optional(), backoff: duration.optional(), maxBackoff: duration.optional() },
  { error: 'an object {attempts?, backoff?, maxBackoff?}' },
);

const VERIFY = '"off", "report", "repair" or {mode, repairs?}';
const verifyMode = z.enum(['off', 'report', 'repair'], { error: '"off", "report" or "repair"' });
const verify = z
  .union(
    [
      verifyMode.transform((mode) => ({ mode, repairs: undefined })),
      z.strictObject({ mode: verifyMode, repairs: whole(1, 10).optional() }),
    ],
    { error: VERIFY },
  )
  .transform(({ mode, repairs = 2 }): VerifyOptions | undefined => (mode === 'off' ? undefined : { mode, repairs }));

export const request = z.strictObject(
  {
    start: day,
    end: day,
    // What is left of it here stands beside a range, or is no number of days: see settleLastDays.
    lastDays: whole(1, MAX_DAYS, 'instead of start and end, a whole number of days')
      .refine(() => false, { error: 'start and end, or lastDays, and not both' })
      .optional(),
    customers: z.union([z.literal('all'), customerList], {
      error: `"all" or a list of 1 to ${MAX_CUSTOMERS.toLocaleString('en-US')} customers`,
    }),
    exclude: listOf(customerId, { what: 'a list of customer ids', most: MAX_CUSTOMERS }).optional(),
    cluster: text("the cluster's name").optional(),
    window: windowPolicy.optional(),
    parallelism: z
      .union(
        [
          limit,
          z.strictObject({
            max: limit,
            min: limit.optional(),
            perCustomer: perCustomer.optional(),
            adaptive: flag.optional(),
          }),
        ],
        {
          error: `a whole number from 1 to ${MAX_PARALLELISM.toLocaleString('en-US')}, or {max, min?, perCustomer?, adaptive?}`,
        },
      )
      .optional(),
    child: child.optional(),
    retry: z
      .strictObject(Object.fromEntries(FAILURE_CLASSES.map((name) => [name, retryPolicy.optional()])), {
        error: `an object with any of ${FAILURE_CLASSES.join(', ')}`,
      })
      .optional(),
    operatorTimeout: duration.optional(),
    breaker: z
      .strictObject(
        {
          windows: whole(2, 500).optional(),
          retryAfter: aSecondOrMore.optional(),
        },
        { error: 'an object {windows?, retryAfter?}' },
      )
      .optional(),
    probe: z
      .strictObject(
        {
          maxLoad: load('slow down'),
          criticalLoad: load('start nothing').optional(),
          every: aSecondOrMore.optional(),
          whenUnknown: z.enum(['hold', 'stop'], { error: '"hold" or "stop"' }).optional(),
        },
        { error: 'an object {maxLoad, criticalLoad?, every?, whenUnknown?}' },
      )
      .optional(),
    hours: listOf(workingHours, { what: 'a list of {days?, from, to, timeZone, max?}', least: 1, most: 50 }).optional(),
    canary: whole(0, 100_000).optional(),
    verify: verify.optional(),
    dryRun: flag.optional(),
    notify: flag.optional(),
    resume: flag.optional(),
    maxHistoryEvents: whole(50, 50_000).optional(),
  },
  { error: 'one object with at least customers, start and end' },
);
