// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are placeholders of templates.
import { describe, expect, it } from 'vitest';
import { describeIssues } from '../../../src/backfill/request/issue.js';
import { parseRequest } from '../../../src/backfill/request/request.js';
import { issuesOf, january } from '../../support/january.js';

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
    'a child that never gets its customer, and would reindex all of them in each window',
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

  it('is answered with everything that is wrong with it at once', () => {
    const all = {
      customers: ['cvs', 'cvs', { id: 'x', window: '0d' }],
      start: '2026-02-30',
      end: '2026-02-01',
      windw: '1d',
      window: '0d',
      parallelism: 0,
      operatorTimeout: 'never',
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
