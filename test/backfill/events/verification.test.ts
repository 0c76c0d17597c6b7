import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evolve } from '../../../src/backfill/events/evolve.js';
import { hoursIn, type Interval, union } from '../../../src/backfill/hours/interval.js';
import { jsonBytes } from '../../../src/backfill/json.js';
import { decide } from '../../../src/backfill/schedule/decide.js';
import { BATCH_DAYS } from '../../../src/backfill/schedule/due-check.js';
import { doneHours } from '../../../src/backfill/state/customer-hours.js';
import { dayOf, MAX_PROOF_ROWS } from '../../../src/backfill/state/ledger.js';
import { pack } from '../../../src/backfill/state/pack.js';
import { sentenceOf } from '../../../src/backfill/state/sentence.js';
import type { State } from '../../../src/backfill/state/state.js';
import { unpack } from '../../../src/backfill/state/unpack.js';
import { without } from '../../../src/backfill/state/update.js';
import { customerView } from '../../../src/backfill/views/customer.js';
import { dayLetters } from '../../../src/backfill/views/day-letters.js';
import { attentionOf, progressOf } from '../../../src/backfill/views/progress.js';
import { proofOf } from '../../../src/backfill/views/proof.js';
import { reportOf } from '../../../src/backfill/views/report.js';
import { statusOf } from '../../../src/backfill/views/status.js';
import { stories } from '../../support/arbitrary.js';
import { DAY, deepFreeze, MINUTE, requestOf, throughJson } from '../../support/core.js';
import { drive } from '../../support/simulator.js';
import {
  backfill,
  beginsCheck,
  command,
  completes,
  fails,
  finds,
  given,
  happens,
  isChecked,
  nextCheck,
  nextStarts,
  passes,
  type Story,
  starts,
} from '../../support/story.js';

const days = ({ state }: Story, index = 0) => dayLetters(state.customers[index]!);
const attention = ({ state }: Story) => attentionOf(state);
const proof = ({ state }: Story) => proofOf(state, state.customers, 1e6);
const log = ({ state }: Story) => state.record.log.map(sentenceOf);

const cvs = (mode: string, input: object = {}) => backfill({ customers: ['cvs'], verify: mode, ...input });
const month = { window: '1mo' };
const all = 'cvs-2026-01-01--2026-01-04';

