import { z } from 'zod';
import type { ProofReport } from './document.js';

/** Whether anything was counted: a run without `verify` proves only which window did a day. */
export const wasChecked = ({ rows }: ProofReport): boolean =>
  rows.some(({ verified, conversations }) => verified || conversations !== null);

export const NOT_CHECKED = 'not checked in the database: verify was off, or the worker could not count';

/** The proof in a run's result: rows without field names, since there may be thousands. Runs of an older worker have none. */
const resultWithProof = z.object({
  proof: z.object({
    rows: z.array(
      z.tuple([
        z.string(),
        z.string(),
        z.number().nullable(),
        z.number().nullable(),
        z.string().nullable(),
        z.string().nullable(),
        z.number(),
        z.boolean(),
      ]),
    ),
    omitted: z.number(),
    digest: z.string(),
  }),
});

/** The proof in a run's result, by day and customer; undefined when it has none. */
export function proofOf(result: unknown): ProofReport | undefined {
  const parsed = resultWithProof.safeParse(result);
  if (!parsed.success) return undefined;
  const { rows, omitted, digest } = parsed.data.proof;
  return {
    rows: rows.map(([customer, day, conversations, scorecards, window, completedAt, attempts, verified]) => {
      return { customer, day, conversations, scorecards, window, completedAt, attempts, verified };
    }),
    omitted,
    digest,
  };
}
