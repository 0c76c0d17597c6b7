import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_NAMES } from '../../../src/backfill/views/day-letters.js';
import { daysView, lengthened, shortened } from '../../../src/backfill/views/days.js';
import { progressOf } from '../../../src/backfill/views/progress.js';
import { START } from '../../support/core.js';
import { backfill, completes, starts } from '../../support/story.js';

describe('the days of all customers', () => {
  it('are written in runs, and read back as they were', () => {
    expect(shortened('dddr..')).toBe('d3r.2');
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...Object.keys(DAY_NAMES)), { maxLength: 400 }), (letters) => {
        expect(lengthened(shortened(letters.join('')))).toBe(letters.join(''));
      }),
    );
  });

  it('are all there where progress leaves out most of 10,000 customers over a year', () => {
    const customers = Array.from({ length: 10_000 }, (_, i) => `customer-${i}`);
    const input = { customers, start: '2026-01-01', end: '2027-01-02', parallelism: 10 };
    let story = backfill(input)(undefined as never);
    for (const step of [starts(), completes('customer-0-2026-01-01')]) story = step(story);
    expect(progressOf(story.state, START).customersLeftOut!.count).toBeGreaterThan(5_000);
    const { customers: all, customersLeftOut } = daysView(story.state);
    expect(customersLeftOut).toBeUndefined();
    expect(all).toHaveLength(10_000);
    const first = all.find(({ id }) => id === 'customer-0')!;
    expect(lengthened(first.days)).toMatch(/^d[r.]+$/);
  });
});
