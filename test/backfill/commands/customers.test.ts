import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/backfill/schedule/decide.js';
import { initialState } from '../../../src/backfill/state/initial-state.js';
import { cvs, days, firstDay, oneAttempt, two } from '../../support/commands.js';
import { hour, requestOf, START } from '../../support/core.js';
import {
  backfill,
  command,
  completes,
  fails,
  given,
  happens,
  isFound,
  newcomersAreDiscovered,
  nextStarts,
  starts,
} from '../../support/story.js';

describe('addCustomers', () => {
  it('gives a customer that comes back the window that it comes back with', () => {
    given(cvs, command('removeCustomer', { customer: 'cvs' }))
      .when(command('addCustomers', { customers: [{ id: 'cvs', window: '6h' }] }), newcomersAreDiscovered)
      .then((story) => expect(nextStarts(story)).toEqual(['cvs-2026-01-01T00--2026-01-01T06']));
  });

  it("leaves a customer that comes back its own window, which is not the run's", () => {
    const own = backfill({ customers: [{ id: 'cvs', window: '6h' }], window: '1d' });
    given(own, command('removeCustomer', { customer: 'cvs' }))
      .when(command('addCustomers', { customers: ['cvs'] }), newcomersAreDiscovered)
      .then((story) => expect(nextStarts(story)).toEqual(['cvs-2026-01-01T00--2026-01-01T06']));
  });

  it('adds work to the same run, with the range of the run unless they have their own', () => {
    given(cvs)
      .when(
        command('addCustomers', { customers: ['oportun', { id: 'marriott', start: '2026-03-01', end: '2026-03-03' }] }),
      )
      .then((story) => {
        expect(story.did).toBe('added oportun, marriott');
        expect(days(story, 'oportun') + days(story, 'marriott')).toBe('.....');
      });
  });

  it('starts nothing of them before it is known what is already running, and waits for that', () => {
    given(cvs, starts(), completes('cvs-2026-01-01'), command('pause', { customer: 'cvs' }))
      .when(command('addCustomers', { customers: ['oportun'] }))
      .then((story) => expect(nextStarts(story)).toEqual([]));
    given(cvs, command('pause', { customer: 'cvs' }), command('addCustomers', { customers: ['oportun'] }))
      .when(isFound('oportun-2026-01-01--2026-01-03'), newcomersAreDiscovered)
      .then((story) => {
        expect(days(story, 'oportun')).toBe('rr.');
        expect(nextStarts(story)).toEqual([]);
      });
  });

  it('takes what completed windows did for done, but not a day that an operator asked for meanwhile', () => {
    const completed = [{ customer: 1, hours: [hour('2026-01-01'), hour('2026-01-04')] as const }];
    given(cvs, command('addCustomers', { customers: ['oportun'] }))
      .when(
        command('resetDay', { customer: 'oportun', day: '2026-01-02' }),
        happens((at) => ({ kind: 'completedWindowsFound', at, windows: completed })),
        newcomersAreDiscovered,
      )
      .then((story) => expect(days(story, 'oportun')).toBe('d.d'));
  });

  it('of one that comes back takes only those days for done that are new to the run', () => {
    const completed = [{ customer: 0, hours: [hour('2026-01-01'), hour('2026-01-06')] as const }];
    const back = { id: 'cvs', start: '2026-01-02', end: '2026-01-05' };
    given(cvs, command('removeCustomer', { customer: 'cvs' }), command('addCustomers', { customers: [back] }))
      .when(
        happens((at) => ({ kind: 'completedWindowsFound', at, windows: completed })),
        newcomersAreDiscovered,
      )
      .then((story) => expect(days(story)).toBe('s..d'));
  });

  it('takes days that are done already for done', () => {
    const added = { id: 'oportun', done: ['2026-01-01', '2026-01-03--2026-02-01', '2025-12-01--2026-01-01'] };
    given(backfill({ customers: [{ id: 'cvs', done: ['2026-01-02--2026-01-04'] }] }), starts())
      .when(command('addCustomers', { customers: [added] }), newcomersAreDiscovered)
      .then((story) => {
        expect(days(story, 'cvs')).toBe('rdd');
        expect(days(story, 'oportun')).toBe('d.d');
      });
  });

  it('refuses one that is in the run, a duplicate and a bad one, each by name', () => {
    given(cvs)
      .when(command('addCustomers', { customers: ['cvs', 'oportun'] }))
      .then((story) => expect(story.refused).toMatch(/already in this run: cvs/));
    given(cvs)
      .when(command('addCustomers', { customers: ['oportun', { id: 'oportun', window: '0d' }] }))
      .then((story) => {
        expect(story.refused).toMatch(/customers\[1\]: expected each customer once/);
        expect(story.refused).toMatch(/customers\[1\]\.window: expected a size/);
      });
    given(cvs)
      .when(command('addCustomers'))
      .then((story) => expect(story.refused).toMatch(/customers: expected a list of customers, got nothing/));
  });

  it('is refused while the directory is still being asked, so that nobody is in the run twice', () => {
    given(() => ({ state: initialState(requestOf({ customers: ['cvs'] }).options, [], START), now: START }))
      .when(command('addCustomers', { customers: ['cvs'] }))
      .then((story) => expect(story.refused).toMatch(/customers are not known yet/));
  });

  it('brings a removed customer back: what is done stays done, the rest waits', () => {
    given(cvs, starts(), completes('cvs-2026-01-01'), command('removeCustomer', { customer: 'cvs' }))
      .when(command('addCustomers', { customers: ['cvs'] }), newcomersAreDiscovered)
      .then((story, before) => {
        expect(days(before)).toBe('dss');
        expect(days(story)).toBe('d..');
        expect(nextStarts(story)).toEqual(['cvs-2026-01-02']);
      });
  });

  it('brings a removed customer back with another range, and leaves out what lies between and outside', () => {
    const back = { id: 'cvs', start: '2026-01-05', end: '2026-01-07' };
    given(cvs, starts(), completes('cvs-2026-01-01'), command('removeCustomer', { customer: 'cvs' }))
      .when(command('addCustomers', { customers: [back] }))
      .then((story) => expect(days(story)).toBe('dsss..'));
  });

  it('brings a removed customer back while its window still runs, and waits for that', () => {
    given(
      cvs,
      starts(),
      command('removeCustomer', { customer: 'cvs' }),
      command('addCustomers', { customers: ['cvs'] }),
    )
      .when(fails('cvs-2026-01-01'))
      .then((story, before) => {
        expect(days(before)).toBe('r..');
        expect(nextStarts(before)).toEqual([]);
        expect(days(story)).toBe('...');
      });
  });

  it('gives one that comes back with a larger volume the claim of that volume', () => {
    const fleet = backfill({
      customers: [
        { id: 'cvs', conversations: 500 },
        { id: 'oportun', conversations: 1 },
      ],
    });
    given(fleet, command('removeCustomer', { customer: 'oportun' }))
      .when(command('addCustomers', { customers: [{ id: 'oportun', conversations: 1_000 }] }), newcomersAreDiscovered)
      .then((story) => expect(nextStarts(story)).toEqual(['oportun-2026-01-01']));
  });
});

