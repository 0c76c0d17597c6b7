// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are placeholders of templates.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COMMANDS, commandNamed, parseCommand } from '../../../src/backfill/commands/command.js';
import type { Json } from '../../../src/backfill/json.js';
import { describeIssues, show } from '../../../src/backfill/request/issue.js';
import { parseRequest } from '../../../src/backfill/request/request.js';
import { checkTemplate, fillTemplate } from '../../../src/backfill/request/template.js';
import { MAX_PARALLELISM } from '../../../src/backfill/request/values.js';
import { DAY, hour, MINUTE, throughJson } from '../../support/core.js';

const january = { customers: ['cvs', 'oportun'], start: '2026-01-01', end: '2026-02-01' };

function accepted(input: unknown) {
  const parsed = parseRequest(input);
  if (!parsed.ok) throw new Error(describeIssues(parsed.issues));
  return parsed.value;
}

/** The issues of an input, by field. */
function issuesOf(input: unknown) {
  const parsed = parseRequest(input);
  if (parsed.ok) throw new Error('accepted');
  return Object.fromEntries(parsed.issues.map(({ field, expected, got }) => [field, { expected, got }]));
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
        ...{ start: hour('2025-12-01'), end: hour('2026-02-01') },
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

const bad: [string, object, string, RegExp, RegExp][] = [
  ['no customers', { customers: [] }, 'customers', /at least one|1 to/, /\[\]/],
  ['customers that are none', { customers: 'cvs' }, 'customers', /"all" or a list/, /"cvs"/],
  ['a missing list of customers', { customers: undefined }, 'customers', /"all" or a list/, /nothing/],
  [
    'a customer twice',
    { customers: ['cvs', 'oportun', { id: 'cvs' }] },
    'customers[2]',
    /once .*customers\[0\]/,
    /"cvs"/,
  ],
  ['a bad id', { customers: ['cvs', 'a b'] }, 'customers[1].id', /an id of/, /"a b"/],
  ['an id that ends with -', { customers: ['cvs-'] }, 'customers[0].id', /does not end with -/, /"cvs-"/],
  ['a customer without an id', { customers: [{ conversations: 3 }] }, 'customers[0].id', /an id of/, /nothing/],
  ['a number as a customer', { customers: [7] }, 'customers[0]', /a customer id or an object/, /7/],
  [
    'an unknown field of a customer',
    { customers: [{ id: 'cvs', from: 1 }] },
    'customers[0].from',
    /no such field/,
    /1/,
  ],
  [
    'too many customers',
    { customers: Array.from({ length: 20_001 }, (_, i) => `c${i}`) },
    'customers',
    /20,000/,
    /a list of 20001/,
  ],
  [
    "a customer's end before its start",
    { customers: [{ id: 'cvs', end: '2025-12-01' }] },
    'customers[0].end',
    /after the start, 2026-01-01/,
    /2025-12-01/,
  ],
  ['nobody left', { exclude: ['cvs', 'oportun'] }, 'exclude', /at least one customer left/, /none/],
  ['an end before the start', { end: '2025-12-31' }, 'end', /after the start, 2026-01-01/, /2025-12-31/],
  ['an end at the start', { end: '2026-01-01' }, 'end', /exclusive/, /2026-01-01/],
  ['30 February', { end: '2026-02-30' }, 'end', /a UTC day such as/, /"2026-02-30"/],
  ['no start', { start: undefined }, 'start', /a UTC day/, /nothing/],
  ['a time as a day', { start: '2026-01-01T00:00:00Z' }, 'start', /a UTC day/, /T00:00:00Z/],
  ['a range of a thousand years', { end: '2999-01-01' }, 'end', /at most 3660 days/, /2999-01-01/],
  ['an unknown field', { windows: '1d' }, 'windows', /no such field/, /"1d"/],
  ['a window of nothing', { window: '0d' }, 'window', /a size such as "6h"/, /"0d"/],
  ['a first size under the least', { window: { initial: '1h', min: '1d' } }, 'window.initial', /1d to 1mo/, /1h/],
  ['a least size over the most', { window: { min: '1mo', max: '1d' } }, 'window.min', /at most max, 1d/, /1mo/],
  ['no time zone', { hours: [{ from: '22:00', to: '06:00', timeZone: 'Mars' }] }, 'hours[0].timeZone', /IANA/, /Mars/],
  [
    'a least limit over the most',
    { parallelism: { max: 2, min: 3 } },
    'parallelism.min',
    /at most parallelism.max, 2/,
    /3/,
  ],
  ['parallelism 0', { parallelism: 0 }, 'parallelism', /from 1 to 1,000/, /0/],
  ['parallelism 10001', { parallelism: 10_001 }, 'parallelism', /from 1 to 1,000/, /10001/],
  ['parallelism 1.5', { parallelism: 1.5 }, 'parallelism', /a whole number/, /1.5/],
  ['parallelism as a text', { parallelism: '8' }, 'parallelism', /a whole number/, /"8"/],
  [
    'no such day that is done',
    { customers: [{ id: 'cvs', done: ['2026-01-32'] }] },
    'customers[0].done[0]',
    /a UTC day such as/,
    /"2026-01-32"/,
  ],
  [
    'done days that end before they start',
    { customers: [{ id: 'cvs', done: ['2026-01-03--2026-01-03'] }] },
    'customers[0].done[0]',
    /the end exclusive/,
    /"2026-01-03--2026-01-03"/,
  ],
  ['no most of parallelism', { parallelism: { perCustomer: 2 } }, 'parallelism.max', /from 1 to 1,000/, /nothing/],
  [
    'a limit of no window for each customer',
    { parallelism: { max: 2, perCustomer: 0 } },
    'parallelism.perCustomer',
    /from 1/,
    /0/,
  ],
  [
    'an unknown placeholder',
    { child: { input: { a: ['${customer}'] } } },
    'child.input.a[0]',
    /\$\{customerId\}/,
    /\$\{customer\}/,
  ],
  [
    'a placeholder that does not end',
    { child: { input: '${customerId' } },
    'child.input',
    /only the placeholders/,
    /\$\{customerId/,
  ],
  [
    'a placeholder in a name',
    { child: { input: { '${startTime}': 1 } } },
    'child.input',
    /in values, not in names/,
    /startTime/,
  ],
  [
    'a child that is never told its customer, and would reindex all of them in each window',
    { child: { input: { from: '${startTime}', to: '${endTime}' } } },
    'child.input',
    /partialInput: true/,
    /nothing for \$\{customerId\}/,
  ],
  [
    'an input of the child that would fill the history',
    { child: { input: { id: '${customerId}', at: '${startTime} ${endTime}', text: 'x'.repeat(70_000) } } },
    'child.input',
    /at most 64 KB/,
    /bytes/,
  ],
  [
    'a probe that would ask the database all the time',
    { probe: { maxLoad: { activeSessions: 5 }, every: '0s' } },
    'probe.every',
    /at least "1s"/,
    /"0s"/,
  ],
  [
    'a database that is critical before it is loaded',
    { probe: { maxLoad: { activeSessions: 5 }, criticalLoad: { activeSessions: 4 } } },
    'probe.criticalLoad.activeSessions',
    /at least probe.maxLoad.activeSessions, 5/,
    /4/,
  ],
  ['a breaker that never waits', { breaker: { retryAfter: '0s' } }, 'breaker.retryAfter', /at least "1s"/, /"0s"/],
  ['a breaker of one window', { breaker: { windows: 1 } }, 'breaker.windows', /from 2 to 500/, /1/],
  [
    'json/protobuf without a messageType',
    { child: { encoding: 'json/protobuf' } },
    'child.messageType',
    /full name of the protobuf message/,
    /nothing/,
  ],
  [
    'a messageType without json/protobuf',
    { child: { messageType: 'acme.Reindex' } },
    'child.messageType',
    /only with child.encoding "json\/protobuf"/,
    /acme/,
  ],
  [
    'two protobuf arguments',
    { child: { encoding: 'json/protobuf', messageType: 'a.B', input: [1, 2] } },
    'child.input',
    /exactly one argument/,
    /\[1,2\]/,
  ],
  ['an unknown encoding', { child: { encoding: 'protobuf' } }, 'child.encoding', /EMPTY message/, /"protobuf"/],
  [
    'a prefix with a quote',
    { child: { workflowIdPrefix: 'a"b' } },
    'child.workflowIdPrefix',
    /letters, digits/,
    /a\\"b/,
  ],
  ['an empty prefix', { child: { workflowIdPrefix: '' } }, 'child.workflowIdPrefix', /1 to 200/, /""/],
  [
    'a weight that is none',
    { child: { priority: { fairnessWeight: 'x' } } },
    'child.priority.fairnessWeight',
    /a number from 0.001/,
    /"x"/,
  ],
  ['an unknown class of failure', { retry: { deadlock: {} } }, 'retry.deadlock', /no such field/, /\{\}/],
  ['no attempts', { retry: { unknown: { attempts: 0 } } }, 'retry.unknown.attempts', /from 1 to 1,000/, /0/],
  ['a duration without a unit', { operatorTimeout: '7' }, 'operatorTimeout', /a duration such as/, /"7"/],
  ['a wrong verify', { verify: 'always' }, 'verify', /^"off", "report", "repair" or \{mode, repairs\?\}$/, /always/],
  ['too many repairs', { verify: { mode: 'repair', repairs: 11 } }, 'verify.repairs', /from 1 to 10/, /11/],
];

describe('a bad request', () => {
  it.each(bad)(
    'is refused for %s, with the field, what was expected and what was got',
    (_, more, field, expected, got) => {
      const issues = issuesOf({ ...january, ...more });
      expect(issues).toEqual({
        [field]: { expected: expect.stringMatching(expected), got: expect.stringMatching(got) },
      });
    },
  );

  it('is told all that is wrong with it at once', () => {
    const all = {
      ...{ customers: ['cvs', 'cvs', { id: 'x', window: '0d' }], start: '2026-02-30', end: '2026-02-01', windw: '1d' },
      ...{ window: '0d', parallelism: 0, operatorTimeout: 'never' },
      child: { encoding: 'json/protobuf', input: '${who}' },
    };
    expect(Object.keys(issuesOf(all)).sort()).toEqual([
      ...['child.input', 'child.messageType', 'customers[1]', 'customers[2].window', 'operatorTimeout'],
      ...['parallelism', 'start', 'window', 'windw'],
    ]);
    const { issues } = parseRequest(all) as { issues: { field: string }[] };
    const sentence = describeIssues(issues as never);
    for (const { field } of issues) expect(sentence).toContain(`${field}: expected `);
  });

  it.each([null, undefined, 7, 'x', [], [january]])('is refused when it is no object at all: %j', (input) => {
    expect(issuesOf(input).input!.expected).toMatch(/one object with at least customers, start and end/);
  });

  it('names __proto__ like any other unknown field', () => {
    const text = (inner: string) => JSON.stringify(january).replace('{', `{${inner},`);
    expect(issuesOf(JSON.parse(text('"__proto__":{"parallelism":9}')))).toHaveProperty('__proto__');
    expect(issuesOf(JSON.parse(text('"child":{"__proto__":{"taskQueue":"x"}}')))).toHaveProperty(['child.__proto__']);
  });

  it('is described in a sentence of bounded length, however much is wrong', () => {
    const customers = Array.from({ length: 5_000 }, () => ({ [`x${'y'.repeat(10_000)}`.slice(0, 300)]: 1 }));
    const parsed = parseRequest({ ...january, customers });
    const issues = parsed.ok ? [] : parsed.issues;
    expect(describeIssues(issues)).toMatch(/; and \d+ more$/);
    expect(describeIssues(issues).length).toBeLessThan(20_000);
  });
});

describe('whatever is sent', () => {
  const anything = fc.oneof(
    fc.anything({
      ...{ withBigInt: true, withBoxedValues: true, withDate: true, withMap: true, withNullPrototype: true },
      ...{ withObjectString: true, withSet: true, withSparseArray: true, withTypedArray: true },
    }),
    fc.json().map((text) => JSON.parse(text)),
    fc.json({ stringUnit: 'binary' }).map((text) => JSON.parse(text.replaceAll('"a"', '"__proto__"'))),
    fc.constantFrom(Symbol('x'), NaN, Number.POSITIVE_INFINITY, '\ud800', '\u0000', () => 1),
  );
  const fields = Object.keys({
    ...january,
    ...{
      exclude: 0,
      cluster: 0,
      window: 0,
      parallelism: 0,
      child: 0,
      retry: 0,
      operatorTimeout: 0,
      probe: 0,
      hours: 0,
    },
    ...{ canary: 0, verify: 0, dryRun: 0, resume: 0, maxHistoryEvents: 0 },
  });
  /** A good request with one of its fields gone bad, or of one of its parts. */
  const almost = fc.oneof(
    fc.tuple(fc.constantFrom(...fields), anything).map(([field, value]) => ({ ...january, [field]: value })),
    fc
      .record({ id: anything, start: anything, end: anything, window: anything })
      .map((one) => ({ ...january, customers: [one] })),
    fc.record({ input: anything, encoding: anything, messageType: anything }).map((child) => ({ ...january, child })),
    fc.record({ max: anything, perCustomer: anything }).map((parallelism) => ({ ...january, parallelism })),
  );

  it('a request is read or refused, and never thrown at', () => {
    fc.assert(
      fc.property(fc.oneof(anything, almost), (input) => {
        const parsed = parseRequest(input);
        if (parsed.ok) return;
        expect(parsed.issues.length).toBeGreaterThan(0);
        expect(describeIssues(parsed.issues)).toMatch(/expected .*, got /s);
        expect(describeIssues(parsed.issues)).not.toContain('Invalid input');
      }),
      { numRuns: 400 },
    );
  });

  it('a command is read or refused with a sentence, and never thrown at', () => {
    const names = fc.oneof(fc.constantFrom(...Object.keys(COMMANDS)), fc.string({ unit: 'binary' }));
    const argument = fc.oneof(
      anything,
      fc.record(
        { customer: anything, day: anything, max: anything, customers: anything, by: anything },
        { requiredKeys: [] },
      ),
    );
    fc.assert(
      fc.property(names, argument, (name, input) => {
        const command = parseCommand(name, input);
        if ('refused' in command) {
          expect(command.refused).toMatch(/unknown command|: .*expected .*, got /s);
          expect(command.refused).not.toContain('Invalid input');
        } else expect(COMMANDS).toHaveProperty(command.name);
      }),
      { numRuns: 400 },
    );
  });

  it('deep nesting, huge texts and very many fields do no harm', () => {
    let deep: unknown = '${who}';
    for (let i = 0; i < 10_000; i++) deep = i % 2 ? [deep] : { deep };
    const huge = 'x'.repeat(2_000_000);
    const wide = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`k${i}`, i]));
    for (const value of [deep, huge, wide, [huge], Array(50_000).fill(null)]) {
      for (const field of fields) {
        const parsed = parseRequest({ ...january, [field]: value });
        if (!parsed.ok) expect(describeIssues(parsed.issues).length).toBeLessThan(50_000);
      }
      for (const input of [value, { customer: value, day: value, customers: value }]) {
        expect(parseRequest(input).ok).toBe(false);
        for (const name of Object.keys(COMMANDS)) parseCommand(name, input);
      }
    }
    expect(issuesOf({ ...january, child: { input: deep } })).toMatchObject({
      [Object.keys(issuesOf({ ...january, child: { input: deep } }))[0]!]: {
        expected: expect.stringMatching(/at most 50 levels/),
      },
    });
    expect(parseCommand(huge, {})).toMatchObject({ refused: expect.stringMatching(/^unknown command "x{40}"/) });
  });

  it('a value is shown short, whatever it is', () => {
    fc.assert(
      fc.property(anything, (value) => {
        expect(show(value).length).toBeLessThanOrEqual(82);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a template', () => {
  const hours = [hour('2026-01-15'), hour('2026-01-15') + 6] as const;

  it('is filled with the customer and the instants of the window, at any depth and within texts', () => {
    const template: Json = { scope: { ids: ['${customerId}'], note: '${startTime}/${endTime}' }, force: true, n: null };
    expect(checkTemplate(template, 'child.input', { whole: false })).toEqual([]);
    expect(fillTemplate(template, 'cvs', hours)).toEqual([
      { scope: { ids: ['cvs'], note: '2026-01-15T00:00:00Z/2026-01-15T06:00:00Z' }, force: true, n: null },
    ]);
  });

  it('that is a list is the list of arguments', () => {
    expect(fillTemplate(['${customerId}', 7], 'cvs', hours)).toEqual(['cvs', 7]);
    expect(fillTemplate([], 'cvs', hours)).toEqual([]);
  });

  it('without placeholders arrives as it is, and is not changed by being filled', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        if (text.includes('${')) return;
        const filled = fillTemplate(value as Json, 'cvs', hours);
        expect(JSON.stringify(Array.isArray(value) ? filled : filled[0])).toBe(text);
        expect(JSON.stringify(value)).toBe(text);
      }),
    );
  });
});

