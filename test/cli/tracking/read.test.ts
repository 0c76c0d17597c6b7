import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTracking } from '../../../src/cli/tracking/read.js';
import { asDays, summarise } from '../../../src/cli/tracking/summary.js';

const options = {
  range: { start: '2026-01-01', end: '2026-02-01' },
  clusters: ['us-east-1-prod', 'us-west-2-prod'],
  workflowIdPrefix: 'reindexconversations',
};

/** Each customer's days: done, not done, not known; and the problems as one line each. */
function read(json: unknown, range = options.range) {
  const { entries, problems } = readTracking(json, { ...options, range });
  const customers = summarise(entries).map(({ customer, ...sets }) => [
    customer,
    ...[sets.done, sets.open, sets.withoutStatus].map(asDays),
  ]);
  return {
    customers,
    problems: problems.map(({ path, expected, got }) => `${path}: expected ${expected}, got ${got}`),
  };
}

const id = (customer: string, window: string) => `reindexconversations-${customer}-${window}`;

describe('a tracking file', () => {
  const done = ['2026-01-01', '2026-01-03'];
  const open = ['2026-01-02'];
  it.each<[string, unknown]>([
    [
      'customer, day, record',
      {
        cvs: {
          '2026-01-01': {
            status: 'completed',
            workflow_id: id('cvs', '2026-01-01'),
            completed_at: '2026-02-09T12:00:00Z',
          },
          '2026-01-02': { status: 'running', workflow_id: null },
          '2026-01-03': { status: 'COMPLETED', attempts: 2 },
        },
      },
    ],
    ['customer, day, status', { cvs: { '2026-01-01': 'completed', '2026-01-02': 'failed', '2026-01-03': 'Done' } }],
    ['customer, status, days', { cvs: { completed: done, in_progress: open, failed: [] } }],
    ['customer, status, bare day numbers', { cvs: { completed: [1, '3'], pending: [2] } }],
    ['customer, bare day number, status', { cvs: { 1: 'completed', '02': 'pending', day_3: 'success' } }],
    [
      'day, customer, status',
      { '2026-01-01': { cvs: 'done' }, '2026-01-02': { cvs: 'pending' }, '2026-01-03': { cvs: true } },
    ],
    [
      'a list of records',
      [
        { customer: 'cvs', day: '2026-01-01', status: 'completed' },
        { customer_id: 'cvs', date: '2026-01-02', state: 'TimedOut' },
        {
          customerId: 'cvs',
          start: '2026-01-03T00:00:00Z',
          end: '2026-01-04T00:00:00Z',
          status: 'WORKFLOW_EXECUTION_STATUS_COMPLETED',
        },
      ],
    ],
    [
      'wrapped, with what it says of itself, by cluster',
      {
        version: 1,
        last_updated: '2026-02-10',
        clusters: {
          'us-west-2-prod': {
            customers: { cvs: { days: { '2026-01-01': 'ok', '2026-01-02': 'todo', '2026-01-03': 'ok' } } },
          },
        },
      },
    ],
  ])('as %s', (_, json) => {
    expect(read(json)).toEqual({ customers: [['cvs', done, open, []]], problems: [] });
  });

  it.each<[string, unknown]>([
    ['a list by cluster', { 'us-east-1-prod': [id('cvs', '2026-01-01--2026-02-01')] }],
    ['by customer', { workflows: { cvs: id('cvs', '2026-01-01--2026-02-01') } }],
    [
      'records without a status',
      [{ cluster: 'us-east-1-prod', workflow_id: id('cvs', '2026-01-01--2026-02-01'), run_id: 'x' }],
    ],
  ])('of workflow ids alone, as %s, does not say what is done', (_, json) => {
    expect(read(json)).toEqual({ customers: [['cvs', [], [], ['2026-01-01--2026-02-01']]], problems: [] });
  });

  it('with a cluster and workflow at its top applies them to all its entries', () => {
    const about = { version: 1, cluster: 'us-west-2-prod', workflowId: 'backfillscorecards-us-west-2-prod-2026-01' };
    const { entries, problems } = readTracking(
      { ...about, customers: { cvs: { '2026-01-01': 'completed' } } },
      options,
    );
    expect(problems).toEqual([]);
    expect(entries).toMatchObject([{ cluster: 'us-west-2-prod', customer: 'cvs', done: true }]);
  });

  it('counts a day as done if any entry says so', () => {
    const json = [
      { workflow_id: id('cvs', '2026-01-01--2026-02-01'), status: 'failed' },
      { workflow_id: id('cvs', '2026-01-02'), status: 'completed' },
    ];
    expect(read(json).customers).toEqual([['cvs', ['2026-01-02'], ['2026-01-01', '2026-01-03--2026-02-01'], []]]);
  });

  it('of windows of hours counts days that are done as a whole', () => {
    const hours = ['2026-01-01T00--2026-01-01T12', '2026-01-01T12--2026-01-02T00', '2026-01-02T00--2026-01-02T06'];
    const json = hours.map((window) => ({ workflowId: id('cvs', window), status: 'completed' }));
    expect(read(json).customers).toEqual([['cvs', ['2026-01-01'], [], []]]);
  });

  it.each<[string, unknown, string]>([
    ['a day that is none', { cvs: { '2026-01-32': 'completed' } }, 'cvs["2026-01-32"]: expected a UTC day'],
    [
      'a status that is none',
      { cvs: { '2026-01-01': 'kinda' } },
      'cvs["2026-01-01"]: expected a status such as "completed"',
    ],
    [
      'a status that is none in a record',
      { cvs: { '2026-01-01': { status: 'kinda' } } },
      'cvs["2026-01-01"].status: expected a status',
    ],
    [
      'an id of something else',
      { cvs: 'other-workflow-1' },
      'cvs: expected a status such as "completed", "running", "failed" or "pending", or the workflow id',
    ],
    [
      'an entry of nobody',
      [{ day: '2026-01-01', status: 'completed' }],
      '[0]: expected an entry that names its customer',
    ],
    ['an entry of no day', { cvs: { status: 'completed' } }, 'cvs: expected an entry that names its day'],
    [
      'an id that says something else',
      { cvs: { '2026-01-01': { workflow_id: id('cvs', '2026-01-02') } } },
      'cvs["2026-01-01"].workflow_id: expected the customer and days that the entry itself names',
    ],
    ['a list of nothing known', [null], '[0]: expected a status'],
    ['a text', 'completed', 'the file: expected a status'],
  ])('with %s is refused by its place', (_, json, expected) => {
    const { problems } = read(json);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(expected);
  });

  it('names every problem, and reads what is between them', () => {
    const json = { cvs: { completed: ['2026-01-01', 'nonsense', '2026-01-02', 99] } };
    const { customers, problems } = read(json);
    expect(problems).toHaveLength(2);
    expect(customers).toEqual([['cvs', ['2026-01-01--2026-01-03'], [], []]]);
  });

  it('with bare day numbers needs a range that lies in one month', () => {
    const json = { cvs: { completed: [15] } };
    expect(read(json, { start: '2026-01-10', end: '2026-02-01' }).customers).toEqual([['cvs', ['2026-01-15'], [], []]]);
    expect(read(json, { start: '2026-01-10', end: '2026-02-02' }).problems[0]).toContain(
      'if the range lies in one month',
    );
    expect(read({ cvs: { completed: [31] } }, { start: '2026-02-01', end: '2026-03-01' }).problems).toHaveLength(1);
  });

  it('of any JSON is read or refused, and never throws', () => {
    const word = fc.constantFrom(
      'cvs',
      '2026-01-01',
      'status',
      'completed',
      'us-east-1-prod',
      'days',
      '__proto__',
      'workflow_id',
      '7',
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        word,
        fc.jsonValue(),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(word, tie('tree'), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (json) => {
        const { entries, problems } = readTracking(json, options);
        for (const { customer, interval } of entries) expect(customer !== '' && interval[0] < interval[1]).toBe(true);
        for (const { path, expected } of problems) expect(path !== '' && expected !== '').toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
