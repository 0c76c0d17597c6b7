import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/backfill/schedule/decide.js';
import { cvs, days, hourly, latest, oneAttempt, reset, skip, status, tenDays } from '../../support/commands.js';
import { hour } from '../../support/core.js';
import { backfill, command, completes, fails, given, nextStarts, passes, starts } from '../../support/story.js';

describe('resetDay', () => {
  it('runs a day that is done again, and that day only', () => {
    given(cvs, starts(), completes('cvs-2026-01-01'), starts(), completes('cvs-2026-01-02'), starts())
      .when(reset('2026-01-01'), completes('cvs-2026-01-03'))
      .then((story) => {
        expect(days(story)).toBe('.dd');
        expect(nextStarts(story)).toEqual(['cvs-2026-01-01']);
      });
  });

  it('says what the day was', () => {
    given(cvs, starts(), completes('cvs-2026-01-01'))
      .when(reset('2026-01-01'))
      .then((story) => expect(story.did).toBe('cvs 2026-01-01: was done, waits to run again'));
  });

  it('of a running day runs it again once it has ended, exactly once, even if asked twice', () => {
    given(cvs, starts(), reset('2026-01-01'), reset('2026-01-01'))
      .when(completes('cvs-2026-01-01'), starts(), completes('cvs-2026-01-01'))
      .then((story, before) => {
        expect(before.did).toMatch(/was running, runs again once it has ended/);
        expect(days(before)).toBe('r..');
        expect(days(story)).toBe('d..');
      });
  });

  it('of one day of a running window of many days runs only that day again', () => {
    given(tenDays, starts(), reset('2026-01-04'))
      .when(completes('cvs-2026-01-01--2026-01-11'))
      .then((story) => {
        expect(days(story)).toBe('ddd.dddddd..........');
        expect(nextStarts(story)).toEqual(['cvs-2026-01-04']);
      });
  });

  it('of a running day that then fails waits at once, without back-off and with its attempts from zero', () => {
    given(cvs, starts(), reset('2026-01-01'))
      .when(fails('cvs-2026-01-01'))
      .then((story) => {
        expect(decide(story.state, story.now)).toMatchObject({ kind: 'startWindow', attempt: 1 });
        expect(latest(story)).not.toMatch(/again in/);
        expect(latest(story)).toMatch(/cvs-2026-01-01.*unknown.*the unknown failure/);
      });
  });

  it('of a failed day takes its problem with it', () => {
    given(oneAttempt, starts(), fails('cvs-2026-01-01'))
      .when(reset('2026-01-01'))
      .then((story, before) => {
        expect(days(before)).toBe('f..');
        expect(days(story)).toBe('...');
        expect(story.state.customers[0]!.record.problems).toEqual([]);
        expect(story.did).toMatch(/was failed/);
      });
  });

  it('of one failed day of many leaves the others failed, with what went wrong', () => {
    given(tenDays, starts(), fails('cvs-2026-01-01--2026-01-11'))
      .when(reset('2026-01-04'))
      .then((story) => {
        expect(days(story)).toBe('fff.ffffff..........');
        expect(nextStarts(story)).toEqual(['cvs-2026-01-04']);
        expect(story.state.customers[0]!.record.problems).toHaveLength(1);
      });
  });

  it('of a held day lifts its hold', () => {
    given(cvs, starts(), fails('cvs-2026-01-01', 'stopped'))
      .when(reset('2026-01-01'))
      .then((story, before) => {
        expect(days(before)).toBe('h..');
        expect(nextStarts(story)).toEqual(['cvs-2026-01-01']);
      });
  });

  it('of a day that backs off makes its window due at once, with its attempts from zero', () => {
    given(cvs, starts(), fails('cvs-2026-01-01'))
      .when(reset('2026-01-01'))
      .then((story, before) => {
        expect(nextStarts(before)).toEqual(['cvs-2026-01-02']);
        expect(decide(story.state, story.now)).toMatchObject({
          kind: 'startWindow',
          hours: [hour('2026-01-01'), hour('2026-01-02')],
          attempt: 1,
        });
      });
  });

  it('of a waiting day changes nothing', () => {
    given(cvs)
      .when(reset('2026-01-02'))
      .then((story, before) => {
        expect(story.did).toMatch(/was waiting/);
        expect(story.state.customers).toEqual(before.state.customers);
      });
  });

  it('of a day that is partly done runs all of it again', () => {
    given(hourly, starts(), completes('cvs-2026-01-01T00--2026-01-01T06'), starts())
      .when(reset('2026-01-01'), completes('cvs-2026-01-01T06--2026-01-01T12'))
      .then((story) => {
        expect(days(story)).toBe('...');
        expect(nextStarts(story)).toEqual(['cvs-2026-01-01T00--2026-01-01T06']);
      });
  });

  it('wakes a run that waits for an operator', () => {
    given(backfill({ customers: ['cvs'], end: '2026-01-02' }), starts(), fails('cvs-2026-01-01', 'permanent'))
      .when(reset('2026-01-01'))
      .then((story, before) => {
        expect(status(before)).toBe('waitingForOperator');
        expect(status(story)).toBe('running');
      });
  });
});

