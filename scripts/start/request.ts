import { type FleetCustomer, fleetRange } from '../../src/reference-ingestion/fleet.js';

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

/** Of the recorded customers all with fewer conversations completed the month in one window; those with more failed. */
const FIT_FOR_ONE_WINDOW = 500_000;

export interface RequestOptions {
  readonly scale: number;
  readonly parallelism: number;
}

/**
 * The input of a cluster's run.
 *
 * The choice of window sizes is here and nowhere else: a month for most customers, single days for those that were
 * too big for a month. A run has one size unless customers are listed with their own, so a cluster with a big one
 * lists its customers, and any other says `"all"`.
 *
 * @param customers those of the cluster
 */
export function requestFor(
  cluster: string,
  customers: readonly FleetCustomer[],
  { scale, parallelism }: RequestOptions,
): object {
  const big = ({ conversations }: FleetCustomer) => conversations > FIT_FOR_ONE_WINDOW * scale;
  return {
    customers: customers.some(big)
      ? customers.map((customer) => ({
          ...{ id: customer.id, conversations: customer.conversations },
          ...(big(customer) ? { window: '1d' } : {}),
        }))
      : 'all',
    cluster,
    ...fleetRange,
    window: '1mo',
    parallelism: { max: parallelism, perCustomer: 1 },
    // Nobody waits at this command for an operator: what can't be done goes into the report.
    operatorTimeout: '0s',
  };
}
