import { describe, expect, it } from 'vitest';
import { reportOf } from '../../../src/backfill/views/report.js';
import {
  beginsCheck,
  command,
  completes,
  finds,
  given,
  happens,
  isChecked,
  nextCheck,
  starts,
} from '../../support/story.js';
import { all, cvs, days, month, proof } from '../../support/verified.js';

describe('an operator', () => {
  const checking = [
    cvs('repair'),
    starts(),
    completes('cvs-2026-01-01'),
    starts(),
    completes('cvs-2026-01-02'),
    starts(),
    completes('cvs-2026-01-03'),
    beginsCheck,
  ] as const;

  it('takes a day out of a check under way by resetDay; the check says nothing of it', () => {
    given(...checking)
      .when(command('resetDay', { customer: 'cvs', day: '2026-01-02' }), (story) =>
        finds({}, given(...checking).story)(story),
      )
      .then((story) => {
        expect(story.did).toBeUndefined();
        expect(days(story)).toBe('d.d');
      });
  });

  it('who has a day run again hears nothing of the earlier completion, though the check of it ends later', () => {
    const again = [command('resetDay', { customer: 'cvs', day: '2026-01-02' }), starts(), completes('cvs-2026-01-02')];
    given(...checking, ...again)
      .when((story) => finds({ 'cvs-2026-01-02': 5 }, given(...checking).story)(story))
      .then((story) => {
        expect(days(story)).toBe('dvd');
        expect(nextCheck(story)).toEqual(['cvs-2026-01-02']);
      });
  });

  it('leaves a day out by skipDay only if something is missing in it', () => {
    const skip = command('skipDay', { customer: 'cvs', day: '2026-01-02' });
    given(...checking, skip)
      .when(finds())
      .then((story, before) => {
        expect(before.did).toBe('cvs 2026-01-02: was verifying; skipped if something is missing');
        expect(days(story)).toBe('ddd');
      });
    given(...checking, skip)
      .when(finds({ 'cvs-2026-01-02': 3, 'cvs-2026-01-03': 3 }))
      .then((story) => expect(days(story)).toBe('ds.'));
  });

  it('who removes a customer has what is missing of it left out', () => {
    given(...checking, command('removeCustomer', { customer: 'cvs' }))
      .when(finds({ 'cvs-2026-01-02': 3 }))
      .then((story) => expect(days(story)).toBe('dsd'));
  });

  it('who finishes gets a report that says what was not verified', () => {
    given(cvs('repair', month), starts(), completes(all))
      .when(
        command('finish'),
        happens((at) => ({ kind: 'runEnded', at, how: 'completed' })),
      )
      .then(({ state, now }) => {
        const { totals, proof } = reportOf(state, 'completed', now);
        expect(totals).toMatchObject({ done: 3, running: 0 });
        expect(proof.totals).toMatchObject({ days: 3, verifiedDays: 0 });
      });
  });

  it('who knows of done days has them checked as well', () => {
    given(cvs('repair', { customers: [{ id: 'cvs', done: ['2026-01-01--2026-01-03'] }] }))
      .when(starts(), completes('cvs-2026-01-03'), isChecked({ 'cvs-2026-01-02': 5 }))
      .then((story) => {
        expect(days(story)).toBe('d.d');
        expect(proof(story).rows.map((row) => row.slice(4))).toEqual([
          [null, null, 0, true],
          [expect.stringMatching(/cvs-2026-01-03$/), expect.any(String), 1, true],
        ]);
      });
  });
});
