import fc from 'fast-check';
import { expect, it } from 'vitest';
import { daysOf, describe as inWords } from '../../../src/backfill/hours/calendar.js';
import { formatDuration, parseDuration } from '../../../src/backfill/hours/duration.js';
import { hour } from '../../support/core.js';

const first = hour('2026-01-15');

it('hours in words are a day, days from and to, or hours', () => {
  expect(inWords([[first, first + 24]])).toBe('2026-01-15');
  expect(inWords([[first, first + 72]])).toBe('2026-01-15 to 2026-01-17');
  expect(inWords([[first + 6, first + 12]])).toBe('2026-01-15T06 to 2026-01-15T12');
  expect(inWords([])).toBe('nothing');
});

it('many hours in words are the first few and how many more', () => {
  const set = Array.from({ length: 8 }, (_, i) => [first + 48 * i, first + 48 * i + 24] as const);
  expect(inWords(set)).toMatch(/^2026-01-15, 2026-01-17, .*2026-01-23 and 3 more$/);
});

it('days of hours are each day that is touched, once', () => {
  const set = [
    [first + 3, first + 5],
    [first + 6, first + 50],
  ] as const;
  expect(daysOf(set)).toEqual(['2026-01-15', '2026-01-16', '2026-01-17']);
  expect(daysOf(set, 2)).toEqual(['2026-01-15', '2026-01-16']);
});

it('durations are read in their units, alone and together', () => {
  const read = {
    '0s': 0,
    '500ms': 500,
    '30s': 30_000,
    '5m': 300_000,
    '1h30m': 5_400_000,
    '7d': 604_800_000,
    '1.5h': 5_400_000,
  };
  for (const [text, ms] of Object.entries(read)) expect(parseDuration(text)).toBe(ms);
});

it('a text that is no duration is not read as one', () => {
  const bad = [
    '',
    '5',
    's',
    '-1s',
    '5 m',
    '1w',
    '5m ',
    '1h-',
    '1.s',
    '.5s',
    'P1D',
    '99999d',
    `${'9'.repeat(400)}d`,
    '1e3s',
  ];
  expect(bad.map(parseDuration)).toEqual(bad.map(() => undefined));
});

it('durations in words are their two largest units', () => {
  const words = {
    0: '0ms',
    350: '350ms',
    1000: '1s',
    250000: '4m 10s',
    3600000: '1h',
    183600000: '2d 3h',
    300000: '5m',
  };
  for (const [ms, text] of Object.entries(words)) expect(formatDuration(Number(ms))).toBe(text);
});

it('durations in words read back as about the same time', () => {
  fc.assert(
    fc.property(fc.nat(1e9), (ms) => {
      const read = parseDuration(formatDuration(ms).replace(' ', ''))!;
      // What the two largest units leave out is less than one of the smaller of the two.
      expect(Math.abs(read - ms)).toBeLessThanOrEqual(ms < 3_600_000 ? 500 : ms < 86_400_000 ? 60_000 : 3_600_000);
    }),
  );
});
