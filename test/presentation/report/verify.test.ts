import { describe, expect, it } from 'vitest';
import { LOG_LENGTH } from '../../../src/backfill/state/journal.js';
import { pack } from '../../../src/backfill/state/pack.js';
import { unpack } from '../../../src/backfill/state/unpack.js';
import { logView } from '../../../src/backfill/views/log.js';
import { reportOf } from '../../../src/backfill/views/report.js';
import { proofOf } from '../../../src/presentation/report/proof.js';
import { verifyReport } from '../../../src/presentation/report/verify.js';
import { requestOf, throughJson } from '../../support/core.js';
import { drive } from '../../support/simulator.js';

/** A run with more entries than its log keeps, carried over at each step, as `backfill report --format json` writes it. */
function report() {
  const commands = Array.from({ length: LOG_LENGTH + 30 }, (_, i) => ({
    at: 1 + i,
    name: i % 2 === 0 ? ('pause' as const) : ('resume' as const),
    argument: { by: 'ana' },
  }));
  const { state, endedAt } = drive(requestOf({ customers: ['cvs', 'oportun'] }), {
    commands,
    carry: (state) => unpack(throughJson(pack(state))),
  });
  const result = throughJson(reportOf(state, 'completed', endedAt));
  const run = { cluster: 'eu', workflowId: 'backfillscorecards-eu', log: logView(state), audit: result.audit };
  return throughJson({ version: 1, clusters: [{ ...run, proof: proofOf(result)! }] });
}

type Report = ReturnType<typeof report>;
const whole = report();
const problemsOf = (change: (run: Report['clusters'][number]) => void): string[] => {
  const changed = throughJson(whole);
  change(changed.clusters[0]!);
  return verifyReport(changed)[0]!.problems;
};

describe('a report', () => {
  it('as its run wrote it passes, also when the run continued as new and its log no longer has all entries', () => {
    const [run] = verifyReport(whole);
    expect(run).toMatchObject({ problems: [], rows: 6, seal: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(run!.entries).toBeGreaterThan(LOG_LENGTH);
  });

  it('in which someone changed what was done, who asked for it, or in which order, does not', () => {
    const row = /rows of the proof/;
    const log = /the log is not the one/;
    expect(problemsOf(({ proof }) => Object.assign(proof.rows[0]!, { attempts: 2 }))[0]).toMatch(row);
    expect(problemsOf(({ proof }) => Object.assign(proof, { rows: proof.rows.slice(1) }))[0]).toMatch(row);
    expect(problemsOf(({ log: entries }) => (entries[5]!.by = 'bob'))[0]).toMatch(log);
    expect(problemsOf(({ log: entries }) => entries.reverse())[0]).toMatch(log);
    expect(problemsOf(({ log: entries }) => entries.splice(7, 1))[0]).toMatch(/199 entries, of 200/);
    expect(problemsOf(({ audit }) => (audit!.before.digest = audit!.digest))[0]).toMatch(log);
    expect(problemsOf(({ audit }) => (audit!.seal = audit!.digest))[0]).toMatch(/seal/);
  });

  it('of a run that has not ended, or that is none, says so', () => {
    expect(problemsOf((run) => delete (run as { proof?: unknown }).proof)).toEqual([
      expect.stringMatching(/had not ended/),
    ]);
    expect(() => verifyReport({ clusters: [] })).toThrow();
  });
});
