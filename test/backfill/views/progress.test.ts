import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDay } from '../../../src/backfill/hours/calendar.js';
import type { State } from '../../../src/backfill/state/state.js';
import { customerView } from '../../../src/backfill/views/customer.js';
import { countDays } from '../../../src/backfill/views/day-letters.js';
import { progressOf } from '../../../src/backfill/views/progress.js';
import { reportOf } from '../../../src/backfill/views/report.js';
import { progressTable } from '../../../src/backfill/views/table.js';
import { stories } from '../../support/arbitrary.js';
import { MINUTE, throughJson } from '../../support/core.js';
import { eventful } from '../../support/eventful.js';
import { drive } from '../../support/simulator.js';
import { backfill, command, completes, given, happens, passes, type Story, starts } from '../../support/story.js';

const NONE = { days: 0, done: 0, running: 0, verifying: 0, waiting: 0, failed: 0, skipped: 0, held: 0 };

const progress = ({ state, now }: Story) => progressOf(state, now);

describe('progress', () => {
  it('adds up at any moment: each day is in one count, for the run, each customer and the report', () => {
    const check = (state: State, now: number) => {
      const { totals, customers } = progressOf(state, now);
      const { days, done, running, verifying, waiting, failed, skipped, held } = totals;
      expect(done + running + verifying + waiting + failed + skipped + held).toBe(days);
      expect(days).toBe(state.customers.reduce((sum, { start, end }) => sum + (end - start) / 24, 0));
      expect(countDays(customers.map((customer) => customer.days))).toEqual({ ...totals, windows: undefined });
      const report = reportOf(state, 'completed', now);
      expect(report.customers.reduce((sum, customer) => sum + customer.done, 0)).toBe(done);
      expect(report.totals).toEqual(totals);
      const views = state.customers.map((_, index) => customerView(state, index, now));
      const firstDays = customers.map(({ start }) => start ?? formatDay(state.options.start));
      expect(views.map((view) => view.range.start)).toEqual(firstDays);
      expect(views.map((view) => view.days)).toEqual(customers.map((customer) => customer.days));
      const started = totals.windows.started + totals.windows.adopted;
      const inFlight = views.reduce(
        (sum, view) => sum + view.windows.filter((one) => one.state === 'running').length,
        0,
      );
      expect(totals.windows.completed + totals.windows.failed + inFlight).toBe(started);
    };
    fc.assert(
      fc.property(stories(undefined, { mostDays: 4 }), ({ request, script }) => {
        drive(request, { ...script, watch: check });
      }),
      { numRuns: 40 },
    );
  });

  it('says how the run is, and is plain JSON', () => {
    const view = progress(eventful);
    expect(view).toMatchObject({
      status: 'running',
      statusReason: '2 windows in flight',
      cluster: 'us-west-2-prod',
      rejected: [],
      range: { start: '2026-01-01', end: '2026-01-05' },
      startedAt: '2026-02-01T09:00:00.000Z',
      parallelism: { max: 3, perCustomer: 1, inFlight: 2 },
      totals: { ...NONE, days: 12, done: 1, running: 2, waiting: 6, failed: 1, skipped: 1, held: 1 },
    });
    expect(view.totals.windows).toEqual({ started: 5, completed: 1, failed: 3, adopted: 1 });
    expect(throughJson(view)).toStrictEqual(view);
  });

  it('says where the days of a customer begin whose range is not the run’s, also if it is as long', () => {
    const customers = [
      'whole',
      { id: 'later', start: '2026-01-02', end: '2026-01-04' },
      { id: 'earlier', start: '2025-12-30', end: '2026-01-01' },
      { id: 'shorter', end: '2026-01-02' },
    ];
    given(backfill({ customers, end: '2026-01-03' }))
      .when(command('skipDay', { customer: 'later', day: '2026-01-03' }))
      .then((story) =>
        expect(progress(story).customers).toEqual([
          { id: 'whole', days: '..' },
          { id: 'later', days: '.s', start: '2026-01-02' },
          { id: 'earlier', days: '..', start: '2025-12-30' },
          { id: 'shorter', days: '.', start: '2026-01-01' },
        ]),
      );
  });

  it('lists what a person should look at, each with its next step', () => {
    expect(progress(eventful).attention).toEqual([
      expect.objectContaining({
        customer: 'oportun',
        days: ['2026-01-01'],
        class: 'permanent',
        attempts: 1,
        workflowId: 'reindexconversations-oportun-2026-01-01',
        nextStep: expect.stringMatching(/retryFailed/),
      }),
      expect.objectContaining({
        customer: 'marriott',
        days: ['2026-01-01'],
        class: 'stopped',
        nextStep: expect.stringMatching(/resume/),
      }),
    ]);
  });

  it('has no ETA before the first window has completed, while nothing may start or it finishes, and after the end', () => {
    const run = backfill({ customers: ['cvs'], end: '2026-01-11' });
    given(run, starts())
      .when(passes(MINUTE))
      .then((story) => expect(progress(story).eta).toBeNull());
    const first = given(run, starts(), passes(59_000), completes('cvs-2026-01-01'), starts());
    first.when(command('pause')).then((story) => expect(progress(story).eta).toBeNull());
    first.when(command('finish')).then((story) => expect(progress(story).eta).toBeNull());
    first
      .when(happens((at) => ({ kind: 'healthChanged', at, level: 'critical', reason: 'blockedSessions 30' })))
      .then((story) => expect(progress(story).eta).toBeNull());
    // Nine days are left, a minute each.
    first.when(passes(0)).then((story) => expect(Date.parse(progress(story).eta!) - story.now).toBe(9 * MINUTE));
  });

  it('has an ETA that knows the longest chain as well as the load', () => {
    const fleet = backfill({ customers: [{ id: 'long', end: '2026-01-11' }, 'cvs'], parallelism: 5 });
    given(fleet, starts(), passes(59_000))
      .when(completes('long-2026-01-01'))
      .then((story) => expect(Date.parse(progress(story).eta!) - story.now).toBe(9 * MINUTE));
  });

  it('of 260 customers over a month is small enough to be asked for every second', () => {
    const customers = Array.from({ length: 260 }, (_, i) => `us-east-1-prod-${String(i).padStart(3, '0')}`);
    const { story } = given(backfill({ customers, end: '2026-02-01', parallelism: 50 }), starts());
    expect(JSON.stringify(progress(story)).length).toBeLessThan(20_000);
    expect(progressTable(story.state, story.now).length).toBeLessThan(5_000);
  });
});
