import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hoursIn, type Interval, union } from '../../../src/backfill/hours/interval.js';
import { jsonBytes } from '../../../src/backfill/json.js';
import { decide } from '../../../src/backfill/schedule/decide.js';
import { doneHours } from '../../../src/backfill/state/customer-hours.js';
import { dayOf, MAX_PROOF_ROWS } from '../../../src/backfill/state/ledger.js';
import { pack } from '../../../src/backfill/state/pack.js';
import type { State } from '../../../src/backfill/state/state.js';
import { reportOf } from '../../../src/backfill/views/report.js';
import { stories } from '../../support/arbitrary.js';
import { requestOf } from '../../support/core.js';
import { drive } from '../../support/simulator.js';
import { beginsCheck, completes, given, happens, starts } from '../../support/story.js';
import { cvs, proof } from '../../support/verified.js';

/** Stories in which some days were done before the run: named by the input, or found. */
const continued = stories().chain(({ request, script }) => {
  const part = fc
    .tuple(fc.nat(request.customers.length - 1), fc.nat(7), fc.integer({ min: 1, max: 60 }))
    .map(([customer, day, hours]) => {
      const { start, end } = request.customers[customer]!;
      const from = Math.min(start + 24 * day, end - 1);
      return { customer, hours: [from, Math.min(from + hours, end)] as const };
    });
  return fc
    .record({ named: fc.array(part, { maxLength: 3 }), found: fc.array(part, { maxLength: 3 }) })
    .map((earlier) => {
      const customers = request.customers.map((customer, index) => {
        const parts = earlier.named.filter((part) => part.customer === index);
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
        const covered = customer.record.ledger.map(({ hours }) => hours);
        expect(hoursIn(covered)).toBe(hoursIn(union([], covered)));
        expect(union([], covered)).toEqual(doneHours(customer));
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
    // Seconds of calculation, which a loaded machine makes a minute.
  }, 240_000);
});
