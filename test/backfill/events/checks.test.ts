import { describe, expect, it } from 'vitest';
import { evolve } from '../../../src/backfill/events/evolve.js';
import { decide } from '../../../src/backfill/schedule/decide.js';
import { sentenceOf } from '../../../src/backfill/state/sentence.js';
import { customerView } from '../../../src/backfill/views/customer.js';
import { attentionOf, progressOf } from '../../../src/backfill/views/progress.js';
import { statusOf } from '../../../src/backfill/views/status.js';
import { MINUTE } from '../../support/core.js';
import {
  beginsCheck,
  command,
  completes,
  fails,
  given,
  isChecked,
  nextCheck,
  nextStarts,
  passes,
  type Story,
  starts,
} from '../../support/story.js';
import { all, cvs, days, month, proof } from '../../support/verified.js';

const attention = ({ state }: Story) => attentionOf(state);

const log = ({ state }: Story) => state.record.log.map(sentenceOf);

describe('a completed window', () => {
  it('is verifying until it was checked: not running, for nothing is in flight, and not done', () => {
    given(cvs('report', month), starts())
      .when(completes(all))
      .then((story) => {
        expect(days(story)).toBe('vvv');
        expect(progressOf(story.state, story.now).totals).toMatchObject({ done: 0, running: 0, verifying: 3 });
        expect(statusOf(story.state, story.now).reason).toBe('1 completed window to be verified');
        expect(customerView(story.state, 0, story.now).windows[0]).toMatchObject({ state: 'checking', attempt: 1 });
        expect(nextCheck(story)).toEqual([all]);
      });
    given(cvs('report', month), starts(), completes(all))
      .when(beginsCheck)
      .then((story) => {
        expect(statusOf(story.state, story.now).reason).toBe('verifying 3 days');
        expect(decide(story.state, story.now)).toEqual({ kind: 'wait' });
      });
    given(cvs('report', month), starts(), completes(all))
      .when(isChecked())
      .then((story) => {
        expect(days(story)).toBe('ddd');
        expect(decide(story.state, story.now)).toEqual({ kind: 'end', how: 'completed' });
        expect(log(story)).toContain('verified 3 days: nothing is missing');
      });
  });

  it('is done at once in a run that does not verify', () => {
    given(cvs('off', month), starts())
      .when(completes(all))
      .then((story) => {
        expect(days(story)).toBe('ddd');
        expect(proof(story).rows.map((row) => row.at(-1))).toEqual([false, false, false]);
      });
  });

  it('is checked as of its start, so that what came later is not missing', () => {
    given(cvs('report', month), starts())
      .when(passes(MINUTE), completes(all))
      .then(({ state, now }, before) => {
        const decision = decide(state, now);
        expect(decision).toMatchObject({ kind: 'verify', windows: [{ asOf: before.now - 1_000 }] });
      });
  });

  it('with something missing is done in a report, and named', () => {
    given(cvs('report', month), starts(), completes(all))
      .when(isChecked({ 'cvs-2026-01-02': 12, 'cvs-2026-01-03': 1 }))
      .then((story) => {
        expect(days(story)).toBe('ddd');
        expect(attention(story)).toMatchObject([
          {
            customer: 'cvs',
            days: ['2026-01-02', '2026-01-03'],
            class: 'missing',
            attempts: 1,
            message: '13 of 200 conversations have no current scorecard',
          },
        ]);
        expect(proof(story).totals).toEqual({ rows: 3, days: 3, verifiedDays: 1, conversations: 300, scorecards: 287 });
      });
  });

  it('with something missing runs again in a repair, the days with gaps only, each as one window', () => {
    given(cvs('repair', month), starts(), completes(all))
      .when(isChecked({ 'cvs-2026-01-01': 12, 'cvs-2026-01-02': 1 }))
      .then((story) => {
        expect(days(story)).toBe('..d');
        expect(nextStarts(story)).toEqual(['cvs-2026-01-01']);
        expect(attention(story)).toEqual([]);
        expect(log(story)).toContain('verified 3 days: something is missing in 1 window');
        expect(log(story)).toContain(
          'cvs 2026-01-01: 12 of 100 conversations have no current scorecard; runs again (repair 1 of 2)',
        );
      });
  });

  const day = cvs('repair', { end: '2026-01-02' });
  const again = [starts(), completes('cvs-2026-01-01'), isChecked({ 'cvs-2026-01-01': 12 })];

  it('that stays short after its repairs has failed, with the numbers', () => {
    given(day, ...again, ...again)
      .when(...again)
      .then((story, before) => {
        expect(days(before)).toBe('.');
        expect(days(story)).toBe('f');
        expect(attention(story)).toMatchObject([
          {
            class: 'missing',
            attempts: 3,
            message: '12 of 100 conversations still have no current scorecard after 2 repairs',
          },
        ]);
      });
  });

  it.each(['retryFailed', 'resetDay'])('that failed is repaired as often again after %s', (name) => {
    const asked = command(name, name === 'resetDay' ? { customer: 'cvs', day: '2026-01-01' } : {});
    given(day, ...again, ...again, ...again, asked, ...again, ...again)
      .when(...again)
      .then((story, before) => {
        expect(days(before)).toBe('.');
        expect(days(story)).toBe('f');
      });
  });

  it('tries as often as any other in each repair', () => {
    const failing = { end: '2026-01-02', retry: { unknown: { attempts: 2 } } };
    given(cvs('repair', failing), ...again, starts(), fails('cvs-2026-01-01'), passes(MINUTE))
      .when(starts(), completes('cvs-2026-01-01'), isChecked())
      .then((story, before) => {
        expect(days(before)).toBe('.');
        expect(proof(story).rows).toMatchObject([
          ['cvs', '2026-01-01', 100, 100, expect.any(String), expect.any(String), 3, true],
        ]);
      });
  });
});

describe('a check that cannot be made', () => {
  const all3 = (mode: string) => [cvs(mode, month), starts(), completes(all)] as const;
  const fails3 = (story: Story): Story => {
    const decision = decide(story.state, story.now);
    if (decision.kind !== 'verify') throw new Error('no check');
    const begun = beginsCheck(story);
    const state = evolve(begun.state, {
      kind: 'checkFailed',
      at: begun.now,
      windows: decision.windows,
      reason: 'no database',
    });
    return { state, now: begun.now };
  };

  it('leaves days done but not verified in a report', () => {
    given(...all3('report'))
      .when(fails3)
      .then((story) => {
        expect(days(story)).toBe('ddd');
        expect(proof(story).totals).toMatchObject({ days: 3, verifiedDays: 0, conversations: 0 });
        expect(attention(story)).toMatchObject([
          { class: 'unverified', message: 'could not be verified: no database' },
        ]);
      });
  });

  it('fails them in a repair', () => {
    given(...all3('repair'))
      .when(fails3)
      .then((story) => {
        expect(days(story)).toBe('fff');
        expect(attention(story)).toMatchObject([
          { class: 'unverified', message: 'could not be verified: no database' },
        ]);
      });
  });
});