describe('a completed window', () => {
  it('is verifying until it was checked: not running, for nothing is in flight, and not done', () => {
    given(cvs('report', month), starts())
      .when(completes(all))
      .then((story) => {
        expect(days(story)).toBe('vvv');
        expect(progressOf(story.state, story.now).totals).toMatchObject({ done: 0, running: 0, verifying: 3 });
        expect(statusOf(story.state, story.now).reason).toBe('1 completed window to be verified');
        expect(customerView(story.state, 0, story.now).windows[0]).toMatchObject({ state: 'checking', attempt: 1 });
        expect(nextCheck(story)).toEqual([all]);
      });
    given(cvs('report', month), starts(), completes(all))
      .when(beginsCheck)
      .then((story) => {
        expect(statusOf(story.state, story.now).reason).toBe('verifying 3 days');
        expect(decide(story.state, story.now)).toEqual({ kind: 'wait' });
      });
    given(cvs('report', month), starts(), completes(all))
      .when(isChecked())
      .then((story) => {
        expect(days(story)).toBe('ddd');
        expect(decide(story.state, story.now)).toEqual({ kind: 'end', how: 'completed' });
        expect(log(story)).toContain('verified 3 days: nothing is missing');
      });
  });

  it('is done at once in a run that does not verify', () => {
    given(cvs('off', month), starts())
      .when(completes(all))
      .then((story) => {
        expect(days(story)).toBe('ddd');
        expect(proof(story).rows.map((row) => row.at(-1))).toEqual([false, false, false]);
      });
  });

  it('is checked as of its start, so that what came later is not missing', () => {
    given(cvs('report', month), starts())
      .when(passes(MINUTE), completes(all))
      .then(({ state, now }, before) => {
        const decision = decide(state, now);
        expect(decision).toMatchObject({ kind: 'verify', windows: [{ asOf: before.now - 1_000 }] });
      });
  });

  it('with something missing is done in a report, and named', () => {
    given(cvs('report', month), starts(), completes(all))
      .when(isChecked({ 'cvs-2026-01-02': 12, 'cvs-2026-01-03': 1 }))
      .then((story) => {
        expect(days(story)).toBe('ddd');
        expect(attention(story)).toMatchObject([
          {
            ...{ customer: 'cvs', days: ['2026-01-02', '2026-01-03'], class: 'missing', attempts: 1 },
            message: '13 of 200 conversations have no current scorecard',
          },
        ]);
        expect(proof(story).totals).toEqual({ rows: 3, days: 3, verifiedDays: 1, conversations: 300, scorecards: 287 });
      });
  });

  it('with something missing runs again in a repair, the days with gaps only, each as one window', () => {
    given(cvs('repair', month), starts(), completes(all))
      .when(isChecked({ 'cvs-2026-01-01': 12, 'cvs-2026-01-02': 1 }))
      .then((story) => {
        expect(days(story)).toBe('..d');
        expect(nextStarts(story)).toEqual(['cvs-2026-01-01']);
        expect(attention(story)).toEqual([]);
        expect(log(story)).toContain(
          'cvs 2026-01-01: 12 of 100 conversations have no current scorecard; runs again (repair 1 of 2)',
        );
      });
  });

  const day = cvs('repair', { end: '2026-01-02' });
  const again = [starts(), completes('cvs-2026-01-01'), isChecked({ 'cvs-2026-01-01': 12 })];

  it('that stays short after its repairs has failed, with the numbers', () => {
    given(day, ...again, ...again)
      .when(...again)
      .then((story, before) => {
        expect(days(before)).toBe('.');
        expect(days(story)).toBe('f');
        expect(attention(story)).toMatchObject([
          {
            class: 'missing',
            attempts: 3,
            message: '12 of 100 conversations still have no current scorecard after 2 repairs',
          },
        ]);
      });
  });

  it.each(['retryFailed', 'resetDay'])('that failed is repaired as often again after %s', (name) => {
    const asked = command(name, name === 'resetDay' ? { customer: 'cvs', day: '2026-01-01' } : {});
    given(day, ...again, ...again, ...again, asked, ...again, ...again)
      .when(...again)
      .then((story, before) => {
        expect(days(before)).toBe('.');
        expect(days(story)).toBe('f');
      });
  });

  it('tries as often as any other in each repair', () => {
    const failing = { end: '2026-01-02', retry: { unknown: { attempts: 2 } } };
    given(cvs('repair', failing), ...again, starts(), fails('cvs-2026-01-01'), passes(MINUTE))
      .when(starts(), completes('cvs-2026-01-01'), isChecked())
      .then((story, before) => {
        expect(days(before)).toBe('.');
        expect(proof(story).rows).toMatchObject([
          ['cvs', '2026-01-01', 100, 100, expect.any(String), expect.any(String), 3, true],
        ]);
      });
  });
});

describe('a check that can not be made', () => {
  const all3 = (mode: string) => [cvs(mode, month), starts(), completes(all)] as const;
  const fails3 = (story: Story): Story => {
    const decision = decide(story.state, story.now);
    if (decision.kind !== 'verify') throw new Error('no check');
    const begun = beginsCheck(story);
    const state = evolve(begun.state, {
      kind: 'checkFailed',
      at: begun.now,
      windows: decision.windows,
      reason: 'no database',
    });
    return { state, now: begun.now };
  };

  it('leaves days done but not verified in a report', () => {
    given(...all3('report'))
      .when(fails3)
      .then((story) => {
        expect(days(story)).toBe('ddd');
        expect(proof(story).totals).toMatchObject({ days: 3, verifiedDays: 0, conversations: 0 });
        expect(attention(story)).toMatchObject([
          { class: 'unverified', message: 'could not be verified: no database' },
        ]);
      });
  });

  it('fails them in a repair', () => {
    given(...all3('repair'))
      .when(fails3)
      .then((story) => {
        expect(days(story)).toBe('fff');
        expect(attention(story)).toMatchObject([
          { class: 'unverified', message: 'could not be verified: no database' },
        ]);
      });
  });
});

