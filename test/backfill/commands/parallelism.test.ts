import { describe, expect, it } from 'vitest';
import { limitNow } from '../../../src/backfill/schedule/limit.js';
import { cvs } from '../../support/commands.js';
import { backfill, command, completes, given, nextStarts, starts } from '../../support/story.js';

describe('setParallelism', () => {
  it('raises the limit at once', () => {
    given(backfill({ customers: ['cvs', 'oportun', 'marriott'] }), starts())
      .when(command('setParallelism', { max: 3 }))
      .then((story) => {
        expect(story.did).toBe('max 1 → 3');
        expect(nextStarts(story)).toHaveLength(2);
      });
  });

  it('lowers the limit without cancelling, and starts nothing until enough windows have ended', () => {
    given(
      backfill({ customers: ['cvs', 'oportun', 'marriott'], parallelism: 3 }),
      starts(),
      command('setParallelism', { max: 1 }),
    )
      .when(completes('cvs-2026-01-01'), completes('oportun-2026-01-01'))
      .then((story, before) => {
        expect(
          before.state.customers.flatMap(({ windows }) => windows.running).some((window) => window.cancelRequested),
        ).toBe(false);
        expect(nextStarts(before)).toEqual([]);
        expect(nextStarts(story)).toEqual([]);
        given(() => story)
          .when(completes('marriott-2026-01-01'))
          .then((last) => expect(nextStarts(last)).toHaveLength(1));
      });
  });

  it('says that it was the command that lowered an adaptive limit', () => {
    given(backfill({ customers: ['cvs'], parallelism: { max: 8, min: 8, adaptive: true } }))
      .when(command('setParallelism', { max: 2 }))
      .then(({ state, now }) => expect(limitNow(state, now)).toMatchObject({ limit: 2, why: '8 → 2: setParallelism' }));
  });

  it('lets a customer have several windows in flight', () => {
    given(backfill({ customers: ['cvs'], parallelism: 3 }))
      .when(command('setParallelism', { perCustomer: 2 }))
      .then((story) => {
        expect(story.did).toBe('perCustomer 1 → 2');
        expect(nextStarts(story)).toEqual(['cvs-2026-01-01', 'cvs-2026-01-02']);
      });
  });

  it('says when the limits were in force already', () => {
    given(cvs)
      .when(command('setParallelism', { max: 1 }))
      .then((story) => expect(story.did).toMatch(/in force already/));
  });

  it('needs a limit', () => {
    given(cvs)
      .when(command('setParallelism', { by: 'ana' }))
      .then((story) =>
        expect(story.refused).toMatch(/setParallelism: .*at least one of max, perCustomer and adaptive/),
      );
  });
});
