import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDay } from '../../../src/backfill/hours/calendar.js';
import { countDays, DAY_NAMES } from '../../../src/backfill/views/day-letters.js';
import type { PlacedDays } from '../../../src/backfill/views/placed-days.js';
import { cellNote, heatMap, legend } from '../../../src/presentation/lines/heat-map.js';
import { render, widthOf } from '../../../src/presentation/lines/line.js';

const JANUARY = { start: '2026-01-01', end: '2026-02-01' };
/** From the first of January. */
const placed = (id: string, days: string): PlacedDays => ({ id, start: '2026-01-01', days });
const plain = (rows: PlacedDays[], columns: number, range = JANUARY) => {
  const map = heatMap(rows, range, columns);
  return {
    ruler: render(map.ruler, { colour: false }),
    lines: map.lines.map((line) => render(line, { colour: false })),
    notes: cellNote(map, columns).map((line) => render(line, { colour: false })),
  };
};

describe('the heat map', () => {
  it('has a letter for each day under a ruler of days', () => {
    const days = `${'d'.repeat(15)}rvpfhs${'.'.repeat(10)}`;
    expect(plain([placed('cvs', days)], 80)).toEqual({
      ruler: '2026-01 1    6    11   16   21   26   31',
      lines: [`cvs     ${days} 15/31`],
      notes: [],
    });
  });

  it('shows the worst day of each bin where the range is wider than the screen, and says so', () => {
    const days = `${'d'.repeat(9)}f${'d'.repeat(80)}${'.'.repeat(275)}`;
    const map = plain([placed('cvs', days)], 80, { start: '2026-01-01', end: '2027-01-01' });
    expect(map.notes).toEqual(['each cell is 6 days and shows the worst of them']);
    expect(map.lines).toEqual([expect.stringMatching(/^cvs +dfd{13}\.{46} +89\/365$/)]);
    expect(map.ruler).toMatch(/^2026 +01-01 +03-02 +05-01/);
  });

  it('places a customer with its own range under the right days', () => {
    const rows = [placed('whole', 'd'.repeat(31)), { id: 'late', days: 'rr', start: '2026-01-30' }];
    expect(plain(rows, 60).lines[1]).toBe(`late    ${' '.repeat(29)}rr   0/2`);
  });

  it('shows days outside the run’s range, under a ruler that begins with the first of them', () => {
    const rows = [placed('whole', 'ddd'), { id: 'earlier', start: '2025-12-30', days: 'frd' }];
    const map = plain(rows, 20, { start: '2026-01-01', end: '2026-01-04' });
    expect(map.ruler).toBe('2025    12-30');
    expect(map.lines).toEqual(['whole     ddd', 'earlier frd']);
  });

  it('puts customers side by side on a wide terminal, in reading order', () => {
    const rows = ['a', 'b', 'c', 'd', 'e'].map((id) => placed(id, 'd'.repeat(31)));
    const { lines } = plain(rows, 200);
    expect(lines.map((line) => line.match(/\b[a-e]\b(?= )/g)?.join(''))).toEqual(['abcd', 'e']);
  });

  it('is readable without colour, and has a colour for every state except waiting and skipped', () => {
    const { lines } = heatMap([placed('cvs', 'ddf')], { start: '2026-01-01', end: '2026-01-04' }, 80);
    expect(render(lines[0]!, { colour: false })).toBe('cvs     ddf 2/3');
    expect(render(lines[0]!, { colour: true })).toContain(
      '\u001b[30m\u001b[42mdd\u001b[49m\u001b[39m\u001b[97m\u001b[41mf\u001b[49m\u001b[39m',
    );
  });

  it('is never wider than the terminal, whatever the ids, ranges and columns', () => {
    const id = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 50 }),
      fc.constant('株式会社日本東京大阪名古屋'),
    );
    const letters = fc.string({ unit: fc.constantFrom(...Object.keys(DAY_NAMES)), minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(id, letters), { minLength: 1 }),
        fc.integer({ min: 20, max: 220 }),
        (all, columns) => {
          const longest = Math.max(...all.map(([, days]) => days.length));
          const range = { start: '2026-01-01', end: formatDay(490_896 + 24 * longest) };
          const { ruler, lines } = heatMap(
            all.map(([name, days]) => placed(name, days)),
            range,
            columns,
          );
          for (const line of [ruler, ...lines]) {
            expect(widthOf(render(line, { colour: false }))).toBeLessThanOrEqual(columns);
          }
        },
      ),
    );
  });

  it('shows 260 customers by 31 days at 80 columns, a line each, with every day in it', () => {
    const rows = Array.from({ length: 260 }, (_, i) => placed(`customer-${i}`, 'd'.repeat(31)));
    const { lines } = plain(rows, 80);
    expect(lines).toHaveLength(260);
    expect(countDays(lines.map((line) => line.slice(13, 44)))).toMatchObject({ days: 8_060, done: 8_060 });
  });

  it('has a legend that fits any terminal and names every letter', () => {
    for (const columns of [20, 60, 77, 78, 80, 84, 85, 100]) {
      const lines = legend(columns).map((line) => render(line, { colour: false }));
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
      expect(lines.length > 1).toBe(columns < 78);
      expect(lines.join(' ').replace(/ +/g, ' ')).toBe(
        '. waiting r running v verifying d done p partly done f failed s skipped h held',
      );
    }
  });
});