describe('when a check is due', () => {
  it('a sequential run does not check after each window, but at its end', () => {
    given(cvs('report'), starts())
      .when(completes('cvs-2026-01-01'))
      .then((story) => {
        expect(nextStarts(story)).toEqual(['cvs-2026-01-02']);
        given(() => story, starts())
          .when()
          .then((later) => expect(nextCheck(later)).toEqual([]));
      });
  });

  const ids = Array.from({ length: 150 }, (_, i) => `c${i}`);
  const fleet = backfill({ customers: ids, end: '2026-01-02', parallelism: 150, verify: 'report' });
  const done = (count: number) => ids.slice(0, count).map((id) => completes(`${id}-2026-01-01`));

  it('a hundred windows are enough while others run', () => {
    given(fleet, passes(60 * MINUTE), starts(), ...done(99))
      .when(completes('c99-2026-01-01'))
      .then((story, before) => {
        expect(nextCheck(before)).toEqual([]);
        expect(nextCheck(story)).toHaveLength(100);
      });
  });

  it.each([
    ['ten seconds, in a run that has just begun', 0, 8_000],
    ['a quarter of the run so far', 10 * MINUTE, 3 * MINUTE],
    ['five minutes', 60 * MINUTE, 4 * MINUTE],
  ])('%s are long enough', (_, before, wait) => {
    given(fleet, starts(), passes(before), completes('c0-2026-01-01'), passes(wait))
      .when(passes(MINUTE))
      .then((story, earlier) => {
        expect(nextCheck(earlier)).toEqual([]);
        expect(nextCheck(story)).toEqual(['c0-2026-01-01']);
      });
  });

  it('after a check none begins for nine times as long as it took, unless nothing else is left', () => {
    given(
      fleet,
      starts(),
      ...done(100),
      beginsCheck,
      passes(20_000),
      finds(),
      ...ids.slice(100, 149).map((id) => completes(`${id}-2026-01-01`)),
    )
      .when(passes(100_000))
      .then((story, before) => {
        expect(before.state.checks.notBefore).toBeGreaterThan(before.now);
        expect(nextCheck(before)).toEqual([]);
        expect(nextCheck(story)).toEqual([]);
        given(() => before)
          .when(completes('c149-2026-01-01'))
          .then((last) => expect(nextCheck(last)).toHaveLength(50));
        given(() => before)
          .when(passes(6 * MINUTE))
          .then((later) => expect(nextCheck(later)).toHaveLength(49));
      });
  });

  it('waits while only a back-off is pending and the last check was long', () => {
    const two = backfill({
      customers: ['a', 'b'],
      end: '2026-01-02',
      parallelism: 2,
      verify: 'report',
      retry: { unknown: { backoff: '2h', maxBackoff: '2h' } },
    });
    given(two, starts(), completes('a-2026-01-01'), fails('b-2026-01-01'), beginsCheck, passes(MINUTE), finds())
      .when(command('resetDay', { customer: 'a', day: '2026-01-01' }), starts(), completes('a-2026-01-01'))
      .then((story) => {
        expect(nextCheck(story)).toEqual([]);
        expect(decide(story.state, story.now)).toEqual({ kind: 'wait', until: story.state.checks.notBefore });
      });
  });

  it.each([
    ['paused', command('pause')],
    ['critical', happens((at) => ({ kind: 'healthChanged', at, level: 'critical', reason: 'blockedSessions 30' }))],
    ['finishing', command('finish')],
  ])('not while the run is %s', (_, step) => {
    given(cvs('report', month), starts(), completes(all))
      .when(step)
      .then((story) => expect(nextCheck(story)).toEqual([]));
  });

  it('not beside windows while the database is high', () => {
    const high = happens((at) => ({ kind: 'healthChanged', at, level: 'high', reason: 'activeSessions 20' }));
    given(fleet, starts(), ...done(100))
      .when(high)
      .then((story, before) => {
        expect(nextCheck(before)).toHaveLength(100);
        expect(nextCheck(story)).toEqual([]);
      });
  });

  it('is bounded: the windows that have waited longest, at most so many customer-days', () => {
    const long = Array.from({ length: 3 }, (_, i) => `l${i}`);
    const years = { start: '2022-01-01', end: '2024-12-31', window: '12mo', parallelism: { max: 9, perCustomer: 3 } };
    const input = { customers: long, ...years, verify: 'report' };
    const ran = ['2022-01-01--2023-01-01', '2023-01-01--2024-01-01', '2024-01-01--2024-12-31'];
    const windows = ran.flatMap((range) => long.map((id) => `${id}-${range}`));
    given(backfill(input), starts(), ...windows.map(completes))
      .when()
      .then((story) => {
        expect(nextCheck(story)).toEqual(windows.slice(0, 5));
        expect(BATCH_DAYS).toBeGreaterThanOrEqual(5 * 365);
      });
  });
});

