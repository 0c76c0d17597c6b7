import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/backfill/schedule/decide.js';
import { statusOf } from '../../../src/backfill/views/status.js';
import { cvs, days, firstDay, skip, status, two } from '../../support/commands.js';
import { command, completes, fails, given, happens, starts } from '../../support/story.js';

describe('finish', () => {
  it('starts nothing new, then completes with days left undone', () => {
    given(cvs, starts(), command('finish'))
      .when(fails('cvs-2026-01-01'))
      .then((story, before) => {
        expect(before.did).toMatch(/finishing: 1 window in flight will end first/);
        expect(status(before)).toBe('finishing');
        expect(decide(before.state, before.now)).toEqual({ kind: 'wait' });
        expect(decide(story.state, story.now)).toEqual({ kind: 'end', how: 'completed' });
      });
  });

  it('refuses every command after it but cancelWindows, and says what to do', () => {
    const finishing = given(cvs, starts(), command('finish'));
    finishing
      .when(command('resetDay', firstDay))
      .then((story) => expect(story.refused).toMatch(/finishing.*start a new run with resume: true/));
    finishing
      .when(command('cancelWindows'))
      .then((story) => expect(story.state.customers[0]!.windows.running[0]!.cancelRequested).toBe(true));
  });
});

describe('cancel of the run', () => {
  const cancel = happens((at) => ({ kind: 'cancelRequested', at }));

  it('asks every running window to cancel, awaits them, and ends as cancelled', () => {
    given(two, starts(), cancel)
      .when(fails('cvs-2026-01-01', 'stopped'), completes('oportun-2026-01-01'))
      .then((story, before) => {
        expect(before.state.customers.every(({ windows }) => windows.running[0]!.cancelRequested)).toBe(true);
        expect(statusOf(before.state)).toMatchObject({
          status: 'cancelling',
          reason: expect.stringMatching(/2 windows/),
        });
        expect(decide(before.state, before.now)).toEqual({ kind: 'wait' });
        expect(decide(story.state, story.now)).toEqual({ kind: 'end', how: 'cancelled' });
        expect(days(story) + days(story, 'oportun')).toBe('...d..');
      });
  });

  it('refuses every command, and outranks finish', () => {
    given(cvs, starts(), command('finish'), cancel)
      .when(command('pause'))
      .then((story) => {
        expect(story.refused).toMatch(/pause: the run is cancelling/);
        expect(status(story)).toBe('cancelling');
      });
  });
});

describe('an ended run', () => {
  it('refuses commands and keeps its status', () => {
    given(
      cvs,
      skip('2026-01-01'),
      skip('2026-01-02'),
      skip('2026-01-03'),
      happens((at) => ({ kind: 'runEnded', at, how: 'completed' })),
    )
      .when(command('resetDay', firstDay))
      .then((story) => {
        expect(story.refused).toMatch(/resetDay: the run is completed/);
        expect(statusOf(story.state)).toMatchObject({ status: 'completed', reason: 'every day is done or skipped' });
      });
  });
});
