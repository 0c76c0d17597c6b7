import type { z } from 'zod';
import { defined } from '../defined.js';
import { FAILURE_CLASSES, type FailureClass } from '../failures/classify.js';
import { formatDay } from '../hours/calendar.js';
import { type Interval, none, union } from '../hours/interval.js';
import type { Json } from '../json.js';
import { counted } from '../words.js';
import { checkCustomers, crossChecks } from './checks.js';
import { type Issue, issuesOf } from './issue.js';
import type { BackfillRequest, CustomerRequest, Options, RetryPolicy } from './options.js';
import { type customer, customerList, request, type retryPolicy } from './schema.js';
import { defaultTemplate } from './template.js';
import { FULL_WEIGHT, requestWeight } from './weight.js';

export type Parsed<T> = { ok: true; value: T } | { ok: false; issues: Issue[] };

const seconds = 1_000;
const minutes = 60 * seconds;

const defaultRetry: Record<FailureClass, RetryPolicy> = {
  timeout: { attempts: 3, backoff: 5 * seconds, maxBackoff: 5 * minutes },
  contention: { attempts: 6, backoff: 5 * seconds, maxBackoff: 5 * minutes },
  overload: { attempts: 8, backoff: 15 * seconds, maxBackoff: 10 * minutes },
  stopped: { attempts: 1, backoff: 0, maxBackoff: 0 },
  permanent: { attempts: 1, backoff: 0, maxBackoff: 0 },
  unknown: { attempts: 3, backoff: 5 * seconds, maxBackoff: 5 * minutes },
};

/** Reads a run's one argument. Every wrong field is named; nothing is thrown. */
export function parseRequest(input: unknown): Parsed<BackfillRequest> {
  const parsed = request.safeParse(input);
  const issues = [...(parsed.success ? [] : issuesOf(parsed.error, input)), ...crossChecks(input)];
  if (!parsed.success || issues.length > 0) return { ok: false, issues };
  const { data } = parsed;
  const { partialInput: _, ...child } = data.child ?? {};
  const range: Interval = [data.start, data.end];
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
  if (customers !== 'all' && isTooHeavy(customers, range))
    return { ok: false, issues: [tooHeavy(customers, 'customers')] };
  return {
    ok: true,
    value: {
      customers,
      exclude: data.exclude ?? [],
      options: {
        start: data.start,
        end: data.end,
        ...defined({ cluster: data.cluster, hours: data.hours, verify: data.verify }),
        ...defined({ maxHistoryEvents: data.maxHistoryEvents, notify: data.notify || undefined }),
        ...(data.probe ? { probe: { criticalLoad: {}, every: 5 * seconds, ...defined(data.probe) } } : {}),
        window: data.window ?? { kind: 'fixed', size: { unit: 'd', count: 1 } },
        parallelism,
        child: {
          workflowType: 'reindexconversations',
          taskQueue: 'ingestion',
          workflowIdPrefix: 'reindexconversations',
          encoding: 'json/plain',
          ...defined(child),
          input: (child.input ?? defaultTemplate) as Json,
          priority: defined(child.priority ?? {}),
        },
        retry: Object.fromEntries(
          FAILURE_CLASSES.map((name) => [name, retryOf(defaultRetry[name], data.retry?.[name] ?? {})]),
        ) as Options['retry'],
        operatorTimeout: data.operatorTimeout ?? 7 * 24 * 60 * minutes,
        breaker: { windows: 20, retryAfter: 5 * minutes, ...defined(data.breaker ?? {}) },
        resume: data.resume ?? false,
        canary: data.canary ?? 0,
        dryRun: data.dryRun ?? false,
      },
    },
  };
}

/**
 * Reads customers that come from elsewhere (`addCustomers`, the directory), with the run's range as their default. The
 * range is a pair and not an object with `start` and `end`, so that nothing else of the run's options can come along.
 */
export function parseCustomers(input: unknown, range: Interval): Parsed<CustomerRequest[]> {
  const parsed = customerList.safeParse(input);
  const issues = [
    ...(parsed.success ? [] : issuesOf(parsed.error, input)),
    ...checkCustomers(input, [], ...(range.map(formatDay) as [string, string])),
  ];
  if (!parsed.success || issues.length > 0) return { ok: false, issues };
  const customers = parsed.data.map((customer) => settle(customer, range));
  return isTooHeavy(customers, range)
    ? { ok: false, issues: [tooHeavy(customers, 'input')] }
    : { ok: true, value: customers };
}

const isTooHeavy = (customers: readonly CustomerRequest[], range: Interval): boolean =>
  customers.reduce((sum, customer) => sum + requestWeight(customer, range), 0) > FULL_WEIGHT;

function tooHeavy(customers: readonly CustomerRequest[], field: string): Issue {
  const expected = 'fewer customers, shorter ids or fewer done days: a run carries at most about 1.2 MB of them';
  return { field, expected, got: counted(customers.length, 'customer') };
}

/** A back-off that is longer than the default's most raises the most with it. */
function retryOf(base: RetryPolicy, asked: z.infer<typeof retryPolicy>): RetryPolicy {
  const { attempts = base.attempts, backoff = base.backoff, maxBackoff = Math.max(base.maxBackoff, backoff) } = asked;
  return { attempts, backoff, maxBackoff };
}

function settle(asked: z.infer<typeof customer>, [start, end]: Interval): CustomerRequest {
  const { done, ...rest } = asked;
  return { start, end, ...defined(rest), ...(done ? { done: union(none, done) } : {}) };
}
