import { describe, expect, it } from 'vitest';
import { cvs, days, latest, reset, skip } from '../../support/commands.js';
import { hour } from '../../support/core.js';
import {
  backfill,
  completes,
  fails,
  given,
  happens,
  isAdopted,
  isFound,
  nextStarts,
  starts,
} from '../../support/story.js';

describe('an adopted window', () => {
  it('is awaited and counted as adopted, not as started', () => {
    given(cvs, starts())
      .when(isAdopted('cvs-2026-01-01'))
      .then((story) => {
        expect(story.state.record.counts).toEqual({ started: 0, completed: 0, failed: 0, adopted: 1 });
        expect(latest(story)).toMatch(/adopted reindexconversations-cvs-2026-01-01/);
        expect(days(story)).toBe('r..');
      });
  });

  it('of another size holds back its hours until it ends, and answers for those only that were waiting', () => {
    const found = given(cvs, skip('2026-01-02'), isFound('cvs-2025-12-20--2026-01-03'));
    found.when(completes('cvs-2025-12-20--2026-01-03')).then((story, before) => {
      expect(days(before)).toBe('rs.');
      expect(nextStarts(before)).toEqual([]);
      expect(days(story)).toBe('ds.');
    });
    found.when(fails('cvs-2025-12-20--2026-01-03', 'stopped')).then((story) => expect(days(story)).toBe('hs.'));
  });

  it('is never overlapped, not even by a day that it does not answer for', () => {
    const wide = backfill({ customers: ['cvs'], parallelism: { max: 3, perCustomer: 3 } });
    given(wide, skip('2026-01-02'), isFound('cvs-2026-01-01--2026-01-03'))
      .when(reset('2026-01-02'))
      .then((story) => expect(nextStarts(story)).not.toContain('cvs-2026-01-02'));
  });
});

describe('windows that had completed before', () => {
  const resumed = (...windows: [string, string][]) =>
    happens((at) => ({
      kind: 'completedWindowsFound',
      at,
      windows: windows.map(([from, to]) => ({ customer: 0, hours: [hour(from), hour(to)] })),
    }));

  it('count as done, of whatever size, and the log says how many', () => {
    given(cvs)
      .when(resumed(['2025-12-01', '2026-01-02'], ['2026-01-03', '2026-01-04']))
      .then((story) => {
        expect(days(story)).toBe('d.d');
        expect(latest(story)).toBe('resumed: 2 days count as done, by windows that completed before');
      });
  });

  it('change nothing that is not waiting: days skipped, held or running stay so', () => {
    given(
      cvs,
      skip('2026-01-01'),
      isFound('cvs-2026-01-02'),
      isFound('cvs-2026-01-03'),
      fails('cvs-2026-01-03', 'stopped'),
    )
      .when(resumed(['2026-01-01', '2026-01-04']))
      .then((story) => expect(days(story)).toBe('srh'));
  });
});