describe('skipDay', () => {
  it('leaves a waiting day out, and resetDay brings it back', () => {
    given(cvs, skip('2026-01-01'))
      .when(reset('2026-01-01'))
      .then((story, before) => {
        expect(before.did).toBe('cvs 2026-01-01: was waiting, is skipped');
        expect(days(before)).toBe('s..');
        expect(nextStarts(before)).toEqual(['cvs-2026-01-02']);
        expect(days(story)).toBe('...');
        expect(story.did).toMatch(/was skipped/);
      });
  });

  it('of a running day leaves it out unless its window completes', () => {
    const running = given(cvs, starts(), skip('2026-01-01'));
    running.when(completes('cvs-2026-01-01')).then((story, before) => {
      expect(before.did).toMatch(/was running; skipped unless its running window completes/);
      expect(days(story)).toBe('d..');
    });
    running.when(fails('cvs-2026-01-01')).then((story) => {
      expect(days(story)).toBe('s..');
      expect(latest(story)).not.toMatch(/again in/);
    });
    running.when(fails('cvs-2026-01-01', 'stopped')).then((story) => {
      expect(days(story)).toBe('s..');
      expect(latest(story)).not.toMatch(/is held/);
    });
  });

  it('of one day of a running window that fails leaves only that day out', () => {
    given(tenDays, starts(), skip('2026-01-04'))
      .when(fails('cvs-2026-01-01--2026-01-11'))
      .then((story) => expect(days(story)).toBe('fffsffffff..........'));
  });

  it('of a running day is taken back by resetDay', () => {
    given(cvs, starts(), skip('2026-01-01'), reset('2026-01-01'))
      .when(fails('cvs-2026-01-01'))
      .then((story) => expect(nextStarts(story)).toEqual(['cvs-2026-01-01']));
  });

  it('of a failed day settles it', () => {
    given(backfill({ customers: ['cvs'], end: '2026-01-02' }), starts(), fails('cvs-2026-01-01', 'permanent'))
      .when(skip('2026-01-01'))
      .then((story) => {
        expect(days(story)).toBe('s');
        expect(decide(story.state, story.now)).toEqual({ kind: 'end', how: 'completed' });
      });
  });

  it('of a day in the middle of a window that backs off tries its two sides again', () => {
    const retried = backfill({
      customers: ['cvs'],
      end: '2026-01-11',
      window: '10d',
      parallelism: { max: 2, perCustomer: 2 },
    });
    given(retried, starts(), fails('cvs-2026-01-01--2026-01-11'))
      .when(skip('2026-01-04'), passes(60_000))
      .then((story) => expect(nextStarts(story)).toEqual(['cvs-2026-01-01--2026-01-04', 'cvs-2026-01-05--2026-01-11']));
  });

  it('is undone by resetDay for that day alone, while its two sides back off', () => {
    const retried = backfill({ customers: ['cvs'], end: '2026-01-11', window: '10d' });
    given(retried, starts(), fails('cvs-2026-01-01--2026-01-11'), skip('2026-01-04'))
      .when(reset('2026-01-04'))
      .then((story) => expect(nextStarts(story)).toEqual(['cvs-2026-01-04']));
  });

  it('of a day that is done is refused', () => {
    given(cvs, starts(), completes('cvs-2026-01-01'))
      .when(skip('2026-01-01'))
      .then((story) => expect(story.refused).toMatch(/cvs 2026-01-01 is done already; there is nothing to leave out/));
  });

  it('of a skipped day says that it was', () => {
    given(cvs, skip('2026-01-01'))
      .when(skip('2026-01-01'))
      .then((story) => expect(story.did).toMatch(/was skipped already/));
  });
});

describe('a day that cannot be', () => {
  it.each([
    ['2026-02-30', /day: expected a UTC day.*2026-02-30/],
    ['1 January', /day: expected a UTC day.*1 January/],
    ['2026-01-04', /2026-01-04 is outside cvs's range, 2026-01-01 to 2026-01-03/],
    ['2025-12-31', /outside cvs's range/],
  ])('such as %s is refused by resetDay and skipDay alike', (day, sentence) => {
    for (const name of ['resetDay', 'skipDay']) {
      given(cvs)
        .when(command(name, { customer: 'cvs', day }))
        .then((story, before) => {
          expect(story.refused).toMatch(sentence);
          expect(story.state).toBe(before.state);
        });
    }
  });
});
