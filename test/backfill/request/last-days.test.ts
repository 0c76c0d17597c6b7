import { expect, it } from 'vitest';
import { settleLastDays } from '../../../src/backfill/request/last-days.js';
import { parseRequest } from '../../../src/backfill/request/request.js';

const now = Date.parse('2026-03-01T02:00:00Z');
const settled = (input: unknown, at = now) => settleLastDays(input, at);
const issues = (input: unknown) => {
  const parsed = parseRequest(settled(input));
  return parsed.ok ? [] : parsed.issues.map(({ field, expected }) => `${field}: ${expected}`);
};

it('the last days are whole UTC days, up to the day before now', () => {
  expect(settled({ customers: 'all', lastDays: 3 })).toEqual({
    customers: 'all',
    start: '2026-02-26',
    end: '2026-03-01',
  });
  const midnight = Date.parse('2026-03-01T00:00:00Z');
  expect(settled({ lastDays: 1 }, midnight)).toEqual({ start: '2026-02-28', end: '2026-03-01' });
  expect(settled({ lastDays: 1 }, midnight - 1)).toEqual({ start: '2026-02-27', end: '2026-02-28' });
  expect(issues({ customers: ['cvs'], lastDays: 3_660 })).toEqual([]);
});

it('what is no number of days is named, and so is a range beside it', () => {
  for (const lastDays of [0, 1.5, -1, 3_661, '7', null, Number.NaN]) {
    const expected = expect.stringMatching(/^lastDays: .*a whole number of days from 1 to 3,660/);
    expect(issues({ customers: ['cvs'], lastDays })).toContainEqual(expected);
  }
  const both = { customers: ['cvs'], start: '2026-01-01', end: '2026-02-01', lastDays: 7 };
  expect(issues(both)).toEqual(['lastDays: start and end, or lastDays, and not both']);
});

it('anything else comes back as it is', () => {
  for (const input of [undefined, null, 'x', [], { start: '2026-01-01', lastDays: 2 }])
    expect(settled(input)).toBe(input);
});
