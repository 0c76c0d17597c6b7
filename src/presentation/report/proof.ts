import type { Proof } from '../../backfill/views/proof.js';
import type { ProofReport } from './document.js';

/** Whether anything was counted: a run without `verify` proves only which window did a day. */
export const wasChecked = ({ rows }: ProofReport): boolean =>
  rows.some(({ verified, conversations }) => verified || conversations !== null);

export const NOT_CHECKED = 'not checked in the database: verify was off, or the worker could not count';

/**
 * The proof in a run's result, whose rows have no field names, since there may be thousands; undefined when it has none, as
 * the result of an older worker.
 */
export function proofOf(result: { proof?: Pick<Proof, 'rows' | 'omitted' | 'digest'> } = {}): ProofReport | undefined {
  if (!result.proof) return undefined;
  const { rows, omitted, digest } = result.proof;
  return {
    rows: rows.map(([customer, day, conversations, scorecards, window, completedAt, attempts, verified]) => {
      return { customer, day, conversations, scorecards, window, completedAt, attempts, verified };
    }),
    omitted,
    digest,
  };
}
