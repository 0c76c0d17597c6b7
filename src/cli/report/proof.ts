import { z } from 'zod';
import type { ProofReport } from './document.js';

/** Whether anything was looked at: a run that verifies nothing proves only which window a day was done by. */
export const wasChecked = ({ rows }: ProofReport): boolean =>
  rows.some(({ verified, conversations }) => verified || conversations !== null);

export const NOT_CHECKED = 'not checked in the database: verify was off, or the worker could not count';

/** As a run's result has it: rows without names, since there may be thousands. Runs of an older worker have none. */
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

/** What a run's result proves of each customer's day; undefined when it proves nothing. */
export function proofOf(result: unknown): ProofReport | undefined {
  const parsed = resultWithProof.safeParse(result);
  if (!parsed.success) return undefined;
  const { rows, omitted, digest } = parsed.data.proof;
  return {
    rows: rows.map(([customer, day, conversations, scorecards, window, completedAt, attempts, verified]) => {
      return { customer, day, conversations, scorecards, window, completedAt, attempts, verified };
    }),
    ...{ omitted, digest },
  };
}
