import { z } from 'zod';
import { formatDay, HOURS_PER_DAY, parseDay } from './calendar.js';
import { DURATION_FORMAT, parseDuration } from './duration.js';
import { FAILURE_CLASSES, type FailureClass } from './failures.js';
import { type Hour, type Interval, type Intervals, none, union } from './interval.js';
import { type Issue, issuesOf, pathText, show } from './issue.js';
import { MAX_DAYS } from './last-days.js';
import { hoursOf, type WindowPolicy } from './sizing.js';
import { checkTemplate, defaultTemplate, type Json } from './template.js';
import { formatWindowSize, parseWindowSize, WINDOW_SIZE_FORMAT, type WindowSize } from './window.js';

/** The most windows in flight at once that a run may ask for: half of the 2,000 children the server allows one run. */
export const MAX_PARALLELISM = 1_000;
const MAX_CUSTOMERS = 20_000;

/** One customer as asked for, its range settled. */
export interface CustomerRequest {
  id: string;
  start: Hour;
  end: Hour;
  /** How many conversations its range holds, if known: its claim on a slot. */
  conversations?: number;
  window?: WindowPolicy;
  perCustomer?: number;
  /** What of its range is done already, as whoever asks knows. */
  done?: Intervals;
}

/** When the run may work: from `from` to `to` (minutes after midnight in the time zone) on these days (0 is Sunday). */
export interface WorkingHours {
  days: number[];
  from: number;
  to: number;
  timeZone: string;
  /** The limit in these hours, if it is less than the run's. */
  max?: number;
}

/** Thresholds on the cluster's database, by name of the metric: at `maxLoad` slow down, at `criticalLoad` start nothing. */
export interface ProbeOptions {
  maxLoad: Record<string, number>;
  criticalLoad: Record<string, number>;
  /** How often to look, in ms. */
  every: number;
}

/** `report` says what is missing in completed windows; `repair` runs such days again, each at most `repairs` times. */
export interface VerifyOptions {
  mode: 'report' | 'repair';
  repairs: number;
}

/** How often a window is tried for one class of failure, and how long to wait in between (doubling, in ms). */
export interface RetryPolicy {
  attempts: number;
  backoff: number;
  maxBackoff: number;
}

/** How the child workflows are started. Durations in ms. */
export interface ChildOptions {
  workflowType: string;
  taskQueue: string;
  workflowIdPrefix: string;
  input: Json;
  encoding: 'json/plain' | 'json/protobuf';
  messageType?: string;
  executionTimeout?: number;
  priority: { priorityKey?: number; fairnessKey?: string; fairnessWeight?: number };
}

/** Everything about a run but its customers; plain JSON, every default filled in. */
export interface Options {
  start: Hour;
  end: Hour;
  cluster?: string;
  window: WindowPolicy;
  parallelism: { max: number; min: number; perCustomer: number; adaptive: boolean };
  child: ChildOptions;
  retry: Record<FailureClass, RetryPolicy>;
  operatorTimeout: number;
  resume: boolean;
  probe?: ProbeOptions;
  hours?: WorkingHours[];
  /** Count what is missing after windows completed: off when left out. */
  verify?: VerifyOptions;
  /** So many windows of the smallest customers succeed before the real order begins. */
  canary: number;
  dryRun: boolean;
  /** Continue as new after this many history events, if that is before Temporal's own hint. */
  maxHistoryEvents?: number;
}

export interface BackfillRequest {
  options: Options;
  /** `'all'`: whoever the cluster's customer directory names, but for `exclude`. */
  customers: CustomerRequest[] | 'all';
  exclude: string[];
}

export type Parsed<T> = { ok: true; value: T } | { ok: false; issues: Issue[] };

const seconds = 1_000;
const minutes = 60 * seconds;

/** What a window should hold or take, unless the request says otherwise. */
const defaultTarget = { conversations: 150_000, ms: 10 * minutes };

const defaultRetry: Record<FailureClass, RetryPolicy> = {
  timeout: { attempts: 3, backoff: 5 * seconds, maxBackoff: 5 * minutes },
  contention: { attempts: 6, backoff: 5 * seconds, maxBackoff: 5 * minutes },
  overload: { attempts: 8, backoff: 15 * seconds, maxBackoff: 10 * minutes },
  stopped: { attempts: 1, backoff: 0, maxBackoff: 0 },
  permanent: { attempts: 1, backoff: 0, maxBackoff: 0 },
  unknown: { attempts: 3, backoff: 5 * seconds, maxBackoff: 5 * minutes },
};

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

