import { describe, expect, it } from 'vitest';
import type { Issue } from '../../src/backfill/request/issue.js';
import { useRig } from '../support/harness.js';
import { kindsOf } from '../support/history-events.js';

const rig = useRig();

const range = { start: '2026-01-01', end: '2026-02-01' };

/** Starts a run that must refuse its arguments, and answers with what it says; makes sure that nothing has started. */
async function refused(...args: unknown[]) {
  const run = await rig.startWith(args);
  const failure = await run.failure();
  expect(failure).toMatchObject({ type: 'InvalidInput', nonRetryable: true });
  const kinds = kindsOf(await run.events());
  expect(kinds.filter((kind) => /child|activity/i.test(kind))).toEqual([]);
  const issues = failure.details?.[0] as Issue[];
  for (const { field, expected, got } of issues) {
    expect(failure.message).toContain(`${field}: expected ${expected}, got ${got}`);
  }
  return { message: failure.message, fields: issues.map((issue) => issue.field) };
}

describe('a run fails at once, with nothing started, on', () => {
  const cases: [what: string, input: unknown, fields: string[], sentence: RegExp][] = [
    ['no customers', { ...range, customers: [] }, ['customers'], /a list of 1 to 20,000 customers, got \[\]/],
    ['customers left out', range, ['customers'], /customers: expected .*, got nothing/],
    ['duplicate ids', { ...range, customers: ['cvs', 'oportun', 'cvs'] }, ['customers[2]'], /customers\[0\] already/],
    [
      'end before start',
      { customers: ['cvs'], start: '2026-02-01', end: '2026-01-01' },
      ['end'],
      /after the start, 2026-02-01/,
    ],
    ['end on start', { customers: ['cvs'], start: '2026-01-01', end: '2026-01-01' }, ['end'], /exclusive/],
    ['30 February', { customers: ['cvs'], start: '2026-02-30', end: '2026-03-02' }, ['start'], /got "2026-02-30"/],
    ['an unknown field', { ...range, customers: ['cvs'], windows: '1d' }, ['windows'], /no such field/],
    ['window "0d"', { ...range, customers: ['cvs'], window: '0d' }, ['window'], /a size such as "6h".*got "0d"/],
    ['parallelism 0', { ...range, customers: ['cvs'], parallelism: 0 }, ['parallelism'], /from 1 to 1,000.*got 0/],
    ['parallelism 10001', { ...range, customers: ['cvs'], parallelism: 10_001 }, ['parallelism'], /got 10001/],
    [
      'a template with an unknown placeholder',
      { ...range, customers: ['cvs'], child: { input: [{ id: `\${customer}` }] } },
      ['child.input[0].id'],
      /only the placeholders \$\{customerId\}.*got \$\{customer\}/,
    ],
    [
      'json/protobuf without a message type',
      { ...range, customers: ['cvs'], child: { encoding: 'json/protobuf' } },
      ['child.messageType'],
      /the full name of the protobuf message/,
    ],
    ['no argument', undefined, ['input'], /one object/],
    ['a text as its argument', 'cvs', ['input'], /one object.*got "cvs"/],
  ];
  it.each(cases)('%s', async (_, input, fields, sentence) => {
    const refusal = await refused(...(input === undefined ? [] : [input]));
    expect(refusal.fields).toEqual(fields);
    expect(refusal.message).toMatch(sentence);
  });
});

it('Every wrong field is named in one failure', async () => {
  const { fields } = await refused({
    start: '2026-02-30',
    end: 'tomorrow',
    customers: ['cvs', 'cvs', { id: 'oportun', windo: '1d' }],
    window: '0d',
    parallelism: { max: 0, perCustomer: 10_001 },
    child: { input: `\${nobody}`, encoding: 'protobuf' },
    retry: { timeout: { attempts: 0 } },
    color: 'red',
  });
  expect(fields.sort()).toEqual(
    [
      'child.encoding',
      'child.input',
      'color',
      'customers[1]',
      'customers[2].windo',
      'end',
      'parallelism.max',
      'parallelism.perCustomer',
      'retry.timeout.attempts',
      'start',
      'window',
    ].sort(),
  );
});
