import { z } from 'zod';
import { defined } from '../defined.js';
import { FAILURE_CLASSES } from '../failures/classify.js';
import { HOURS_PER_DAY, parseDay } from '../hours/calendar.js';
import { DURATION_FORMAT, parseDuration } from '../hours/duration.js';
import type { Hour, Interval } from '../hours/interval.js';
import { formatWindowSize, parseWindowSize, WINDOW_SIZE_FORMAT, type WindowSize } from '../hours/window.js';
import { hoursOf, type WindowPolicy } from '../pacing/sizing.js';
import { MAX_DAYS } from './last-days.js';
import type { VerifyOptions, WorkingHours } from './options.js';

/** The most windows in flight at once that a run may ask for: half of the 2,000 children the server allows one run. */
export const MAX_PARALLELISM = 1_000;
export const MAX_CUSTOMERS = 20_000;

/** What a window should hold or take, unless the request says otherwise. */
const defaultTarget = { conversations: 150_000, ms: 10 * 60_000 };

const whole = (least: number, most: number, what = 'a whole number') => {
  const error = `${what} from ${least.toLocaleString('en-US')} to ${most.toLocaleString('en-US')}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
};

/** A text that Temporal takes as a name: without control characters and halves of characters, and not blank. */
const text = (what: string, most = 200) =>
  z
    .string({ error: what })
    .max(most, { error: what })
    .regex(/^[^\p{Cc}\p{Surrogate}]*$/u, { error: `${what}, without control characters` })
    .regex(/\S/, { error: what });

/**
 * A list whose length is judged before any of its members: a payload has room for a million wrong ones, and to say what
 * is wrong with each would take longer than a workflow task may.
 */
const listOf = <T extends z.ZodType>(
  member: T,
  { what, most, least = 0 }: { what: string; most: number; least?: 0 | 1 },
) =>
  z
    .array(z.unknown(), { error: what })
    .min(least, { error: `${what}, at least one` })
    .max(most, { error: `${what}, at most ${most.toLocaleString('en-US')}` })
    .pipe(z.array(member));

const DAY_FORMAT = 'a UTC day such as "2026-01-31"';
const day = z.string({ error: DAY_FORMAT }).transform((value, context): Hour => {
  const hour = parseDay(value);
  if (hour !== undefined) return hour;
  context.addIssue({ code: 'custom', message: DAY_FORMAT });
  return z.NEVER;
});

const duration = z.string({ error: DURATION_FORMAT }).transform((value, context): number => {
  const ms = parseDuration(value);
  if (ms !== undefined) return ms;
  context.addIssue({ code: 'custom', message: DURATION_FORMAT });
  return z.NEVER;
});

const windowSize = z.string({ error: WINDOW_SIZE_FORMAT }).transform((value, context): WindowSize => {
  const size = parseWindowSize(value);
  if (size) return size;
  context.addIssue({ code: 'custom', message: WINDOW_SIZE_FORMAT });
  return z.NEVER;
});

const limit = whole(1, MAX_PARALLELISM);

const flag = z.boolean({ error: 'true or false' });

const TARGET = 'conversations in a window (a whole number), its duration ("10m"), or {conversations?, duration?}';
const target = z.union(
  [
    whole(1, 1e9).transform((conversations) => ({ conversations })),
    duration.transform((ms) => ({ ms })),
    z
      .strictObject({ conversations: whole(1, 1e9).optional(), duration: duration.optional() })
      .transform(({ conversations, duration }) => defined({ conversations, ms: duration })),
  ],
  { error: TARGET },
);

const WINDOW = `${WINDOW_SIZE_FORMAT}, or {initial?, min?, max?, target?}`;
const windowPolicy = z.union(
  [
    windowSize.transform((size): WindowPolicy => ({ kind: 'fixed', size })),
    z
      .strictObject({
        initial: z.union([z.literal('auto'), windowSize], { error: `"auto" or ${WINDOW_SIZE_FORMAT}` }).optional(),
        min: windowSize.optional(),
        max: windowSize.optional(),
        target: target.optional(),
      })
      .transform(
        ({ initial = 'auto', min = { unit: 'h', count: 1 }, max = { unit: 'mo', count: 1 }, target }): WindowPolicy => {
          return { kind: 'resizing', initial, min, max, target: { ...defaultTarget, ...target } };
        },
      )
      .superRefine((policy, context) => {
        if (policy.kind === 'fixed') return;
        const { initial, min, max } = policy;
        if (hoursOf(min) > hoursOf(max)) {
          context.addIssue({
            code: 'custom',
            path: ['min'],
            message: `a size of at most max, ${formatWindowSize(max)}`,
          });
        } else if (initial !== 'auto' && (hoursOf(initial) < hoursOf(min) || hoursOf(initial) > hoursOf(max))) {
          const range = `${formatWindowSize(min)} to ${formatWindowSize(max)}`;
          context.addIssue({ code: 'custom', path: ['initial'], message: `a size from min to max, ${range}` });
        }
      }),
  ],
  { error: WINDOW },
);

const load = (what: string) =>
  z.record(
    z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,59}$/, { error: 'a metric such as activeSessions' }),
    z.number().min(0),
    {
      error: `the load at which to ${what}, by metric: {"activeSessions": 20}`,
    },
  );

const aSecondOrMore = duration.refine((ms) => ms >= 1_000, { error: 'a duration of at least "1s"' });

const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const TIME = 'a time of day such as "22:30"; "24:00" is the end of the day';
const timeOfDay = z
  .string({ error: TIME })
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/, { error: TIME })
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));
const workingHours = z
  .strictObject(
    {
      days: listOf(z.enum(weekdays, { error: `any of ${weekdays.join(', ')}` }), {
        what: 'a list of days',
        least: 1,
        most: 7,
      }).optional(),
      from: timeOfDay,
      to: timeOfDay,
      timeZone: z
        .string({ error: 'an IANA time zone such as "Europe/Berlin"' })
        .refine(isTimeZone, { error: 'an IANA time zone such as "Europe/Berlin"' }),
      max: limit.optional(),
    },
    { error: 'an object {days?, from, to, timeZone, max?}' },
  )
  .transform(({ days = [...weekdays], max, ...hours }): WorkingHours => {
    return { ...hours, days: days.map((day) => weekdays.indexOf(day)), ...defined({ max }) } as WorkingHours;
  });

/** Only whether the name is known is asked here; what it means is asked of an activity, since time zones change. */
function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

// Ids become part of workflow ids and visibility queries. No `-` at the end: see parseWindowId.
const ID_FORMAT =
  'an id of 1 to 200 letters, digits and . _ : @ / + ~ - that starts with a letter or digit and does not end with -';
export const customerId = z
  .string({ error: ID_FORMAT })
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9._:@/+~-]{0,198}[A-Za-z0-9._:@/+~])?$/, { error: ID_FORMAT });

const DAYS_FORMAT = 'a UTC day such as "2026-01-31", or days such as "2026-01-01--2026-01-15", the end exclusive';
const days = z.string({ error: DAYS_FORMAT }).transform((value, context): Interval => {
  const [start, end] = value.split('--', 3).map(parseDay);
  const single = !value.includes('--');
  const to = single && start !== undefined ? start + HOURS_PER_DAY : end;
  if (start !== undefined && to !== undefined && start < to && value.length <= 22) return [start, to];
  context.addIssue({ code: 'custom', message: DAYS_FORMAT });
  return z.NEVER;
});

export const customer = z.preprocess(
  (value) => (typeof value === 'string' ? { id: value } : value),
  z.strictObject(
    {
      id: customerId,
      conversations: whole(0, 1e12).optional(),
      start: day.optional(),
      end: day.optional(),
      window: windowPolicy.optional(),
      perCustomer: limit.optional(),
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

const PREFIX_FORMAT = 'a prefix of 1 to 200 letters, digits and . _ : / -';
const FAIRNESS_KEY = 'a key of 1 to 64 bytes';
const WEIGHT_FORMAT = 'a number from 0.001 to 1,000';

const child = z.strictObject(
  {
    workflowType: text('a workflow type').optional(),
    // Temporal's own queues; a child on one of them fails the workflow task indefinitely.
    taskQueue: text('a task queue')
      .regex(/^(?!\/_sys\/)/, { error: 'a task queue that does not start with /_sys/' })
      .optional(),
    workflowIdPrefix: z
      .string({ error: PREFIX_FORMAT })
      .regex(/^[A-Za-z0-9._:/-]{1,200}$/, { error: PREFIX_FORMAT })
      .optional(),
    input: z.unknown().optional(),
    partialInput: flag.optional(),
    encoding: z
      .enum(['json/plain', 'json/protobuf'], {
        error:
          '"json/plain", or "json/protobuf" with a messageType for a worker whose argument is a protobuf message ' +
          '(given plain JSON, such a worker may start with an EMPTY message)',
      })
      .optional(),
    messageType: text('the full name of a protobuf message, such as "acme.v1.ReindexRequest"').optional(),
    executionTimeout: duration.optional(),
    priority: z
      .strictObject(
        {
          priorityKey: whole(1, 5).optional(),
          fairnessKey: text(FAIRNESS_KEY, 64)
            .refine((key) => new TextEncoder().encode(key).length <= 64, { error: FAIRNESS_KEY })
            .optional(),
          fairnessWeight: z
            .number({ error: WEIGHT_FORMAT })
            .min(0.001, { error: WEIGHT_FORMAT })
            .max(1_000, { error: WEIGHT_FORMAT })
            .optional(),
        },
        { error: 'an object {priorityKey?, fairnessKey?, fairnessWeight?}' },
      )
      .optional(),
  },
  {
    error:
      'an object {workflowType?, taskQueue?, workflowIdPrefix?, input?, partialInput?, encoding?, messageType?, …}',
  },
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
            perCustomer: limit.optional(),
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
        { maxLoad: load('slow down'), criticalLoad: load('start nothing').optional(), every: aSecondOrMore.optional() },
        { error: 'an object {maxLoad, criticalLoad?, every?}' },
      )
      .optional(),
    hours: listOf(workingHours, { what: 'a list of {days?, from, to, timeZone, max?}', least: 1, most: 50 }).optional(),
    canary: whole(0, 100_000).optional(),
    verify: verify.optional(),
    dryRun: flag.optional(),
    resume: flag.optional(),
    maxHistoryEvents: whole(50, 50_000).optional(),
  },
  { error: 'one object with at least customers, start and end' },
);