describe('an operator', () => {
  const checking = [
    cvs('repair'),
    starts(),
    completes('cvs-2026-01-01'),
    starts(),
    completes('cvs-2026-01-02'),
    starts(),
    completes('cvs-2026-01-03'),
    beginsCheck,
  ] as const;

  it('takes a day out of a check under way by resetDay; the check says nothing of it', () => {
    given(...checking)
      .when(command('resetDay', { customer: 'cvs', day: '2026-01-02' }), (story) =>
        finds({}, given(...checking).story)(story),
      )
      .then((story) => {
        expect(story.did).toBeUndefined();
        expect(days(story)).toBe('d.d');
      });
  });

  it('who has a day run again hears nothing of the earlier completion, though the check of it ends later', () => {
    const again = [command('resetDay', { customer: 'cvs', day: '2026-01-02' }), starts(), completes('cvs-2026-01-02')];
    given(...checking, ...again)
      .when((story) => finds({ 'cvs-2026-01-02': 5 }, given(...checking).story)(story))
      .then((story) => {
        expect(days(story)).toBe('dvd');
        expect(nextCheck(story)).toEqual(['cvs-2026-01-02']);
      });
  });

  it('leaves a day out by skipDay only if something is missing in it', () => {
    const skip = command('skipDay', { customer: 'cvs', day: '2026-01-02' });
    given(...checking, skip)
      .when(finds())
      .then((story, before) => {
        expect(before.did).toBe('cvs 2026-01-02: was verifying; skipped if something is missing');
        expect(days(story)).toBe('ddd');
      });
    given(...checking, skip)
      .when(finds({ 'cvs-2026-01-02': 3, 'cvs-2026-01-03': 3 }))
      .then((story) => expect(days(story)).toBe('ds.'));
  });

  it('who removes a customer has what is missing of it left out', () => {
    given(...checking, command('removeCustomer', { customer: 'cvs' }))
      .when(finds({ 'cvs-2026-01-02': 3 }))
      .then((story) => expect(days(story)).toBe('dsd'));
  });

  it('who finishes gets a report that says what was not verified', () => {
    given(cvs('repair', month), starts(), completes(all))
      .when(
        command('finish'),
        happens((at) => ({ kind: 'runEnded', at, how: 'completed' })),
      )
      .then(({ state, now }) => {
        const { totals, proof } = reportOf(state, 'completed', now);
        expect(totals).toMatchObject({ done: 3, running: 0 });
        expect(proof.totals).toMatchObject({ days: 3, verifiedDays: 0 });
      });
  });

  it('who knows of done days has them checked as well', () => {
    given(cvs('repair', { customers: [{ id: 'cvs', done: ['2026-01-01--2026-01-03'] }] }))
      .when(starts(), completes('cvs-2026-01-03'), isChecked({ 'cvs-2026-01-02': 5 }))
      .then((story) => {
        expect(days(story)).toBe('d.d');
        expect(proof(story).rows.map((row) => row.slice(4))).toEqual([
          [null, null, 0, true],
          [expect.stringMatching(/cvs-2026-01-03$/), expect.any(String), 1, true],
        ]);
      });
  });
});

