import { fleetRange } from '../../../src/reference-ingestion/fleet.js';

/** The range as people call it, for workflow ids. */
const MONTH = fleetRange.start.slice(0, 7);

export const workflowIdOf = (cluster: string): string => `backfillscorecards-${cluster}-${MONTH}`;

/**
 * What the worker's customer directory asks the database; the role `backfill_reader` may. Bounds are spelled out in
 * UTC, since a day alone would be read in the session's time zone.
 */
export const DIRECTORY_SQL = `
  SELECT customers.id, count(conversations.id)::integer AS conversations
  FROM customers LEFT JOIN conversations ON conversations.customer_id = customers.id
    AND conversations.started_at >= $2::timestamp AT TIME ZONE 'UTC'
    AND conversations.started_at < $3::timestamp AT TIME ZONE 'UTC'
  WHERE customers.cluster = $1
  GROUP BY customers.id ORDER BY customers.id`
  .trim()
  .replace(/\s+/g, ' ');

/** What a window of the real fleet should hold; smaller where less of its volume is loaded. */
const TARGET_CONVERSATIONS = 150_000;
const LEAST_PARALLELISM = 2;

/**
 * All clusters share one small database here, so each sees the load of all. A healthy start stays under these: the two
 * cores of a small machine are busy with a few sessions, and the rest of them only wait a moment longer.
 */
const PROBE = {
  maxLoad: { activeSessions: 16, blockedSessions: 8, deadlocksPerMinute: 6 },
  criticalLoad: { activeSessions: 40, blockedSessions: 24 },
  every: '5s',
};

export interface RequestOptions {
  readonly scale: number;
  readonly parallelism: number;
}

/**
 * The input of a cluster's run: customers and their volumes from the directory, windows that find their size, and a
 * limit that does so too.
 */
export function requestFor(cluster: string, { scale, parallelism }: RequestOptions): object {
  return {
    customers: 'all',
    cluster,
    ...fleetRange,
    window: { initial: 'auto', target: Math.max(1, Math.round(TARGET_CONVERSATIONS * scale)) },
    parallelism: {
      max: parallelism,
      min: Math.min(LEAST_PARALLELISM, parallelism),
      perCustomer: 'auto',
      adaptive: true,
    },
    probe: PROBE,
    verify: 'repair',
    // Nobody waits at this command for an operator: what can't be done goes into the report.
    operatorTimeout: '0s',
  };
}
