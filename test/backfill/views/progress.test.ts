import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDay } from '../../../src/backfill/hours/calendar.js';
import { usualDuration } from '../../../src/backfill/schedule/eta.js';
import type { State } from '../../../src/backfill/state/state.js';
import { customerView } from '../../../src/backfill/views/customer.js';
import { countDays, dayLetters } from '../../../src/backfill/views/day-letters.js';
import { logView } from '../../../src/backfill/views/log.js';
import { progressOf } from '../../../src/backfill/views/progress.js';
import { reportOf } from '../../../src/backfill/views/report.js';
import { progressTable } from '../../../src/backfill/views/table.js';
import { stories } from '../../support/arbitrary.js';
import { DAY, MINUTE, throughJson } from '../../support/core.js';
import { drive } from '../../support/simulator.js';
import {
  backfill,
  command,
  completes,
  fails,
  given,
  isAdopted,
  passes,
  type Story,
  starts,
} from '../../support/story.js';

const NONE = { days: 0, done: 0, running: 0, verifying: 0, waiting: 0, failed: 0, skipped: 0, held: 0 };
const days = ({ state }: Story) => dayLetters(state.customers[0]!);
const progress = ({ state, now }: Story) => progressOf(state, now);

const hours = (from: string, to: string) => `cvs-2026-01-01T${from}--2026-01-${to === '24' ? '02T00' : `01T${to}`}`;
const halves = backfill({
  ...{ customers: ['cvs'], end: '2026-01-02', window: '12h', parallelism: { max: 2, perCustomer: 2 } },
  retry: { unknown: { attempts: 1 } },
});
const verified = backfill({
  ...{ customers: ['cvs'], end: '2026-01-02', window: '12h', parallelism: { max: 2, perCustomer: 2 } },
  ...{ retry: { unknown: { attempts: 1 } }, verify: 'report' },
});
const [morning, evening] = [hours('00', '12'), hours('12', '24')];

/** A run in which something of everything has happened. */
const eventful = given(
  backfill({
    customers: [{ id: 'cvs', conversations: 4_200 }, 'oportun', 'marriott'],
    ...{ end: '2026-01-05', cluster: 'us-west-2-prod', parallelism: 3, retry: { unknown: { attempts: 1 } } },
  }),
  starts(),
  completes('cvs-2026-01-01'),
  fails('oportun-2026-01-01', 'permanent'),
  fails('marriott-2026-01-01', 'stopped'),
  starts(),
  isAdopted('cvs-2026-01-02'),
  fails('oportun-2026-01-02', 'contention'),
  command('skipDay', { customer: 'marriott', day: '2026-01-03', by: 'ana' }),
  passes(MINUTE),
).story;

describe('the letter of a day', () => {
  it('is the state of all of it', () => {
    expect(eventful.state.customers.map(dayLetters)).toEqual(['dr..', 'f...', 'hrs.']);
  });

  it('is p when a part is done and the rest waits', () => {
    given(halves, starts(1))
      .when(completes(morning))
      .then((story) => expect(days(story)).toBe('p'));
  });

  it('is r when a part runs, whatever the rest is', () => {
    given(halves, starts())
      .when(fails(morning))
      .then((story) => expect(days(story)).toBe('r'));
  });

  it('is v when a part waits for its check and no part runs', () => {
    const both = given(verified, starts());
    both.when(completes(morning)).then((story) => expect(days(story)).toBe('r'));
    both.when(completes(morning), completes(evening)).then((story) => expect(days(story)).toBe('v'));
    both.when(completes(morning), fails(evening)).then((story) => expect(days(story)).toBe('v'));
  });

  it('is f before h, and either before d and p', () => {
    given(halves, starts(), fails(morning, 'stopped'))
      .when(fails(evening))
      .then((story) => expect(days(story)).toBe('f'));
    given(halves, starts(), completes(morning))
      .when(fails(evening, 'stopped'))
      .then((story) => expect(days(story)).toBe('h'));
    given(halves, starts(1), fails(morning))
      .when(passes(0))
      .then((story) => expect(days(story)).toBe('f'));
  });

  it('is s when what is not done of it is left out', () => {
    given(halves, starts(1), completes(morning))
      .when(command('skipDay', { customer: 'cvs', day: '2026-01-01' }))
      .then((story) => expect(days(story)).toBe('s'));
  });
});

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
      ...{ status: 'running', statusReason: '2 windows in flight', cluster: 'us-west-2-prod', rejected: [] },
      ...{ range: { start: '2026-01-01', end: '2026-01-05' }, startedAt: '2026-02-01T09:00:00.000Z' },
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
        ...{ customer: 'oportun', days: ['2026-01-01'], class: 'permanent', attempts: 1 },
        ...{ workflowId: 'reindexconversations-oportun-2026-01-01', nextStep: expect.stringMatching(/retryFailed/) },
      }),
      expect.objectContaining({
        ...{ customer: 'marriott', days: ['2026-01-01'], class: 'stopped' },
        nextStep: expect.stringMatching(/resume/),
      }),
    ]);
  });

  it('has no ETA before the first window has completed, while paused or finishing, and after the end', () => {
    const run = backfill({ customers: ['cvs'], end: '2026-01-11' });
    given(run, starts())
      .when(passes(MINUTE))
      .then((story) => expect(progress(story).eta).toBeNull());
    const first = given(run, starts(), passes(59_000), completes('cvs-2026-01-01'), starts());
    first.when(command('pause')).then((story) => expect(progress(story).eta).toBeNull());
    first.when(command('finish')).then((story) => expect(progress(story).eta).toBeNull());
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
});

