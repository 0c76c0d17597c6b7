import { describe, expect, it } from 'vitest';
import { usualDuration } from '../../../src/backfill/schedule/eta.js';
import { DAY, MINUTE } from '../../support/core.js';
import { backfill, completes, fails, given, passes, starts } from '../../support/story.js';

describe('what a window usually takes', () => {
  const cvs = backfill({ customers: ['cvs'], end: '2026-01-10' });

  it('is not known before one has ended', () => {
    given(cvs, starts())
      .when(passes(MINUTE))
      .then(({ state }) => expect(usualDuration(state)).toBeUndefined());
  });

  it('is the median: one that takes long changes little, and failures count', () => {
    const took = (ms: number, end: ReturnType<typeof completes>) => [starts(), passes(ms), end];
    given(cvs)
      .when(
        ...took(MINUTE, completes('cvs-2026-01-01')),
        ...took(DAY, completes('cvs-2026-01-02')),
        ...took(2 * MINUTE, fails('cvs-2026-01-03')),
      )
      .then(({ state }) => {
        expect(usualDuration(state)).toBeGreaterThanOrEqual(2 * MINUTE);
        expect(usualDuration(state)).toBeLessThan(3 * MINUTE);
      });
  });
});
