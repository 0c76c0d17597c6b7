// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are placeholders of templates.
import { describe, expect, it } from 'vitest';
import { describeIssues } from '../../../src/backfill/request/issue.js';
import { parseRequest } from '../../../src/backfill/request/request.js';
import { MAX_PARALLELISM } from '../../../src/backfill/request/values.js';
import { DAY, hour, MINUTE, throughJson } from '../../support/core.js';
import { january } from '../../support/january.js';

function accepted(input: unknown) {
  const parsed = parseRequest(input);
  if (!parsed.ok) throw new Error(describeIssues(parsed.issues));
  return parsed.value;
}

describe('a request', () => {
  it('needs no more than customers, start and end, and has every default filled in', () => {
    const range = { start: hour('2026-01-01'), end: hour('2026-02-01') };
    expect(accepted(january)).toEqual({
      customers: [
        { id: 'cvs', ...range },
        { id: 'oportun', ...range },
      ],
      exclude: [],
      options: {
        ...range,
        window: { kind: 'fixed', size: { unit: 'd', count: 1 } },
        parallelism: { max: 1, min: 1, perCustomer: 1, adaptive: false },
        child: {
          workflowType: 'reindexconversations',
          taskQueue: 'ingestion',
          workflowIdPrefix: 'reindexconversations',
          input: [{ customerId: '${customerId}', startTime: '${startTime}', endTime: '${endTime}' }],
          encoding: 'json/plain',
          priority: {},
        },
        retry: expect.objectContaining({ permanent: { attempts: 1, backoff: 0, maxBackoff: 0 } }),
        operatorTimeout: 7 * DAY,
        breaker: { windows: 20, retryAfter: 5 * MINUTE },
        resume: false,
        canary: 0,
        dryRun: false,
      },
    });
  });

  it.each<[string, object]>([
    ['all customers', { customers: 'all', exclude: ['cvs'], cluster: 'us-west-2-prod' }],
    [
      'customers with volumes, ranges, sizes and limits of their own',
      {
        customers: [
          { id: 'cvs', conversations: 4_200_000, start: '2025-12-01', end: '2026-01-15', window: '6h', perCustomer: 2 },
          'oportun',
        ],
      },
    ],
    ['windows of hours', { window: '6h' }],
    ['windows of many days', { window: '10d' }],
    ['windows of months', { window: '1mo' }],
    ['bounded parallelism', { parallelism: 8 }],
    ['as much parallelism as there may be', { parallelism: MAX_PARALLELISM }],
    ['limits for all and for each customer', { parallelism: { max: 8, perCustomer: 2, adaptive: false } }],
    [
      'a worker of its own',
      { child: { workflowType: 'reindex', taskQueue: 'go', workflowIdPrefix: 'reindex:eu', executionTimeout: '6h' } },
    ],
    ['priorities', { child: { priority: { priorityKey: 4, fairnessKey: 'backfill', fairnessWeight: 0.5 } } }],
    [
      'a protobuf argument',
      {
        child: {
          input: { id: '${customerId}' },
          partialInput: true,
          encoding: 'json/protobuf',
          messageType: 'acme.v1.Reindex',
        },
      },
    ],
    ['retries', { retry: { contention: { attempts: 10, backoff: '1s', maxBackoff: '1m' } } }],
    ['no waiting for an operator', { operatorTimeout: '0s' }],
    ['what completed before', { resume: true }],
    ['a limit of history for tests', { maxHistoryEvents: 200 }],
    ['windows that resize themselves', { window: { initial: 'auto', min: '6h', max: '10d', target: '10m' } }],
    ['an adaptive limit', { parallelism: { max: 16, min: 2, adaptive: true }, canary: 3 }],
    ['a probe', { probe: { maxLoad: { activeSessions: 20 }, criticalLoad: { activeSessions: 60 }, every: '2s' } }],
    ['working hours', { hours: [{ days: ['sat'], from: '22:00', to: '06:00', timeZone: 'Europe/Berlin', max: 4 }] }],
    ['what may be turned off, turned off', { canary: 0, verify: 'off', dryRun: false }],
    ['a check of completed windows', { verify: 'report' }],
    ['a check with repairs', { verify: { mode: 'repair', repairs: 3 } }],
  ])('may ask for %s', (_, more) => {
    const value = accepted({ ...january, ...more });
    // Plain JSON, and no field that is there without a value.
    expect(throughJson(value)).toStrictEqual(value);
  });

  it('gives a customer the range, size and limit that it asks for', () => {
    const own = { id: 'cvs', start: '2025-12-01', window: '6h', perCustomer: 2, conversations: 5 };
    expect(accepted({ ...january, customers: [own] }).customers).toEqual([
      {
        ...{ id: 'cvs', conversations: 5, perCustomer: 2, window: { kind: 'fixed', size: { unit: 'h', count: 6 } } },
        start: hour('2025-12-01'),
        end: hour('2026-02-01'),
      },
    ]);
  });

  it('leaves out who is excluded', () => {
    expect(accepted({ ...january, exclude: ['cvs'] }).customers).toMatchObject([{ id: 'oportun' }]);
  });

  it('waits as long as asked, also where that is more than the most by default', () => {
    const { retry } = accepted({
      ...january,
      retry: { unknown: { backoff: '20m' }, timeout: { maxBackoff: '1s' } },
    }).options;
    expect(retry.unknown).toEqual({ attempts: 3, backoff: 20 * MINUTE, maxBackoff: 20 * MINUTE });
    expect(retry.timeout).toEqual({ attempts: 3, backoff: 5_000, maxBackoff: 1_000 });
  });
});