describe('the log', () => {
  it('reads from the oldest entry to the latest, with times that people write', () => {
    const log = logView(eventful.state);
    expect(log.at(-1)).toMatchObject({
      at: '2026-02-01T09:00:07.000Z',
      what: 'skipDay',
      by: 'ana',
      effect: 'marriott 2026-01-03: was waiting, is skipped',
    });
    expect(log.map(({ at }) => at)).toEqual(log.map(({ at }) => at).sort());
  });
});

describe('the report', () => {
  it('says what was done and what is left, of each customer only what it has', () => {
    const report = reportOf(eventful.state, 'incomplete', eventful.now);
    expect(report).toMatchObject({ outcome: 'incomplete', durationMs: eventful.now - Date.parse(report.startedAt) });
    expect(report.customers[0]).toEqual({
      ...{ id: 'cvs', days: 4, done: 1, windows: 1, retries: 0, busyMs: 1_000 },
      waiting: ['2026-01-03', '2026-01-04'],
    });
    expect(report.customers[2]).toMatchObject({ skipped: ['2026-01-03'], held: ['2026-01-01'], retries: 1 });
    expect(report.attention).toHaveLength(2);
    expect(throughJson(report)).toStrictEqual(report);
  });
});

describe('the table', () => {
  const table = ({ state, now }: Story) => progressTable(state, now);

  it('can be read without any other page', () => {
    expect(table(eventful)).toMatchInlineSnapshot(`
      "**running**: 2 windows in flight

      16% · 1 of 12 days done, 2 running, 1 failed, 1 held, 1 skipped · 2 of at most 3 windows in flight · done by 2026-02-01T09:01:32.000Z

      | customer | days |
      | --- | --- |
      | cvs | \`dr..\` |
      | oportun | \`f...\` |
      | marriott | \`hrs.\` |

      \`.\` waiting \`r\` running \`v\` verifying \`d\` done \`p\` partly done \`f\` failed \`s\` skipped \`h\` held

      Needs attention:

      | customer | days | class | message | next step |
      | --- | --- | --- | --- | --- |
      | oportun | 2026-01-01 | permanent | the permanent failure | fix what the message names, then retryFailed; or skipDay |
      | marriott | 2026-01-01 | stopped | the stopped failure | ask who stopped it and why; then resume, or skipDay |"
    `);
  });

  it('lets no text of others break out of its cell', () => {
    given(backfill({ customers: ['cvs'] }))
      .when(command('pause', { reason: 'a | b\n# c' }))
      .then((story) => expect(table(story).split('\n')[0]).toMatch(/^\*\*paused\*\*: .*a {3}b # c$/));
  });

  it('leaves out who is done, and counts who has no row', () => {
    const customers = Array.from({ length: 60 }, (_, i) => `customer-${i}`);
    const { story } = given(backfill({ customers, end: '2026-01-02' }), starts(), completes('customer-0-2026-01-01'));
    expect(table(story)).not.toContain('customer-0 ');
    expect(table(story)).toMatch(/\| and 19 more \|/);
  });

  it('writes a long range in runs of letters', () => {
    const { story } = given(
      backfill({ customers: ['cvs'], end: '2027-01-01' }),
      starts(),
      completes('cvs-2026-01-01'),
      starts(),
    );
    expect(table(story)).toContain('`d×1 r×1 .×363`');
  });

  it('of very many customers is a summary', () => {
    const customers = Array.from({ length: 501 }, (_, i) => `customer-${i}`);
    const { story } = given(backfill({ customers }), starts(), fails('customer-0-2026-01-01', 'permanent'));
    expect(table(story)).toMatch(/^0 of 501 customers done; windows: 1 started, 0 completed, 1 did not complete\n/);
    expect(table(story)).toMatch(/Needs attention:.*customer-0/s);
  });

  it('of a finished run is short', () => {
    const { story } = given(
      backfill({ customers: ['cvs'], end: '2026-01-02' }),
      starts(),
      completes('cvs-2026-01-01'),
      passes(DAY),
    );
    expect(table(story)).toMatch(/100% · 1 of 1 days done/);
    expect(table(story).split('\n')).toHaveLength(3);
  });
});

describe('what a window usually takes', () => {
  const cvs = backfill({ customers: ['cvs'], end: '2026-01-10' });

  it('is not known before one has ended', () => {
    given(cvs, starts())
      .when(passes(MINUTE))
      .then(({ state }) => expect(usualDuration(state)).toBeUndefined());
  });

  it('is the median: one that takes long changes little, and failures count', () => {
    const took = (ms: number, end: ReturnType<typeof completes>) => [starts(), passes(ms), end];
    given(cvs)
      .when(
        ...took(MINUTE, completes('cvs-2026-01-01')),
        ...took(DAY, completes('cvs-2026-01-02')),
        ...took(2 * MINUTE, fails('cvs-2026-01-03')),
      )
      .then(({ state }) => {
        expect(usualDuration(state)).toBeGreaterThanOrEqual(2 * MINUTE);
        expect(usualDuration(state)).toBeLessThan(3 * MINUTE);
      });
  });
});
