import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/backfill/schedule/decide.js';
import { statusOf } from '../../../src/backfill/views/status.js';
import { cvs, days, latest, status, two } from '../../support/commands.js';
import { command, completes, fails, given, nextStarts, starts } from '../../support/story.js';

describe('pause', () => {
  it('starts nothing new and lets running windows finish', () => {
    given(cvs, starts())
      .when(command('pause', { by: 'ana', reason: 'replica lag' }))
      .then((story) => {
        expect(story.did).toMatch(/1 window in flight/);
        expect(nextStarts(story)).toEqual([]);
        expect(statusOf(story.state)).toMatchObject({
          status: 'pausing',
          reason: expect.stringMatching(/ana.*replica lag.*1 window/),
        });
        expect(days(story)).toBe('r..');
      });
  });

  it('is paused, no longer pausing, once nothing is in flight', () => {
    given(cvs, starts(), command('pause'))
      .when(completes('cvs-2026-01-01'))
      .then((story) => {
        expect(status(story)).toBe('paused');
        expect(decide(story.state, story.now)).toEqual({ kind: 'wait' });
      });
  });

  it('of one customer leaves the others alone', () => {
    given(two)
      .when(command('pause', { customer: 'cvs' }))
      .then((story) => {
        expect(story.did).toMatch(/cvs/);
        expect(nextStarts(story)).toEqual(['oportun-2026-01-01']);
        expect(status(story)).toBe('running');
      });
  });

  it('of every open customer is a paused run', () => {
    given(two, command('pause', { customer: 'cvs' }))
      .when(command('pause', { customer: 'oportun', reason: 'contract' }))
      .then((story) =>
        expect(statusOf(story.state)).toMatchObject({
          status: 'paused',
          reason: expect.stringMatching(/cvs.*oportun/),
        }),
      );
  });

  it('of what is paused says since when, and keeps the first reason', () => {
    given(cvs, command('pause', { reason: 'first' }))
      .when(command('pause', { reason: 'second' }))
      .then((story) => {
        expect(story.did).toMatch(/the run was paused already, since 2026-02-01 09:00:00 UTC/);
        expect(story.state.lifecycle.paused?.reason).toBe('first');
      });
  });
});

describe('resume', () => {
  it('continues where the run was', () => {
    given(cvs, command('pause'))
      .when(command('resume'))
      .then((story) => {
        expect(story.did).toMatch(/continues/);
        expect(nextStarts(story)).toEqual(['cvs-2026-01-01']);
      });
  });

  it('of a customer lifts its pause and its holds, and says when the run is paused still', () => {
    given(two, starts(), fails('cvs-2026-01-01', 'stopped'), command('pause'), command('pause', { customer: 'cvs' }))
      .when(command('resume', { customer: 'cvs' }))
      .then((story) => {
        expect(story.did).toMatch(/cvs continues; cvs 2026-01-01 waits again; the whole run is still paused/);
        expect(days(story)).toBe('...');
        expect(nextStarts(story)).toEqual([]);
      });
  });

  it('of the run lifts every pause and every hold, and their problems are over', () => {
    given(
      two,
      starts(),
      fails('cvs-2026-01-01', 'stopped'),
      command('pause'),
      command('pause', { customer: 'oportun' }),
    )
      .when(command('resume'))
      .then((story) => {
        expect(story.did).toMatch(/the run continues; cvs 2026-01-01 waits again; oportun continues/);
        expect(story.state.customers.flatMap(({ record }) => record.problems)).toEqual([]);
        expect(status(story)).toBe('running');
      });
  });

  it('of what neither is paused nor held says so, and does nothing', () => {
    given(cvs)
      .when(command('resume'))
      .then((story) => expect(story.did).toMatch(/nothing was paused or held/));
    given(cvs)
      .when(command('resume', { customer: 'cvs' }))
      .then((story) => expect(story.did).toMatch(/cvs was neither paused nor held/));
  });
});

describe('cancelWindows', () => {
  it('asks running windows to cancel and pauses; their days wait again, and nobody is blamed', () => {
    given(two, starts(), command('cancelWindows', { by: 'ana' }))
      .when(fails('cvs-2026-01-01', 'stopped'), fails('oportun-2026-01-01', 'stopped'))
      .then((story, before) => {
        expect(before.did).toMatch(/asked 2 windows to cancel; the run is paused/);
        expect(before.state.lifecycle.paused).toMatchObject({ by: 'ana', reason: 'cancelWindows' });
        expect(days(story) + days(story, 'oportun')).toBe('......');
        expect(story.state.guard.stops).toEqual([]);
        expect(nextStarts(story)).toEqual([]);
        expect(latest(story)).toMatch(/cancelled as asked; 2026-01-01 waits again/);
      });
  });

  it('of one customer leaves the windows of others alone, and pauses only that customer', () => {
    given(two, starts())
      .when(command('cancelWindows', { customer: 'cvs' }))
      .then((story) => {
        const [first, second] = story.state.customers;
        expect(first!.windows.running[0]!.cancelRequested).toBe(true);
        expect(second!.windows.running[0]!.cancelRequested).toBeUndefined();
        expect(first!.paused).toBeDefined();
        expect(story.state.lifecycle.paused).toBeUndefined();
        expect(story.did).toMatch(/asked 1 window to cancel; cvs is paused/);
      });
  });

  it('of a window that completes all the same counts it as done', () => {
    given(cvs, starts(), command('cancelWindows'))
      .when(completes('cvs-2026-01-01'))
      .then((story) => expect(days(story)).toBe('d..'));
  });

  it('of a window whose worker makes a failure of the cancel tries it again like any other', () => {
    given(cvs, starts(), command('cancelWindows'))
      .when(fails('cvs-2026-01-01', 'unknown'))
      .then((story) => expect(story.state.customers[0]!.windows.retries).toHaveLength(1));
  });
});
