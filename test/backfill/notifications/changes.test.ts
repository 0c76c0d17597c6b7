import { describe, expect, it } from 'vitest';
import { notified } from '../../../src/backfill/notifications/changes.js';
import { endNotified } from '../../../src/backfill/notifications/ending.js';
import {
  delivered,
  lackedBy,
  MOST_QUEUED,
  type Notifications,
  noNotifications,
  queued,
  withReceivers,
} from '../../../src/backfill/state/notifications.js';
import type { State } from '../../../src/backfill/state/state.js';
import { paced } from '../../../src/backfill/state/update.js';
import { reportOf } from '../../../src/backfill/views/report.js';
import { MINUTE } from '../../support/core.js';
import { backfill, command, completes, fails, type Step, starts } from '../../support/story.js';

const once = { attempts: 1 };

/** The run after these steps, its notifications kept as the workflow keeps them: after each change of the state. */
function run(input: object, ...steps: Step[]): { state: State; now: number } {
  let story = backfill({ customers: ['cvs'], notify: true, retry: { unknown: once }, ...input })(undefined as never);
  for (const step of steps) {
    const next = step(story);
    story = { ...next, state: notified(story.state, next.state, next.now) };
  }
  return story;
}

const said = ({ state }: { state: State }) => state.notifications!.queue.map(({ type, text }) => `${type}: ${text}`);

const later =
  (ms: number): Step =>
  (story) => ({ ...story, now: story.now + ms });

describe('a run that notifies', () => {
  it('says who paused it and why, and who resumed it, each once', () => {
    const { queue } = run(
      {},
      starts(),
      command('pause', { by: 'ana', reason: 'replica lag' }),
      command('pause', { by: 'bob' }),
      completes('cvs-2026-01-01'),
      command('resume', { by: 'bob' }),
    ).state.notifications!;
    expect(queue.map(({ number, type, by }) => [number, type, by])).toEqual([
      [1, 'backfill.run.paused', 'ana'],
      [2, 'backfill.run.resumed', 'bob'],
    ]);
    expect(queue[0]).toMatchObject({
      text: expect.stringMatching(/paused by ana .*: replica lag/),
      next: expect.stringMatching(/1 window in flight/),
      command: 'resume',
    });
  });

  it('says nothing again when the latest entry of the log comes to cover more', () => {
    const parallelism = { max: 8, min: 1, adaptive: true };
    const { state: failed, now } = run({ parallelism, end: '2026-01-03' }, starts(), fails('cvs-2026-01-01'));
    const { failedDaysAt, ...told } = failed.notifications!;
    expect(failedDaysAt).toBeDefined();
    let state: State = { ...failed, notifications: told };
    for (const limit of [2, 3, 4]) {
      const next = paced(state, now, (pace) => ({ ...pace, limit, why: '1 window went well' }));
      state = notified(state, next, now);
    }
    expect(state.record.log.at(-1)).toMatchObject({ from: 1, to: 4 });
    expect(state.notifications).toEqual(told);
  });

  it('that waits for an operator says until when, and how many days failed', () => {
    const story = run({ end: '2026-01-02', operatorTimeout: '1h' }, starts(), fails('cvs-2026-01-01'));
    expect(said(story)).toEqual([
      'backfill.run.waiting_for_operator: only failed and held days are left: 1 failed, 0 held of 1',
    ]);
    expect(story.state.notifications!.queue[0]!.next).toMatch(/incomplete at 2026-02-01T10:00/);
  });

  it('sums failed days up, so that an incident of a hundred days is not a hundred messages', () => {
    const fail = ['01', '02', '03'].flatMap((day) => [starts(), fails(`cvs-2026-01-${day}`)]);
    const story = run({ end: '2026-01-06' }, ...fail, later(MINUTE), starts(), later(MINUTE), starts(1));
    expect(said(story)).toEqual([
      'backfill.days.failed: 3 days of 5 failed (cvs), such as reindexconversations-cvs-2026-01-03: the unknown failure',
    ]);
    const again = run(
      { end: '2026-01-06' },
      ...fail,
      later(MINUTE),
      starts(),
      fails('cvs-2026-01-04'),
      later(MINUTE),
      starts(),
    );
    expect(said(again)).toHaveLength(1);
  });

  it('says nothing of failed days that were tried again before they were summed up', () => {
    const story = run({}, starts(), fails('cvs-2026-01-01'), command('retryFailed'), later(2 * MINUTE), starts());
    expect(said(story)).toEqual([]);
  });

  it('opens and closes its breaker with one message each', () => {
    const customers = Array.from({ length: 12 }, (_, i) => `c${i}`);
    const failing = customers.slice(0, 6).map((id) => fails(`${id}-2026-01-01`));
    const story = run(
      { customers, parallelism: 12, breaker: { windows: 6 }, end: '2026-01-03' },
      starts(),
      ...failing,
      command('resume', { by: 'ana' }),
    );
    expect(said(story).map((text) => text.split(':')[0])).toEqual([
      'backfill.breaker.opened',
      'backfill.breaker.closed',
    ]);
    expect(said(story)[1]).toMatch(/by ana/);
  });

  it('ends with its report in five lines', () => {
    const { state, now } = run({ end: '2026-01-02' }, starts(), completes('cvs-2026-01-01'));
    const report = reportOf(state, 'completed', now);
    const { queue } = endNotified(state, report, now).notifications!;
    const lines = queue.at(-1)!.text.split('\n');
    expect(lines).toHaveLength(5);
    expect(lines[0]).toBe('completed: 1 of 1 days of 1 customer done');
    expect(lines[4]).toBe(`seal of proof and log: sha256 ${report.audit.seal}`);
  });

  it('without `notify` keeps nothing', () => {
    const story = run({ notify: false }, starts(), command('pause'));
    expect(story.state.notifications).toBeUndefined();
  });
});

describe('what receivers have', () => {
  const change = { type: 'backfill.run.paused', text: 'paused' } as const;
  const withMore = (count: number, before: Notifications) => {
    let all = before;
    for (let i = 0; i < count; i++) all = queued(all, i, change);
    return all;
  };
  const numbers = (all: Notifications, key: string) => lackedBy(all, key).map(({ number }) => number);

  it('a dead receiver never keeps another from its messages', () => {
    const all = delivered(withReceivers(withMore(3, noNotifications), ['dead', 'alive']), 'alive', 2);
    expect([numbers(all, 'dead'), numbers(all, 'alive')]).toEqual([[1, 2, 3], [3]]);
  });

  it('what a dead receiver lacks stays bounded, however long the run', () => {
    const all = withMore(500, withReceivers(noNotifications, ['dead']));
    expect(all.queue).toHaveLength(MOST_QUEUED);
    expect(all.queue.at(-1)!.number).toBe(500);
  });

  it('an address that was replaced gets what the old one lacked, and a new one nothing that is old', () => {
    const all = delivered(withReceivers(withMore(3, noNotifications), ['old', 'alive']), 'alive', 3);
    expect(numbers(withReceivers(all, ['new', 'alive']), 'new')).toEqual([1, 2, 3]);
    expect(numbers(withReceivers(all, ['old', 'alive', 'one more']), 'one more')).toEqual([]);
  });

  it('a receiver that asked for no more gets no more, though the file still names it', () => {
    const off = delivered(withReceivers(withMore(1, noNotifications), ['gone']), 'gone', null);
    expect(numbers(withMore(2, withReceivers(off, ['gone'])), 'gone')).toEqual([]);
  });
});