describe('removeCustomer', () => {
  it('leaves out what is left of a customer and lets its running windows finish', () => {
    given(two, starts())
      .when(command('removeCustomer', { customer: 'cvs' }), completes('cvs-2026-01-01'))
      .then((story) => {
        expect(days(story)).toBe('dss');
        expect(nextStarts(story)).toEqual([]);
      });
  });

  it('says what it left out and what still runs', () => {
    given(two, starts())
      .when(command('removeCustomer', { customer: 'cvs' }))
      .then((story) =>
        expect(story.did).toBe('removed cvs: 2026-01-02 to 2026-01-03 is skipped; 1 window in flight will finish'),
      );
  });

  it('never retries or holds what fails after that', () => {
    given(two, starts(), command('removeCustomer', { customer: 'cvs' }))
      .when(fails('cvs-2026-01-01', 'stopped'))
      .then((story) => expect(days(story)).toBe('sss'));
  });

  it('settles failed and held days', () => {
    given(oneAttempt, starts(), fails('cvs-2026-01-01'), starts(), fails('cvs-2026-01-02', 'stopped'))
      .when(command('removeCustomer', { customer: 'cvs' }))
      .then((story, before) => {
        expect(days(before)).toBe('fh.');
        expect(days(story)).toBe('sss');
        expect(story.state.customers[0]!.record.problems).toEqual([]);
        expect(decide(story.state, story.now)).toEqual({ kind: 'end', how: 'completed' });
      });
  });

  it('refuses days of a removed customer, and says how it comes back', () => {
    given(two, command('removeCustomer', { customer: 'cvs' }))
      .when(command('resetDay', firstDay))
      .then((story) => expect(story.refused).toMatch(/cvs was removed.*addCustomers/));
  });

  it('of one that was removed says so', () => {
    given(two, command('removeCustomer', { customer: 'cvs' }))
      .when(command('removeCustomer', { customer: 'cvs' }))
      .then((story) => expect(story.did).toMatch(/removed already/));
  });
});

describe('a customer that is not in the run', () => {
  it.each(['pause', 'resume', 'resetDay', 'skipDay', 'retryFailed', 'removeCustomer', 'cancelWindows'])(
    'is refused by %s, with who is in it',
    (name) => {
      given(two)
        .when(command(name, { customer: 'cv', ...(name.endsWith('Day') ? { day: '2026-01-01' } : {}) }))
        .then((story) => expect(story.refused).toMatch(/customer "cv" is not in this run; it has cvs, oportun/));
    },
  );
});
