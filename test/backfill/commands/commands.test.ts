import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/backfill/schedule/decide.js';
import { initialState } from '../../../src/backfill/state/initial-state.js';
import { LOG_LENGTH } from '../../../src/backfill/state/journal.js';
import type { PreparationStep } from '../../../src/backfill/state/preparation.js';
import { sentenceOf } from '../../../src/backfill/state/sentence.js';
import { dayLetters } from '../../../src/backfill/views/day-letters.js';
import { logView } from '../../../src/backfill/views/log.js';
import { statusOf } from '../../../src/backfill/views/status.js';
import { hour, requestOf, START } from '../../support/core.js';
import {
  backfill,
  command,
  completes,
  fails,
  given,
  happens,
  isAdopted,
  isFound,
  newcomersAreDiscovered,
  nextStarts,
  passes,
  type Story,
  starts,
} from '../../support/story.js';

/** The letters of a customer's days. */
const days = ({ state }: Story, id = 'cvs') => dayLetters(state.customers.find((customer) => customer.id === id)!);
const status = ({ state }: Story) => statusOf(state).status;
const latest = ({ state }: Story) => sentenceOf(state.record.log.at(-1)!);

const cvs = backfill({ customers: ['cvs'] });
const two = backfill({ customers: ['cvs', 'oportun'], parallelism: 4 });
const tenDays = backfill({ customers: ['cvs'], end: '2026-01-21', window: '10d', retry: { unknown: { attempts: 1 } } });
const hourly = backfill({ customers: ['cvs'], window: '6h', retry: { unknown: { attempts: 1 } } });
const oneAttempt = backfill({ customers: ['cvs'], retry: { unknown: { attempts: 1 } } });

const firstDay = { customer: 'cvs', day: '2026-01-01' };
const reset = (day: string, customer = 'cvs') => command('resetDay', { customer, day });
const skip = (day: string, customer = 'cvs') => command('skipDay', { customer, day });

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
        expect(story.did).toMatch(/the run was paused already, since 2026-02-01T09:00:00/);
        expect(story.state.lifecycle.paused?.reason).toBe('first');
      });
  });
});

describe('resume', () => {
  it('goes on where the run was', () => {
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

  it('starts nothing of them before it is known what runs already, and waits for that', () => {
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
        happens((at) => ({ kind: 'completedWindowsFound', at, windows: completed, count: 1 })),
        newcomersAreDiscovered,
      )
      .then((story) => expect(days(story, 'oportun')).toBe('d.d'));
  });

  it('of one that comes back takes only those days for done that are new to the run', () => {
    const completed = [{ customer: 0, hours: [hour('2026-01-01'), hour('2026-01-06')] as const }];
    const back = { id: 'cvs', start: '2026-01-02', end: '2026-01-05' };
    given(cvs, command('removeCustomer', { customer: 'cvs' }), command('addCustomers', { customers: [back] }))
      .when(
        happens((at) => ({ kind: 'completedWindowsFound', at, windows: completed, count: 1 })),
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

describe('the log', () => {
  it('keeps each command with who sent it and what it changed', () => {
    given(cvs)
      .when(command('skip-day', { ...firstDay, by: 'ana' }))
      .then((story) =>
        expect(logView(story.state).at(-1)).toMatchObject({
          at: new Date(START).toISOString(),
          what: 'skipDay',
          by: 'ana',
          effect: 'cvs 2026-01-01: was waiting, is skipped',
        }),
      );
  });

  it('keeps the latest 200 entries, and no endless texts', () => {
    const many = Array.from({ length: 250 }, (_, i) =>
      command('setParallelism', { max: 1 + (i % 2), perCustomer: 1 + i }),
    );
    given(backfill({ customers: Array.from({ length: 200 }, (_, i) => `customer-with-a-long-name-${i}`) }), ...many)
      .when(
        command('addCustomers', { customers: Array.from({ length: 200 }, (_, i) => `another-with-a-long-name-${i}`) }),
      )
      .then((story) => {
        expect(story.state.record.log).toHaveLength(LOG_LENGTH);
        expect(sentenceOf(story.state.record.log.at(-2)!)).toMatch(/perCustomer 249 → 250/);
        expect(latest(story).length).toBeLessThan(510);
      });
  });
});

describe('a run that is still preparing', () => {
  const begins = (step: PreparationStep) => happens((at) => ({ kind: 'preparationBegan', at, step }));
  const preparing = (story: Partial<Story> = {}) =>
    given(() => ({
      state: initialState(
        requestOf({ customers: ['cvs'] }).options,
        requestOf({ customers: ['cvs'] }).customers,
        START,
      ),
      now: START,
      ...story,
    }));

  it('starts nothing, takes commands, and says what it waits for', () => {
    preparing()
      .when(skip('2026-01-01'))
      .then((story) => {
        expect(decide(story.state, story.now)).toEqual({ kind: 'wait' });
        expect(statusOf(story.state)).toMatchObject({
          status: 'running',
          reason: 'looking up search attributes',
        });
        expect(days(story)).toBe('s..');
      });
  });

  it('says why its directory did not answer, how often, and nothing of it at the next step', () => {
    const fails = happens((at) => ({ kind: 'preparationFailed', at, error: 'connection refused' }));
    const reason = (story: Story) => statusOf(story.state).reason;
    preparing()
      .when(begins('directory'), fails, fails)
      .then((story) => {
        expect(reason(story)).toBe('asking the customer directory; attempt 3, latest error: connection refused');
      });
    preparing()
      .when(begins('directory'), fails, begins('windows'))
      .then((story) => expect(reason(story)).toBe('looking for windows that are already running'));
  });

  it('logs that it continues without what is optional, and why', () => {
    preparing()
      .when(
        happens((at) => ({ kind: 'preparationFailed', at, error: 'not allowed' })),
        happens((at) => ({ kind: 'preparationGivenUp', at })),
      )
      .then((story) => {
        expect(latest(story)).toBe('gave up looking up search attributes after 1 attempt, latest error: not allowed');
      });
  });

  it('does not end when all its days are skipped, since more may be found', () => {
    preparing()
      .when(skip('2026-01-01'), skip('2026-01-02'), skip('2026-01-03'))
      .then((story) => expect(decide(story.state, story.now)).toEqual({ kind: 'wait' }));
  });

  it('takes the customers of the directory, and names those excluded in vain', () => {
    const { options, customers } = requestOf({ customers: ['cvs'] });
    given(() => ({ state: initialState(options, [], START), now: START }), begins('directory'))
      .when(
        happens((at) => ({ kind: 'customersListed', at, customers, unknown: ['nobody'] })),
        happens((at) => ({ kind: 'prepared', at })),
      )
      .then((story, before) => {
        expect(statusOf(before.state).reason).toMatch(/asking the customer directory/);
        expect(latest(story)).toMatch(/1 customer .*excluded, but not in it: nobody/);
        expect(nextStarts(story)).toEqual(['cvs-2026-01-01']);
      });
  });
});

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
      ...{ at, count: windows.length },
      windows: windows.map(([from, to]) => ({ customer: 0, hours: [hour(from), hour(to)] })),
    }));

  it('count as done, of whatever size, and the log says how many', () => {
    given(cvs)
      .when(resumed(['2025-12-01', '2026-01-02'], ['2026-01-03', '2026-01-04']))
      .then((story) => {
        expect(days(story)).toBe('d.d');
        expect(latest(story)).toBe('resumed: found 2 completed windows; 2 days count as done');
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