/** Stories in which some days were done before the run: told by whoever started it, or found. */
const continued = stories().chain(({ request, script }) => {
  const part = fc
    .tuple(fc.nat(request.customers.length - 1), fc.nat(7), fc.integer({ min: 1, max: 60 }))
    .map(([customer, day, hours]) => {
      const { start, end } = request.customers[customer]!;
      const from = Math.min(start + 24 * day, end - 1);
      return { customer, hours: [from, Math.min(from + hours, end)] as const };
    });
  return fc
    .record({ told: fc.array(part, { maxLength: 3 }), found: fc.array(part, { maxLength: 3 }) })
    .map((earlier) => {
      const customers = request.customers.map((customer, index) => {
        const parts = earlier.told.filter((told) => told.customer === index);
        return {
          ...customer,
          done: union(
            [],
            parts.map(({ hours }): Interval => hours),
          ),
        };
      });
      return { request: { ...request, customers }, script: { ...script, completed: earlier.found } };
    });
});

describe('the proof', () => {
  it('adds up, and anyone can compute its digest', () => {
    fc.assert(
      fc.property(continued, ({ request, script }) => {
        const { state, endedAt, ending } = drive(request, script);
        const { totals, proof } = reportOf(state, ending === 'standing' ? 'cancelled' : ending, endedAt);
        expect(proof.totals.days + proof.omitted).toBe(totals.done);
        expect(proof.omitted).toBe(0);
        expect(proof.totals.rows).toBe(proof.rows.length);
        expect(proof.totals.conversations).toBe(proof.rows.reduce((sum, [, , count]) => sum + (count ?? 0), 0));
        expect(proof.totals.scorecards).toBe(proof.rows.reduce((sum, [, , , count]) => sum + (count ?? 0), 0));
        const lines = proof.rows.map((row) => `${JSON.stringify(row)}\n`).join('');
        expect(proof.digest).toBe(createHash('sha256').update(lines).digest('hex'));
      }),
      { numRuns: 40 },
    );
  });

  it('speaks of done hours only, of each once', () => {
    const watch = ({ customers }: State) => {
      for (const customer of customers) {
        const told = customer.record.ledger.map(({ hours }) => hours);
        expect(hoursIn(told)).toBe(hoursIn(union([], told)));
        expect(union([], told)).toEqual(doneHours(customer));
      }
    };
    fc.assert(
      fc.property(continued, ({ request, script }) => void drive(request, { ...script, watch })),
      { numRuns: 40 },
    );
  });

  it('has a row for each window of a day, which is verified if all of them are', () => {
    const half = cvs('report', { end: '2026-01-02', window: '12h' });
    const ran = ['cvs-2026-01-01T00--2026-01-01T12', 'cvs-2026-01-01T12--2026-01-02T00'];
    given(half, ...ran.flatMap((window) => [starts(), completes(window)]))
      .when((story) => {
        const decision = decide(story.state, story.now);
        if (decision.kind !== 'verify') throw new Error('no check');
        const windows = decision.windows.map((key, i) => {
          return { ...key, days: [[dayOf(key.hours[0]), 100, i === 0 ? 1 : 0] as [number, number, number]] };
        });
        return happens((at) => ({ kind: 'windowsChecked', at, windows }))(beginsCheck(story));
      })
      .then((story) => {
        expect(proof(story).rows.map((row) => row.at(-1))).toEqual([false, true]);
        expect(proof(story).totals).toMatchObject({ rows: 2, days: 1, verifiedDays: 0, conversations: 200 });
      });
  });

  it('with very many days stays within a payload, and counts what it has no room for', () => {
    const ids = Array.from({ length: 400 }, (_, i) => `us-east-1-prod-${String(i).padStart(3, '0')}-${'x'.repeat(60)}`);
    const request = requestOf({ customers: ids, end: '2026-02-01', window: '1mo', parallelism: 400, verify: 'report' });
    const { state, endedAt } = drive(request);
    const report = reportOf(state, 'completed', endedAt);
    expect(report.totals.done).toBe(12_400);
    expect(report.proof.rows.length).toBeGreaterThan(3_000);
    expect(report.proof.rows.length).toBeLessThanOrEqual(MAX_PROOF_ROWS);
    expect(report.proof.totals.days + report.proof.omitted).toBe(12_400);
    expect(jsonBytes(report)).toBeLessThan(1_900_000);
  });

  it('of ten thousand days is all in the report, and small in what a run hands to the next', () => {
    const ids = Array.from({ length: 322 }, (_, i) => `us-east-1-prod-${i}`);
    const { state, endedAt } = drive(
      requestOf({ customers: ids, end: '2026-02-01', parallelism: 322, verify: 'report' }),
    );
    const report = reportOf(state, 'completed', endedAt);
    expect(report.proof.rows).toHaveLength(9_982);
    expect(report.proof.omitted).toBe(0);
    expect(jsonBytes(report)).toBeLessThan(1_900_000);
    expect(jsonBytes(pack(state))).toBeLessThan(500_000);
  });
});

