import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/backfill/schedule/decide.js';
import { cvs, days } from '../../support/commands.js';
import { backfill, command, fails, given, starts } from '../../support/story.js';

describe('retryFailed', () => {
  const failed = given(
    backfill({ customers: ['cvs', 'oportun'], parallelism: 2, retry: { unknown: { attempts: 1 } } }),
    starts(),
    fails('cvs-2026-01-01'),
    fails('oportun-2026-01-01'),
  );

  it('lets every failed day wait again, attempts from zero', () => {
    failed.when(command('retryFailed')).then((story) => {
      expect(story.did).toMatch(/cvs 2026-01-01 waits again; oportun 2026-01-01 waits again/);
      expect(days(story) + days(story, 'oportun')).toBe('......');
      expect(story.state.customers.flatMap(({ record, windows }) => [...record.problems, ...windows.retries])).toEqual(
        [],
      );
      expect(decide(story.state, story.now)).toMatchObject({ attempt: 1 });
    });
  });

  it('of one customer leaves the other failed', () => {
    failed
      .when(command('retryFailed', { customer: 'oportun' }))
      .then((story) => expect(days(story) + days(story, 'oportun')).toBe('f.....'));
  });

  it('leaves holds alone, and says when there is nothing to do', () => {
    given(cvs, starts(), fails('cvs-2026-01-01', 'stopped'))
      .when(command('retryFailed'))
      .then((story) => {
        expect(story.did).toBe('there are no failed days');
        expect(days(story)).toBe('h..');
      });
    given(cvs)
      .when(command('retryFailed', { customer: 'cvs' }))
      .then((story) => expect(story.did).toBe('cvs has no failed days'));
  });
});