describe("a command's name", () => {
  it.each(['resetDay', 'reset-day', 'reset_day', 'RESETDAY', 'resetday'])('may be written %s', (name) => {
    expect(commandNamed(name)).toBe('resetDay');
  });

  it.each([
    ['resetDays', 'did you mean resetDay?'],
    ['puase', 'did you mean pause?'],
    ['retry', 'did you mean retryFailed?'],
    ['stop', 'there are pause, resume'],
    ['add-customer', 'did you mean addCustomers?'],
    ['drop table', 'there are pause, resume'],
    ['', 'there are pause, resume'],
  ])('that is none, %j, is refused with what there is', (name, hint) => {
    const { refused } = parseCommand(name, {}) as { refused: string };
    expect(refused).toContain(`unknown command ${JSON.stringify(name)}`);
    expect(refused).toContain(hint);
  });

  it('needs no argument where every field is optional', () => {
    expect(parseCommand('pause', undefined)).toEqual({ name: 'pause' });
    expect(parseCommand('finish', null)).toEqual({ name: 'finish' });
  });
});

describe("a bad command's argument", () => {
  it.each<[string, unknown, RegExp]>([
    ['resetDay', { customer: 'cvs' }, /resetDay: day: expected a UTC day.*got nothing/],
    ['resetDay', {}, /customer: .*day: /],
    ['skipDay', { customer: 'cvs', day: 20_260_101 }, /day: .*got 20260101/],
    ['pause', { customr: 'cvs' }, /pause: customr: expected no such field, got "cvs"/],
    ['pause', 'cvs', /pause: input: expected one object \{customer\?, reason\?, by\?\}, got "cvs"/],
    ['setParallelism', { max: 0 }, /max: expected a whole number from 1 to 1,?000, got 0/],
    ['setParallelism', { max: 10_001 }, /got 10001/],
    ['setParallelism', {}, /at least one of max, perCustomer and adaptive/],
    ['setParallelism', { adaptive: 'yes', max: 2 }, /true or false/],
    ['removeCustomer', {}, /customer: expected an id/],
    ['pause', { reason: 'x'.repeat(501) }, /at most 500 characters/],
  ])('of %s, %j, is refused by field', (name, argument, sentence) => {
    expect(parseCommand(name, argument)).toEqual({ refused: expect.stringMatching(sentence) });
  });
});