describe('whatever happens to a run that verifies', () => {
  it('a window is not checked twice, and nothing is checked that did not complete', () => {
    fc.assert(
      fc.property(stories(undefined, { verify: 'repair' }), ({ request, script }) => {
        const open = new Map<string, number>();
        const { trace, state } = drive(request, script);
        for (const entry of trace) {
          if (entry.kind === 'ended' && entry.end === 'completed') {
            for (const [from, to] of entry.claims)
              for (let h = from; h < to; h++) open.set(`${entry.customer} ${h}`, entry.at);
          }
          if (entry.kind !== 'checkStarted') continue;
          for (const { customer, hours, endedAt } of entry.windows) {
            const [from, to] = hours;
            for (let h = from; h < to; h++) {
              const name = `${state.customers[customer]!.id} ${h}`;
              expect(open.get(name)).toBe(endedAt);
              open.delete(name);
            }
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('no hour is repaired more often than allowed, unless somebody asks for it anew', () => {
    fc.assert(
      fc.property(stories(['pause', 'resume', 'skipDay'], { verify: 'repair' }), ({ request, script }) => {
        const found = new Map<string, number>();
        for (const entry of drive(request, script).trace) {
          // What was stopped, and so is held, has its attempts and repairs from zero once it is resumed.
          if (entry.kind === 'command' && entry.name === 'resume') found.clear();
          if (entry.kind !== 'checked') continue;
          for (const { customer, hours } of entry.short) {
            const name = `${customer} ${hours[0]}`;
            found.set(name, (found.get(name) ?? 0) + 1);
            expect(found.get(name)).toBeLessThanOrEqual(request.options.verify!.repairs + 1);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('checks take a tenth of the time at most while windows run', () => {
    fc.assert(
      fc.property(stories([], { verify: 'report' }), ({ request, script }) => {
        let free = 0;
        let began = 0;
        for (const entry of drive(request, script).trace) {
          if (entry.kind === 'checkStarted') {
            began = entry.at;
            const left = entry.state.customers.some(
              ({ windows, hours }) => windows.running.length + hours.waiting.length > 0,
            );
            if (left) expect(entry.at).toBeGreaterThanOrEqual(free);
          }
          if (entry.kind === 'checked') free = entry.at + 9 * (entry.at - began);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('it goes on the same after it was handed to the next run, which begins a check under way again', () => {
    fc.assert(
      fc.property(stories(undefined, { verify: 'repair' }), ({ request, script }) => {
        const seen: State[] = [];
        drive(request, { ...script, watch: (state) => void seen.push(state) });
        for (const state of seen) {
          const rest = { ...state, checks: without(state.checks, 'underway') };
          const carried = unpack(throughJson(pack(state)));
          expect(carried).toEqual(rest);
          expect(decide(deepFreeze(carried), state.lifecycle.startedAt + DAY)).toEqual(
            decide(rest, state.lifecycle.startedAt + DAY),
          );
        }
      }),
      { numRuns: 15 },
    );
  });
});
