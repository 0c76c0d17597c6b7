import { describe, expect, it } from 'vitest';
import { backoff } from '../../../src/backfill/events/failure-response.js';
import { decide } from '../../../src/backfill/schedule/decide.js';
import { sentenceOf } from '../../../src/backfill/state/sentence.js';
import { dayLetters } from '../../../src/backfill/views/day-letters.js';
import { attentionOf } from '../../../src/backfill/views/progress.js';
import { statusOf } from '../../../src/backfill/views/status.js';
import { DAY, MINUTE, START } from '../../support/core.js';
import {
  backfill,
  command,
  completes,
  fails,
  given,
  happens,
  nextStarts,
  passes,
  type Story,
  starts,
} from '../../support/story.js';

const days = ({ state }: Story, customer = 0) => dayLetters(state.customers[customer]!);
const latest = ({ state }: Story) => sentenceOf(state.record.log.at(-1)!);
const oneDay = (more: object = {}) => backfill({ customers: ['cvs'], end: '2026-01-02', ...more });
const retried = (attempts: number) => oneDay({ retry: { unknown: { attempts, backoff: '10s', maxBackoff: '1m' } } });

describe('a window that failed', () => {
  it('waits for its back-off, and then goes again as the same window with the next attempt', () => {
    given(retried(3), starts())
      .when(fails('cvs-2026-01-01'))
      .then((story) => {
        expect(days(story)).toBe('.');
        expect(latest(story)).toMatch(/unknown \(attempt 1 of 3\), again in \d+s: the unknown failure/);
        const decision = decide(story.state, story.now);
        expect(decision).toMatchObject({ kind: 'wait', until: expect.any(Number) });
        const { until } = decision as { until: number };
        expect(decide(story.state, until - 1)).toEqual(decision);
        expect(decide(story.state, until)).toMatchObject({ kind: 'startWindow', attempt: 2 });
      });
  });

  it('is failed after its last attempt, and the run waits for an operator', () => {
    given(retried(2), starts(), fails('cvs-2026-01-01'), passes(MINUTE), starts())
      .when(fails('cvs-2026-01-01'))
      .then((story, before) => {
        expect(days(before)).toBe('r');
        expect(days(story)).toBe('f');
        expect(latest(story)).toMatch(/failed after 2 attempts, unknown: the unknown failure/);
        expect(statusOf(story.state)).toMatchObject({
          status: 'waitingForOperator',
          reason: 'only failed days are left; the run continues after retryFailed, resetDay, skipDay or finish',
        });
      });
  });

  it.each(['timeout', 'contention', 'overload', 'unknown'] as const)('of class %s is tried again', (kind) => {
    given(oneDay(), starts())
      .when(fails('cvs-2026-01-01', kind))
      .then((story) => expect(days(story)).toBe('.'));
  });

  it('of class permanent fails at once, and the rest continues', () => {
    given(backfill({ customers: ['cvs'] }), starts())
      .when(fails('cvs-2026-01-01', 'permanent'))
      .then((story) => {
        expect(days(story)).toBe('f..');
        expect(nextStarts(story)).toEqual(['cvs-2026-01-02']);
        expect(latest(story)).toMatch(/failed after 1 attempt, permanent/);
        expect(attentionOf(story.state)).toEqual([
          {
            customer: 'cvs',
            days: ['2026-01-01'],
            class: 'permanent',
            message: 'the permanent failure',
            attempts: 1,
            workflowId: 'reindexconversations-cvs-2026-01-01',
            nextStep: expect.stringMatching(/retryFailed.*skipDay/),
          },
        ]);
      });
  });

  it('does not hold back the other days of its customer while it backs off', () => {
    given(backfill({ customers: ['cvs'] }), starts())
      .when(fails('cvs-2026-01-01'))
      .then((story) => expect(nextStarts(story)).toEqual(['cvs-2026-01-02']));
  });

  it('that is not in flight is ignored', () => {
    given(oneDay())
      .when(fails('cvs-2026-01-01'), completes('cvs-2026-01-01'))
      .then((story, before) => expect(story.state).toBe(before.state));
  });
});

describe('the back-off', () => {
  const policy = { backoff: 1_000, maxBackoff: 60_000 };

  it('doubles with each attempt up to its most, and lies between half and all of that', () => {
    for (let attempt = 1; attempt <= 1_000; attempt++) {
      const full = Math.min(60_000, 1_000 * 2 ** (attempt - 1));
      const wait = backoff(policy, attempt, 'an id');
      expect(wait).toBeGreaterThanOrEqual(full / 2);
      expect(wait).toBeLessThanOrEqual(full);
    }
  });

  it('differs between windows that failed together, and is the same on every replay', () => {
    const waits = Array.from({ length: 100 }, (_, i) => backoff(policy, 1, `window ${i}`));
    expect(new Set(waits).size).toBeGreaterThan(80);
    expect(waits).toEqual(Array.from({ length: 100 }, (_, i) => backoff(policy, 1, `window ${i}`)));
  });
});

