import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDay, parseDay, startOfMonth } from '../../../src/backfill/hours/calendar.js';
import type { Interval } from '../../../src/backfill/hours/interval.js';
import {
  formatWindowSize,
  gridEnd,
  parseWindowId,
  parseWindowSize,
  windowId,
} from '../../../src/backfill/hours/window.js';
import { parseRequest } from '../../../src/backfill/request/request.js';
import { hour, nameOf, requestOf } from '../../support/core.js';
import { drive, startsOf } from '../../support/simulator.js';

const sizes = (...texts: string[]) => texts.map((text) => parseWindowSize(text));
const windows = (input: object) =>
  startsOf(drive(requestOf({ customers: ['cvs'], ...input }))).map((window) => nameOf('', window).slice(1));

describe('the size of a window', () => {
  it('is hours under a day, days or calendar months', () => {
    expect(sizes('1h', '23h', '1d', '366d', '1mo', '12mo')).not.toContain(undefined);
    expect(parseWindowSize('6h')).toEqual({ unit: 'h', count: 6 });
  });

  it('has one name: so many hours that are days are days', () => {
    expect(sizes('24h', '48h')).toEqual([
      { unit: 'd', count: 1 },
      { unit: 'd', count: 2 },
    ]);
  });

  it('is nothing else', () => {
    const bad = [
      '0d',
      '0h',
      '-1d',
      '1.5d',
      '25h',
      '367d',
      '13mo',
      '1m',
      '1w',
      'd',
      '',
      ' 1d',
      '1d ',
      '01d',
      '1D',
      '1d1h',
      '999999d',
      '١d',
    ];
    expect(sizes(...bad)).toEqual(bad.map(() => undefined));
  });

  it('reads back as it was written', () => {
    fc.assert(
      fc.property(fc.nat(400), fc.constantFrom('h', 'd', 'mo'), (count, unit) => {
        const size = parseWindowSize(`${count}${unit}`);
        if (size) expect(parseWindowSize(formatWindowSize(size))).toEqual(size);
      }),
    );
  });
});

describe('windows', () => {
  it('of one day are the days, over the end of a leap February too', () => {
    expect(windows({ start: '2024-02-28', end: '2024-03-02' })).toEqual(['2024-02-28', '2024-02-29', '2024-03-01']);
    expect(windows({ start: '2026-02-28', end: '2026-03-02' })).toEqual(['2026-02-28', '2026-03-01']);
  });

  it('of hours count from midnight and never reach over it', () => {
    expect(windows({ end: '2026-01-02', window: '6h' })).toEqual([
      '2026-01-01T00--2026-01-01T06',
      '2026-01-01T06--2026-01-01T12',
      '2026-01-01T12--2026-01-01T18',
      '2026-01-01T18--2026-01-02T00',
    ]);
    expect(windows({ end: '2026-01-02', window: '5h' }).at(-1)).toBe('2026-01-01T20--2026-01-02T00');
    expect(windows({ end: '2026-01-03', window: '23h' })).toHaveLength(4);
  });

  it('of many days count from the first day of the customer, and the last is as short as need be', () => {
    expect(windows({ start: '2026-01-25', end: '2026-02-19', window: '10d' })).toEqual([
      '2026-01-25--2026-02-04',
      '2026-02-04--2026-02-14',
      '2026-02-14--2026-02-19',
    ]);
  });

  it('of months end where calendar months end', () => {
    expect(windows({ start: '2026-01-31', end: '2026-03-02', window: '1mo' })).toEqual([
      '2026-01-31',
      '2026-02-01--2026-03-01',
      '2026-03-01',
    ]);
    expect(windows({ start: '2025-11-15', end: '2026-05-02', window: '3mo' })).toEqual([
      '2025-11-15--2026-02-01',
      '2026-02-01--2026-05-01',
      '2026-05-01',
    ]);
  });

  it('of a whole year are one window, of a leap year too', () => {
    expect(windows({ start: '2024-01-01', end: '2025-01-01', window: '12mo' })).toEqual(['2024-01-01--2025-01-01']);
    expect(windows({ start: '2024-01-01', end: '2025-01-01', window: '366d' })).toEqual(['2024-01-01--2025-01-01']);
  });

  it('end after they start and within their size, wherever they start', () => {
    const any = fc.constantFrom(
      ...sizes('1h', '5h', '23h', '1d', '7d', '366d', '1mo', '5mo', '12mo').map((size) => size!),
    );
    fc.assert(
      fc.property(any, fc.integer({ min: 0, max: 20_000 }), fc.nat(40_000), (size, day, later) => {
        const start = day * 24;
        const at = start + later;
        const end = gridEnd(size, start, at);
        expect(end).toBeGreaterThan(at);
        // Wherever in its cell a window starts, it ends at the same place.
        expect(gridEnd(size, start, end - 1)).toBe(end);
        if (size.unit === 'mo') expect(startOfMonth(end)).toBe(end);
        else expect(end - at).toBeLessThanOrEqual(size.count * (size.unit === 'd' ? 24 : 1));
      }),
    );
  });
});

