import { describe, expect, it } from 'vitest';
import { customerView } from '../../../src/backfill/views/customer.js';
import { MINUTE, throughJson } from '../../support/core.js';
import { eventful } from '../../support/eventful.js';
import { backfill, command, completes, fails, given, starts } from '../../support/story.js';

describe("a customer's view", () => {
  it('has its windows with attempts, durations and errors: in flight, backing off, failed, ended', () => {
    const view = customerView(eventful.state, 1, eventful.now);
    expect(view).toMatchObject({ id: 'oportun', days: 'f...', paused: null, removed: false, perCustomer: 1 });
    expect(view.window).toEqual({ size: '1d', why: 'the size in the input' });
    expect(view.windows).toMatchObject([
      { state: 'backingOff', attempt: 1, class: 'contention', dueAt: expect.stringMatching(/^2026-02-01T09:00/) },
      { state: 'failed', workflowId: 'reindexconversations-oportun-2026-01-01', class: 'permanent' },
      { state: 'unsuccessful', class: 'contention', durationMs: 2_000, error: 'the contention failure' },
      { state: 'unsuccessful', class: 'permanent' },
    ]);
    expect(customerView(eventful.state, 0, eventful.now).windows).toMatchObject([
      { state: 'running', attempt: 1, adopted: true, start: '2026-01-02T00:00:00Z', durationMs: expect.any(Number) },
      { state: 'completed', workflowId: 'reindexconversations-cvs-2026-01-01' },
    ]);
    expect(throughJson(view)).toStrictEqual(view);
  });

  it('says when a number of windows at once that was too many may be tried again, as long as that is to come', () => {
    const { story } = given(
      backfill({ customers: ['cvs'], end: '2026-01-11', parallelism: { max: 2, perCustomer: 'auto' } }),
      ...['cvs-2026-01-01', 'cvs-2026-01-02'].flatMap((day) => [starts(1), completes(day)]),
      starts(),
      fails('cvs-2026-01-04', 'contention'),
    );
    const { state, now } = story;
    const why = 'contention with 2, tried again in 30s';
    expect(customerView(state, 0, now).writers).toEqual({ count: 1, why, triedAgainAt: expect.any(String) });
    expect(customerView(state, 0, now + MINUTE).writers).toEqual({ count: 1, why });
  });

  it("says that the run's most holds writers back, where it was lowered under their number", () => {
    const { story } = given(
      backfill({ customers: ['cvs'], end: '2026-01-11', parallelism: { max: 2, perCustomer: 'auto' } }),
      ...['cvs-2026-01-01', 'cvs-2026-01-02'].flatMap((day) => [starts(1), completes(day)]),
      starts(),
      command('setParallelism', { max: 1 }),
    );
    expect(customerView(story.state, 0, story.now).writers).toEqual({ count: 1, why: "the run's most" });
  });
});
