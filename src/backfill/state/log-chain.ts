import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { formatTime } from '../hours/calendar.js';
import type { LogEntry } from './log-entry.js';

/**
 * The log as a chain: each entry's digest covers all entries before it, so that none can be changed, left out or put in
 * later without a different last digest. A run keeps only its latest entries; of those before it keeps the digest.
 */
export interface LogBefore {
  entries: number;
  digest: string;
}

interface Log {
  log: readonly LogEntry[];
  logBefore?: LogBefore;
}

export const noEntries: LogBefore = { entries: 0, digest: '' };

/**
 * The digest of a chain with one entry more: SHA-256, in hexadecimal, over the digest before it, a line feed, and the entry as
 * compact JSON `[at, by, fact]`, `by` null for none.
 */
export function chained(
  before: string,
  [at, by, fact]: readonly [at: string, by: string | null, fact: unknown],
): string {
  return bytesToHex(sha256(utf8ToBytes(`${before}\n${JSON.stringify([at, by, fact])}`)));
}

const linkOf = ({ at, by, ...fact }: LogEntry) => [formatTime(at), by ?? null, fact] as const;

/** What stays in memory of a log that keeps so many entries, and the digest of the others. */
export function latestEntries({ log, logBefore = noEntries }: Log, length: number): Log {
  const leaving = log.slice(0, Math.max(0, log.length - length));
  if (leaving.length === 0) return { log };
  const digest = leaving.reduce((before, entry) => chained(before, linkOf(entry)), logBefore.digest);
  return { log: log.slice(leaving.length), logBefore: { entries: logBefore.entries + leaving.length, digest } };
}

/** The digest of all entries, and where those begin that the run still has. */
export function logChain({ log, logBefore = noEntries }: Log): {
  before: LogBefore;
  entries: number;
  digest: string;
} {
  const digest = log.reduce((before, entry) => chained(before, linkOf(entry)), logBefore.digest);
  return { before: logBefore, entries: logBefore.entries + log.length, digest };
}
