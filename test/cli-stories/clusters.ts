/** What the stories of the `backfill` command share. */
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { Progress } from '../../src/backfill/views/progress.js';
import type { Answered } from '../support/backfill.js';

/** Each call of the command is a process, and the machine may be busy. */
export const MANY_CALLS_MS = 180_000;

/** Queues, workflow ids and names of clusters that no other test file has. */
export function namesOfThisFile() {
  const own = randomUUID().slice(0, 8);
  return {
    taskQueue: `backfill-${own}`,
    childQueue: `ingestion-${own}`,
    prefix: `reindexconversations-${own}`,
    clusterOf: (name: string) => `${name}-${own}`,
  };
}

/** A cluster's part of what `status --output json` prints. */
export interface StatusFields {
  cluster: string;
  run: { workflowId: string; status: string } | null;
  progress: Progress | null;
  ending: string | null;
  startedByHand: { counts: Record<string, number>; running: string[] };
  problem?: { exitCode: number; message: string };
}

/** The days of all customers: `cvs dd.,oportun r..`. */
export const daysOf = (progress: Progress | null | undefined) =>
  progress?.customers.map(({ id, days }) => `${id} ${days}`).join();

/** Fails unless what was printed fits into 80 columns, and has no colour codes: it is read in a pipe. */
export function expectPlainAndNarrow({ stdout, stderr }: Answered): void {
  for (const line of stdout.split('\n')) expect([...line].length, line).toBeLessThanOrEqual(80);
  expect(stdout + stderr).not.toContain('\u001b');
}
