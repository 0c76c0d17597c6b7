import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/backfill/schedule/decide.js';
import { BATCH_DAYS } from '../../../src/backfill/schedule/due-check.js';
import { MINUTE } from '../../support/core.js';
import {
  backfill,
  beginsCheck,
  command,
  completes,
  fails,
  finds,
  given,
  happens,
  nextCheck,
  nextStarts,
  passes,
  starts,
} from '../../support/story.js';
import { all, cvs, month } from '../../support/verified.js';

describe('when a check is due', () => {
  it('a sequential run does not check after each window, but at its end', () => {
    given(cvs('report'), starts())
      .when(completes('cvs-2026-01-01'))
      .then((story) => {
        expect(nextStarts(story)).toEqual(['cvs-2026-01-02']);
        given(() => story, starts())
          .when()
          .then((later) => expect(nextCheck(later)).toEqual([]));
      });
  });

  const ids = Array.from({ length: 150 }, (_, i) => `c${i}`);
  const fleet = backfill({ customers: ids, end: '2026-01-02', parallelism: 150, verify: 'report' });
  const done = (count: number) => ids.slice(0, count).map((id) => completes(`${id}-2026-01-01`));

  it('a hundred windows are enough while others run', () => {
    given(fleet, passes(60 * MINUTE), starts(), ...done(99))
      .when(completes('c99-2026-01-01'))
      .then((story, before) => {
        expect(nextCheck(before)).toEqual([]);
        expect(nextCheck(story)).toHaveLength(100);
      });
  });

  it.each([
    ['ten seconds, in a run that has just begun', 0, 8_000],
    ['a quarter of the run so far', 10 * MINUTE, 3 * MINUTE],
    ['five minutes', 60 * MINUTE, 4 * MINUTE],
  ])('%s are long enough', (_, before, wait) => {
    given(fleet, starts(), passes(before), completes('c0-2026-01-01'), passes(wait))
      .when(passes(MINUTE))
      .then((story, earlier) => {
        expect(nextCheck(earlier)).toEqual([]);
        expect(nextCheck(story)).toEqual(['c0-2026-01-01']);
      });
  });

  it('after a check none begins for nine times as long as it took, unless nothing else is left', () => {
    given(
      fleet,
      starts(),
      ...done(100),
      beginsCheck,
      passes(20_000),
      finds(),
      ...ids.slice(100, 149).map((id) => completes(`${id}-2026-01-01`)),
    )
      .when(passes(100_000))
      .then((story, before) => {
        expect(before.state.checks.notBefore).toBeGreaterThan(before.now);
        expect(nextCheck(before)).toEqual([]);
        expect(nextCheck(story)).toEqual([]);
        given(() => before)
          .when(completes('c149-2026-01-01'))
          .then((last) => expect(nextCheck(last)).toHaveLength(50));
        given(() => before)
          .when(passes(6 * MINUTE))
          .then((later) => expect(nextCheck(later)).toHaveLength(49));
      });
  });

  it('waits while only a back-off is pending and the last check was long', () => {
    const two = backfill({
      customers: ['a', 'b'],
      end: '2026-01-02',
      parallelism: 2,
      verify: 'report',
      retry: { unknown: { backoff: '2h', maxBackoff: '2h' } },
    });
    given(two, starts(), completes('a-2026-01-01'), fails('b-2026-01-01'), beginsCheck, passes(MINUTE), finds())
      .when(command('resetDay', { customer: 'a', day: '2026-01-01' }), starts(), completes('a-2026-01-01'))
      .then((story) => {
        expect(nextCheck(story)).toEqual([]);
        expect(decide(story.state, story.now)).toEqual({ kind: 'wait', until: story.state.checks.notBefore });
      });
  });

  it.each([
    ['paused', command('pause')],
    ['critical', happens((at) => ({ kind: 'healthChanged', at, level: 'critical', reason: 'blockedSessions 30' }))],
    ['finishing', command('finish')],
  ])('not while the run is %s', (_, step) => {
    given(cvs('report', month), starts(), completes(all))
      .when(step)
      .then((story) => expect(nextCheck(story)).toEqual([]));
  });

  it('not beside windows while the database is high', () => {
    const high = happens((at) => ({ kind: 'healthChanged', at, level: 'high', reason: 'activeSessions 20' }));
    given(fleet, starts(), ...done(100))
      .when(high)
      .then((story, before) => {
        expect(nextCheck(before)).toHaveLength(100);
        expect(nextCheck(story)).toEqual([]);
      });
  });

  it('is bounded: the windows that have waited longest, at most so many customer-days', () => {
    const long = Array.from({ length: 3 }, (_, i) => `l${i}`);
    const years = { start: '2022-01-01', end: '2024-12-31', window: '12mo', parallelism: { max: 9, perCustomer: 3 } };
    const input = { customers: long, ...years, verify: 'report' };
    const ran = ['2022-01-01--2023-01-01', '2023-01-01--2024-01-01', '2024-01-01--2024-12-31'];
    const windows = ran.flatMap((range) => long.map((id) => `${id}-${range}`));
    given(backfill(input), starts(), ...windows.map(completes))
      .when()
      .then((story) => {
        expect(nextCheck(story)).toEqual(windows.slice(0, 5));
        expect(BATCH_DAYS).toBeGreaterThanOrEqual(5 * 365);
      });
  });
});
