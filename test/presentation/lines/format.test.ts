import { expect, it } from 'vitest';
import { hoursText } from '../../../src/presentation/lines/format.js';

it.each([
  ['2026-01-07T00:00:00Z', '2026-01-08T00:00:00Z', '2026-01-07'],
  ['2026-01-07T00:00:00Z', '2026-01-09T00:00:00Z', '2026-01-07 to 2026-01-08'],
  ['2026-01-07T06:00:00Z', '2026-01-07T12:00:00Z', '2026-01-07T06 to 2026-01-07T12'],
])('a window from %s to %s is %s, as in every sentence', (start, end, text) => {
  expect(hoursText({ start, end })).toBe(text);
});