const customer = z.preprocess(
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
const customerList = listOf(customer, { what: 'a list of customers', least: 1, most: MAX_CUSTOMERS });

const retryPolicy = z.strictObject(
  { attempts: whole(1, 1_000).optional(), backoff: duration.optional(), maxBackoff: duration.optional() },
  { error: 'an object {attempts?, backoff?, maxBackoff?}' },
);

const PREFIX_FORMAT = 'a prefix of 1 to 200 letters, digits and . _ : / -';
const FAIRNESS_KEY = 'a key of 1 to 64 bytes';
const WEIGHT_FORMAT = 'a number from 0.001 to 1,000';

const child = z.strictObject(
  {
    workflowType: text('a workflow type').optional(),
    // Temporal's own queues; a child on one of them fails the workflow task for ever.
    taskQueue: text('a task queue')
      .regex(/^(?!\/_sys\/)/, { error: 'a task queue that does not start with /_sys/' })
      .optional(),
    workflowIdPrefix: z
      .string({ error: PREFIX_FORMAT })
      .regex(/^[A-Za-z0-9._:/-]{1,200}$/, { error: PREFIX_FORMAT })
      .optional(),
    input: z.unknown().optional(),
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
  { error: 'an object {workflowType?, taskQueue?, workflowIdPrefix?, input?, encoding?, messageType?, …}' },
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

const flag = z.boolean({ error: 'true or false' });

const request = z.strictObject(
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
    probe: z
      .strictObject(
        { maxLoad: load('slow down'), criticalLoad: load('start nothing').optional(), every: duration.optional() },
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

/** Reads a run's one argument. Every wrong field is named; nothing is thrown. */
export function parseRequest(input: unknown): Parsed<BackfillRequest> {
  const parsed = request.safeParse(input);
  const issues = [...(parsed.success ? [] : issuesOf(parsed.error, input)), ...crossChecks(input)];
  if (!parsed.success || issues.length > 0) return { ok: false, issues };
  const { data } = parsed;
  const range = { start: data.start, end: data.end };
  const excluded = new Set(data.exclude);
  const asked = typeof data.parallelism === 'object' ? data.parallelism : { max: data.parallelism ?? 1 };
  const parallelism = { min: 1, perCustomer: 1, adaptive: false, ...defined(asked) };
  const customers =
    data.customers === 'all'
      ? data.customers
      : data.customers.filter(({ id }) => !excluded.has(id)).map((customer) => settle(customer, range));
  if (customers.length === 0) {
    return { ok: false, issues: [{ field: 'exclude', expected: 'at least one customer left', got: 'none left' }] };
  }
  return {
    ok: true,
    value: {
      customers,
      exclude: data.exclude ?? [],
      options: {
        ...range,
        ...defined({ cluster: data.cluster, hours: data.hours, verify: data.verify }),
        ...defined({ maxHistoryEvents: data.maxHistoryEvents }),
        ...(data.probe ? { probe: { criticalLoad: {}, every: 5 * seconds, ...defined(data.probe) } } : {}),
        window: data.window ?? { kind: 'fixed', size: { unit: 'd', count: 1 } },
        parallelism,
        child: {
          workflowType: 'reindexconversations',
          taskQueue: 'ingestion',
          workflowIdPrefix: 'reindexconversations',
          encoding: 'json/plain',
          ...defined(data.child ?? {}),
          input: (data.child?.input ?? defaultTemplate) as Json,
          priority: defined(data.child?.priority ?? {}),
        },
        retry: Object.fromEntries(
          FAILURE_CLASSES.map((name) => [name, retryOf(defaultRetry[name], data.retry?.[name] ?? {})]),
        ) as Options['retry'],
        operatorTimeout: data.operatorTimeout ?? 7 * 24 * 60 * minutes,
        resume: data.resume ?? false,
        canary: data.canary ?? 0,
        dryRun: data.dryRun ?? false,
      },
    },
  };
}

/** Reads customers that come from elsewhere (`addCustomers`, the directory), with the run's range as their default. */
export function parseCustomers(input: unknown, range: { start: Hour; end: Hour }): Parsed<CustomerRequest[]> {
  const parsed = customerList.safeParse(input);
  const issues = [
    ...(parsed.success ? [] : issuesOf(parsed.error, input)),
    ...checkCustomers(input, [], formatDay(range.start), formatDay(range.end)),
  ];
  if (!parsed.success || issues.length > 0) return { ok: false, issues };
  return { ok: true, value: parsed.data.map((customer) => settle(customer, range)) };
}

/** Whoever asks for a longer back-off than the default's most means that, and not the most. */
function retryOf(base: RetryPolicy, asked: z.infer<typeof retryPolicy>): RetryPolicy {
  const { attempts = base.attempts, backoff = base.backoff, maxBackoff = Math.max(base.maxBackoff, backoff) } = asked;
  return { attempts, backoff, maxBackoff };
}

function settle(asked: z.infer<typeof customer>, range: { start: Hour; end: Hour }): CustomerRequest {
  const { done, ...rest } = asked;
  return { ...range, ...defined(rest), ...(done ? { done: union(none, done) } : {}) };
}

/** What no single field shows: checked on the raw input, so that it is named beside all else that is wrong. */
function crossChecks(input: unknown): Issue[] {
  const { start, end, customers, child, parallelism } = fields(input);
  const { input: template, encoding, messageType } = fields(child);
  const issues = [...checkRange(start, end, 'end'), ...checkCustomers(customers, ['customers'], start, end)];
  const { min, max } = fields(parallelism);
  if (typeof min === 'number' && typeof max === 'number' && min > max) {
    issues.push({ field: 'parallelism.min', expected: `at most parallelism.max, ${max}`, got: show(min) });
  }
  if (template !== undefined) issues.push(...checkTemplate(template, 'child.input'));
  if (encoding === 'json/protobuf') {
    const expected = 'the full name of the protobuf message, since child.encoding is "json/protobuf"';
    if (messageType === undefined) issues.push({ field: 'child.messageType', expected, got: 'nothing' });
    if (Array.isArray(template) && template.length !== 1) {
      issues.push({ field: 'child.input', expected: 'exactly one argument with "json/protobuf"', got: show(template) });
    }
  } else if (messageType !== undefined) {
    issues.push({
      field: 'child.messageType',
      expected: 'only with child.encoding "json/protobuf"',
      got: show(messageType),
    });
  }
  return issues;
}

function checkCustomers(customers: unknown, path: PropertyKey[], start: unknown, end: unknown): Issue[] {
  if (!Array.isArray(customers) || customers.length > MAX_CUSTOMERS) return [];
  const first = new Map<unknown, number>();
  return customers.flatMap((customer: unknown, i): Issue[] => {
    const own = fields(customer);
    const id = typeof customer === 'string' ? customer : own.id;
    const issues: Issue[] = [];
    if (typeof id === 'string') {
      const earlier = first.get(id);
      if (earlier === undefined) first.set(id, i);
      else {
        const expected = `each customer once (it is at ${pathText([...path, earlier])} already)`;
        issues.push({ field: pathText([...path, i]), expected, got: show(id) });
      }
    }
    if (own.start !== undefined || own.end !== undefined) {
      issues.push(
        ...checkRange(
          own.start ?? start,
          own.end ?? end,
          pathText([...path, i, own.end === undefined ? 'start' : 'end']),
        ),
      );
    }
    return issues;
  });
}

function checkRange(start: unknown, end: unknown, field: string): Issue[] {
  const from = typeof start === 'string' ? parseDay(start) : undefined;
  const to = typeof end === 'string' ? parseDay(end) : undefined;
  if (from === undefined || to === undefined) return [];
  if (to <= from)
    return [{ field, expected: `an end after the start, ${start}; the end is exclusive`, got: show(end) }];
  if (to - from > MAX_DAYS * HOURS_PER_DAY) {
    return [{ field, expected: `at most ${MAX_DAYS} days after ${start}`, got: show(end) }];
  }
  return [];
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** The object without its undefined fields, so that it is the same before and after JSON. */
function defined<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
}
