import { describe, expect, it } from 'vitest';
import { parseDay } from '../../../src/backfill/hours/calendar.js';
import { type Facts, filterFrom } from '../../../src/server/jobs/filter/conditions.js';
import { parseFilter } from '../../../src/server/jobs/filter/parse.js';
import { Job_State } from '../../../src/server/jobs/gen/backfill/jobs/v1/job_pb.js';

const at = (time: string) => Date.parse(time);
const january: Facts = {
  cluster: 'us-west-2-prod',
  state: Job_State.COMPLETED,
  range: { start: parseDay('2026-01-01')!, end: parseDay('2026-02-01')! },
  started: { at: at('2026-02-03T10:00:00Z'), exact: true },
  ended: at('2026-02-04T10:00:00Z'),
  customers: new Set(['cvs', 'oportun']),
};

describe('A filter of jobs', () => {
  it.each([
    ['', true],
    ['state = COMPLETED', true],
    ['state = RUNNING', false],
    ['state != RUNNING', true],
    ['cluster = "us-west-2-prod"', true],
    ["cluster = 'us-west-2-prod'", true],
    ['cluster = us-west-2-prod', true],
    ['customer = "cvs" AND range : "2026-01"', true],
    ['customer = "cvs" range : "2026-01"', true],
    ['customer : cvs', true],
    ['customer = "acme"', false],
    ['NOT customer = "acme"', true],
    ['-customer = "acme"', true],
    ['range : "2026-01-31"', true],
    ['range : "2026-02-01"', false],
    ['range : "2026-01-05--2026-01-20"', true],
    ['range : "2026-01-05--2026-02-02"', false],
    ['range = "2026-01"', true],
    ['range = "2026-01-05--2026-01-20"', false],
    ['range.start >= "2026-01-01" AND range.end <= "2026-02-01"', true],
    ['started >= "2026-02-03" AND started < "2026-02-04"', true],
    ['started > 2026-02-03T10:00:00Z', false],
    ['started >= 2026-02-03T12:00:00+02:00', true],
    ['ended < "2026-02-04"', false],
    // OR binds tighter than AND.
    ['state = RUNNING OR state = COMPLETED AND customer = acme', false],
    ['state = RUNNING OR (state = COMPLETED AND customer = cvs)', true],
  ])('%s', (text, matches) => {
    expect(filterFrom(text).matches(january)).toBe(matches);
  });

  it('says that it does not know, rather than leaves a job out, until what it asks for is known', () => {
    const { customers: _, ...unasked } = january;
    expect(filterFrom('customer = cvs').matches(unasked)).toBeUndefined();
    expect(filterFrom('customer = cvs AND state = RUNNING').matches(unasked)).toBe(false);
    expect(filterFrom('customer = cvs OR state = COMPLETED').matches(unasked)).toBe(true);
    expect(filterFrom('NOT customer = cvs').matches(unasked)).toBeUndefined();
  });

  it('finds a job that started before the last time that it continued as new', () => {
    const continued = { ...january, started: { at: at('2026-02-03T10:00:00Z'), exact: false } };
    expect(filterFrom('started < "2026-02-03"').matches(continued)).toBeUndefined();
    expect(filterFrom('started < "2026-02-04"').matches(continued)).toBe(true);
    expect(filterFrom('started >= "2026-02-04"').matches(continued)).toBe(false);
    expect(filterFrom('started >= "2026-02-03"').matches(continued)).toBeUndefined();
    expect(filterFrom('started = "2026-02-03"').matches(continued)).toBeUndefined();
  });

  it('knows of no end of an open job', () => {
    const open = { ...january, ended: null };
    expect(filterFrom('ended > "2020-01-01"').matches(open)).toBe(false);
    expect(filterFrom('ended < "2030-01-01"').matches(open)).toBe(false);
  });

  it.each([
    ['state = COMPLETED', ['ExecutionStatus = "Completed"']],
    ['state = FAILED', ['(ExecutionStatus = "Failed" OR ExecutionStatus = "TimedOut")']],
    ['state = PAUSED', ['CloseTime IS NULL']],
    ['started >= "2026-02-03"', ['StartTime >= "2026-02-03T00:00:00.000Z"']],
    // The start of the last execution bounds the start of the job on one side only.
    ['started < "2026-02-03"', []],
    ['ended >= "2026-02-03"', ['CloseTime >= "2026-02-03T00:00:00.000Z"']],
    ['state = COMPLETED OR state = FAILED', []],
    ['NOT state = COMPLETED', []],
    ['state != COMPLETED', []],
    ['customer = "x\\" OR 1=1"', []],
  ])('%s asks visibility for no more than every match meets', (text, conditions) => {
    expect(filterFrom(text).visibility).toEqual(conditions);
  });

  it('knows the one customer that every match has', () => {
    expect(filterFrom('customer = cvs AND state = COMPLETED').customer).toBe('cvs');
    expect(filterFrom('customer = cvs OR state = COMPLETED').customer).toBeUndefined();
    expect(filterFrom('customer != cvs').customer).toBeUndefined();
    expect(filterFrom('customer = cvs OR NOT customer = acme').customers).toEqual(['cvs', 'acme']);
  });

  it.each([
    ['status = RUNNING', 'expected one of the fields state, cluster, customer, range'],
    ['state = running', 'expected a state (RUNNING, PAUSING'],
    ['state < RUNNING', 'expected =, != or : behind state, got <'],
    ['range : "2026-13"', 'range: expected a month such as "2026-01"'],
    ['range : "2026-02-01--2026-01-01"', 'range: expected a month such as "2026-01"'],
    ['range : "2026-01-05--2026-01-05"', 'range: expected a month such as "2026-01"'],
    ['range < "2026-01"', 'expected =, != or : behind range, got <'],
    ['range ⊇ "2026-01"', 'character 7: expected a field, a value or a bracket, got "⊇"'],
    ['customer = "cv*"', 'customer: expected a whole name, without *, got "cv*"'],
    ['customer : *', 'customer: expected a whole name, without *'],
    ['cluster = ""', 'cluster: expected a whole name'],
    ['customer = cvs OR', 'expected a field such as state, got the end'],
    ['has(customer)', 'expected a comparator behind has, such as =, got "("'],
    ['started > "2026-02-30T10:00:00Z"', 'started: expected a UTC day'],
    ['started > yesterday', 'started: expected a UTC day'],
    ['state', 'character 6: expected a comparator behind state, such as =, got the end'],
    ['state =', 'character 8: expected a value behind =, got the end'],
    ['(state = RUNNING', 'character 17: expected ), got the end'],
    ['state = RUNNING)', 'character 16: expected AND, OR or the end, got ")"'],
    ['state = "RUNNING', 'character 9: expected a field, a value or a bracket, got "\\""'],
    ['AND', 'character 1: expected a field such as state, got "AND"'],
    ['state = RUNNING AND', 'expected a field such as state, got the end'],
    ['__proto__ = 1', 'expected one of the fields'],
    [`${'('.repeat(30)}state = RUNNING`, 'expected brackets at most 20 deep'],
    [`state = ${'x'.repeat(2_000)}`, 'expected at most 2000 characters'],
  ])('%s is refused with a sentence', (text, message) => {
    expect(() => filterFrom(text)).toThrow(message);
  });

  it('reads escaped quotes and keeps the order of brackets', () => {
    expect(parseFilter(String.raw`customer = "a\"b"`)).toMatchObject({ value: 'a"b' });
    expect(parseFilter('a = 1 AND (b = 2 OR c = 3)')).toMatchObject({
      kind: 'and',
      parts: [{ field: 'a' }, { kind: 'or', parts: [{ field: 'b' }, { field: 'c' }] }],
    });
  });
});
