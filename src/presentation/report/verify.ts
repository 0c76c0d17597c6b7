import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { chained } from '../../backfill/state/log-chain.js';
import { PROOF_COLUMNS } from '../../backfill/views/proof.js';
import { sealOf } from '../../backfill/views/report.js';

/** What `backfill report --format json` wrote, as far as it can be checked. */
const row = z.object({
  customer: z.string(),
  day: z.string(),
  conversations: z.number().nullable(),
  scorecards: z.number().nullable(),
  window: z.string().nullable(),
  completedAt: z.string().nullable(),
  attempts: z.number(),
  verified: z.boolean(),
});
const entry = z.object({ at: z.string(), by: z.string().optional(), fact: z.unknown() });
const run = z.object({
  cluster: z.string(),
  workflowId: z.string(),
  proof: z.object({ rows: z.array(row), digest: z.string() }).optional(),
  log: z.array(entry),
  audit: z
    .object({
      entries: z.number(),
      digest: z.string(),
      before: z.object({ entries: z.number(), digest: z.string() }),
      seal: z.string(),
    })
    .optional(),
});
const document = z.object({ clusters: z.array(run).min(1) });

export interface Verified {
  cluster: string;
  workflowId: string;
  rows: number;
  entries: number;
  /** Compare it with the one in the run's last notification: only that shows a report that was rewritten as a whole. */
  seal: string | null;
  /** Sentences about what does not fit; none if all does. */
  problems: string[];
}

/**
 * Checks a report against its own digests: rows, log entries and their order are as the run wrote them.
 *
 * @throws ZodError for what is not such a report
 */
export const verifyReport = (report: unknown): Verified[] => document.parse(report).clusters.map(verified);

function verified({ cluster, workflowId, proof, log, audit }: z.infer<typeof run>): Verified {
  const result = { cluster, workflowId, rows: proof?.rows.length ?? 0, entries: audit?.entries ?? 0 };
  if (!proof) return { ...result, seal: null, problems: ['it has no proof: the run had not ended'] };
  const problems: string[] = [];
  const lines = proof.rows.map((row) => `${JSON.stringify(PROOF_COLUMNS.map((column) => row[column]))}\n`);
  if (bytesToHex(sha256(utf8ToBytes(lines.join('')))) !== proof.digest) {
    problems.push('the rows of the proof are not those that the run wrote: their digest is another');
  }
  if (!audit)
    return { ...result, seal: null, problems: [...problems, 'its log has no digest: the run is of an older release'] };
  const { before, entries, digest, seal } = audit;
  if (before.entries + log.length !== entries) {
    problems.push(`the log has ${log.length} entries, of ${entries - before.entries} that the run had at its end`);
  }
  const last = log.reduce((sum, { at, by = null, fact }) => chained(sum, [at, by, fact]), before.digest);
  if (last !== digest) problems.push('the log is not the one that the run wrote: its digest is another');
  if (sealOf(proof.digest, digest) !== seal) problems.push('the seal does not fit the digests of proof and log');
  return { ...result, seal, problems };
}