const dayWithin = fc.integer({ min: 0, max: 2_932_800 / 24 });
const windowHours: fc.Arbitrary<Interval> = fc.oneof(
  dayWithin.map((day): Interval => [day * 24, day * 24 + 24]),
  fc.tuple(dayWithin, fc.integer({ min: 1, max: 400 })).map(([day, days]): Interval => [day * 24, (day + days) * 24]),
  fc
    .tuple(dayWithin, fc.nat(23), fc.integer({ min: 1, max: 23 }))
    .map(([day, from, hours]): Interval => [day * 24 + from, day * 24 + from + hours]),
);

/** Ids that a request accepts, among them those made to be mistaken for parts of a window's id. */
const customerIds = fc
  .array(fc.constantFrom('a', '-', '--', '2026-01-01', 'T00', '.', '_', ':', '/', '~', 'Z9'), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) => parts.join(''))
  .filter((id) => parseRequest({ customers: [id], start: '2026-01-01', end: '2026-01-02' }).ok);

describe("a window's workflow id", () => {
  it('says what the window is', () => {
    const id = (from: string, to: string) => windowId('reindexconversations', 'cvs', [hour(from), hour(to)]);
    expect(id('2026-01-15', '2026-01-16')).toBe('reindexconversations-cvs-2026-01-15');
    expect(id('2026-01-01', '2026-02-01')).toBe('reindexconversations-cvs-2026-01-01--2026-02-01');
    expect(windowId('reindexconversations', 'cvs', [hour('2026-01-15'), hour('2026-01-15') + 6])).toBe(
      'reindexconversations-cvs-2026-01-15T00--2026-01-15T06',
    );
  });

  it('reads back as the same customer and the same hours', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('reindexconversations', 'a-b', 'p-'),
        customerIds,
        windowHours,
        (prefix, customer, interval) => {
          expect(parseWindowId(prefix, windowId(prefix, customer, interval))).toEqual({ customer, interval });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is never that of another window, of whichever customer', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(customerIds, windowHours), { minLength: 2, maxLength: 20 }), (all) => {
        const ids = new Set(all.map(([customer, interval]) => windowId('p', customer, interval)));
        expect(ids.size).toBe(new Set(all.map((window) => JSON.stringify(window))).size);
      }),
      { numRuns: 100 },
    );
  });

  it('is not read from a text that is no window, or is one written in another way', () => {
    const texts = [
      ...['p-cvs', 'p-cvs-2026-02-30', 'p--2026-01-01', 'q-cvs-2026-01-01', 'p-cvs-2026-01-02--2026-01-01', 'p-', ''],
      ...['p-cvs-2026-01-01--2026-01-02', 'p-cvs-2026-01-01T00--2026-01-02T00', 'p-cvs-2026-01-01T24--2026-01-03T00'],
      ...['p-cvs-2026-01-01T06--2026-01-01T06', 'p-cvs-2026-01-01-', 'p-cvs-2026-01-01\n', 'p-cvs-2026-1-1'],
    ];
    expect(texts.map((text) => parseWindowId('p', text))).toEqual(texts.map(() => undefined));
  });

  it('is read from any text without an error, and only from its own spelling', () => {
    const alike = fc
      .array(fc.constantFrom('p-', 'cvs', '-', '2026', '-01', 'T0', '0', '\n'), { maxLength: 16 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), alike), (text) => {
        const window = parseWindowId('p', text);
        if (window) expect(windowId('p', window.customer, window.interval)).toBe(text);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a day', () => {
  it('reads back as it was written, from 1970 to 9999', () => {
    fc.assert(
      fc.property(dayWithin, (day) => {
        expect(parseDay(formatDay(day * 24))).toBe(day * 24);
      }),
    );
    expect(parseDay('9999-12-31')).toBeDefined();
  });

  it('is nothing that the calendar does not have, and nothing in another spelling', () => {
    const none = [
      '2026-02-30',
      '2025-02-29',
      '2026-13-01',
      '2026-00-10',
      '2026-01-00',
      '1969-12-31',
      '26-01-01',
      '2026-1-1',
      '2026-01-01T00',
      ' 2026-01-01',
      '+010000-01-01',
      '',
      '2026-01-01\n',
    ];
    expect(none.map(parseDay)).toEqual(none.map(() => undefined));
    expect(parseDay('2024-02-29')).toBeDefined();
  });
});
