import type { Client } from '@temporalio/client';

/** How long the server and the run's worker have to answer. */
export const PATIENCE_MS = 15_000;

/** Calls that together have a time limit. */
export const within = <T>(client: Client, calls: () => Promise<T>, ms = PATIENCE_MS): Promise<T> =>
  client.withDeadline(Date.now() + ms, calls);