describe('a window that someone else stopped', () => {
  const three = backfill({ customers: ['cvs', 'oportun', 'marriott'], parallelism: 3 });
  const stopped = (customer: string) => fails(`${customer}-2026-01-01`, 'stopped');

  it('is held at its first attempt, and says so', () => {
    given(oneDay(), starts())
      .when(stopped('cvs'))
      .then((story) => {
        expect(days(story)).toBe('h');
        expect(latest(story)).toMatch(/cvs-2026-01-01 was stopped by someone else; 2026-01-01 is held until resume/);
        expect(statusOf(story.state)).toMatchObject({
          status: 'waitingForOperator',
          reason: 'only held days are left; the run continues after resume, resetDay, skipDay or finish',
        });
      });
  });

  it('pauses the run when it is the third within five minutes, because someone protects the database', () => {
    given(three, starts(), stopped('cvs'), stopped('oportun'))
      .when(stopped('marriott'))
      .then((story, before) => {
        expect(before.state.lifecycle.paused).toBeUndefined();
        expect(statusOf(story.state)).toMatchObject({
          status: 'paused',
          reason: expect.stringMatching(/3 windows were stopped by someone else within 5m/),
        });
        expect(nextStarts(story)).toEqual([]);
      });
  });

  it('halves the adaptive limit with that pause, so that what follows it is less', () => {
    const adaptive = backfill({
      customers: ['cvs', 'oportun', 'marriott', 'usaa'],
      parallelism: { max: 8, min: 4, adaptive: true },
    });
    given(adaptive, starts(), stopped('cvs'), stopped('oportun'))
      .when(stopped('marriott'), stopped('usaa'))
      .then((story, before) => {
        expect(before.state.pacing.pace.limit).toBe(4);
        expect(story.state.pacing.pace.reason).toBe('4 → 2: 3 windows were stopped by someone else within 5m');
      });
  });

  it('does not pause the run when the three are further apart', () => {
    given(three, starts(), stopped('cvs'), passes(4 * MINUTE), stopped('oportun'), passes(2 * MINUTE))
      .when(stopped('marriott'))
      .then((story) => expect(story.state.lifecycle.paused).toBeUndefined());
  });

  it('counts from zero after resume', () => {
    given(three, starts(), stopped('cvs'), stopped('oportun'), stopped('marriott'), command('resume'), starts())
      .when(stopped('cvs'), stopped('oportun'))
      .then((story) => expect(story.state.lifecycle.paused).toBeUndefined());
  });
});

describe('an operator who does not come', () => {
  it('is waited for so long as asked, and then the run ends as incomplete', () => {
    given(oneDay({ operatorTimeout: '7d' }), starts())
      .when(fails('cvs-2026-01-01', 'permanent'))
      .then((story) => {
        const deadline = START + 1_000 + 7 * DAY;
        expect(decide(story.state, story.now)).toEqual({ kind: 'wait', until: deadline });
        expect(decide(story.state, deadline)).toEqual({ kind: 'end', how: 'incomplete' });
      });
  });

  it('is not waited for while a window is still in flight', () => {
    given(backfill({ customers: ['cvs', 'oportun'], end: '2026-01-02', parallelism: 2 }), starts())
      .when(fails('cvs-2026-01-01', 'permanent'), passes(8 * DAY))
      .then((story) => {
        expect(statusOf(story.state).status).toBe('running');
        expect(decide(story.state, story.now)).toEqual({ kind: 'wait' });
      });
  });

  it('is not waited for with "0s"', () => {
    given(oneDay({ operatorTimeout: '0s' }), starts())
      .when(fails('cvs-2026-01-01', 'permanent'))
      .then((story) => expect(decide(story.state, story.now)).toEqual({ kind: 'end', how: 'incomplete' }));
  });

  it('has all the time again after every command that gave the run work', () => {
    given(oneDay(), starts(), fails('cvs-2026-01-01', 'permanent'), passes(6 * DAY), command('retryFailed'), starts())
      .when(fails('cvs-2026-01-01', 'permanent'))
      .then((story) => expect(decide(story.state, story.now)).toMatchObject({ until: story.now - 1_000 + 7 * DAY }));
  });

  it('leaves a run that says what is left', () => {
    given(oneDay(), starts(), fails('cvs-2026-01-01', 'permanent'))
      .when(happens((at) => ({ kind: 'runEnded', at, how: 'incomplete' })))
      .then((story) =>
        expect(statusOf(story.state)).toMatchObject({
          status: 'waitingForOperator',
          reason: expect.stringMatching(/no operator came in time; failed days are left/),
        }),
      );
  });
});

describe('a problem', () => {
  it('names exactly the days that are left of it', () => {
    const tenDays = backfill({
      customers: ['cvs'],
      end: '2026-01-06',
      window: '5d',
      retry: { unknown: { attempts: 1 } },
    });
    const reset = command('resetDay', { customer: 'cvs', day: '2026-01-03' });
    given(tenDays, starts(), fails('cvs-2026-01-01--2026-01-06'), reset, starts())
      .when(fails('cvs-2026-01-03', 'permanent'))
      .then((story) => {
        expect(days(story)).toBe('fffff');
        expect(attentionOf(story.state).map(({ days, class: kind }) => [kind, days])).toEqual([
          ['unknown', ['2026-01-01', '2026-01-02', '2026-01-04', '2026-01-05']],
          ['permanent', ['2026-01-03']],
        ]);
      });
  });

  it('is one, though some of its days were left out while it ran', () => {
    const skip = command('skipDay', { customer: 'cvs', day: '2026-01-03' });
    given(backfill({ customers: ['cvs'], end: '2026-01-06', window: '5d' }), starts(), skip)
      .when(fails('cvs-2026-01-01--2026-01-06', 'permanent'))
      .then((story) =>
        expect(attentionOf(story.state)).toMatchObject([
          {
            days: ['2026-01-01', '2026-01-02', '2026-01-04', '2026-01-05'],
            workflowId: 'reindexconversations-cvs-2026-01-01--2026-01-06',
          },
        ]),
      );
  });
});
