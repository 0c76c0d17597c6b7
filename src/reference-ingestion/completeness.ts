import type { Queryable } from './database.js';

/** What to count: conversations that started in [start, end), RFC 3339 instants or UTC days. */
export interface CompletenessQuery {
  start: string;
  end: string;
  /** Only these customers; by default all. */
  customers?: readonly string[];
  /** Only customers of this cluster; by default all. */
  cluster?: string;
}

/** How complete a customer is; `conversations` is `scorecards` plus `missing`. */
export interface Completeness {
  conversations: number;
  /** Conversations with a current scorecard. */
  scorecards: number;
  /** Conversations without a current scorecard. */
  missing: number;
  /** Those of `missing` that have a scorecard of an older rubric or revision. */
  stale: number;
  /** Agents' days and months, of those the range touches, that disagree with the scorecards. */
  wrongAggregates: number;
}

export interface CompletenessReport {
  customers: ({ customerId: string; cluster: string } & Completeness)[];
  total: Completeness;
}

/**
 * Counts what is present and what is missing, read-only; role `backfill_reader` is enough. It reads every scorecard of the
 * range, so it is for reports, not for polling.
 */
export async function completeness(database: Queryable, query: CompletenessQuery): Promise<CompletenessReport> {
  const { rows } = await database.query<CompletenessReport['customers'][number]>(completenessSql, [
    utc(query.start),
    utc(query.end),
    query.customers ?? null,
    query.cluster ?? null,
  ]);
  const total: Completeness = { conversations: 0, scorecards: 0, missing: 0, stale: 0, wrongAggregates: 0 };
  for (const row of rows) {
    for (const name of Object.keys(total) as (keyof Completeness)[]) total[name] += row[name];
  }
  return { customers: rows, total };
}

/** A day without a time would be read in the session's time zone. */
function utc(value: string): string {
  return /^\d{4}-\d{2}-\d{2}$/.test(value) ? `${value}T00:00:00Z` : value;
}

const completenessSql = `
WITH bounds AS (
  SELECT $1::timestamptz AS starts, $2::timestamptz AS ends,
    ($1::timestamptz AT TIME ZONE 'UTC')::date AS first_day,
    (($2::timestamptz - interval '1 microsecond') AT TIME ZONE 'UTC')::date AS last_day
), chosen AS (
  SELECT id, cluster FROM customers
  WHERE ($3::text[] IS NULL OR id = ANY ($3)) AND ($4::text IS NULL OR cluster = $4)
), counted AS (
  SELECT c.customer_id, count(*) AS conversations,
    count(*) FILTER (WHERE s.conversation_id IS NULL) AS absent,
    count(*) FILTER (WHERE s.conversation_revision < c.revision
      OR s.rubric_version < (SELECT max(version) FROM rubrics)) AS stale
  FROM conversations c
  LEFT JOIN scorecards s ON s.customer_id = c.customer_id AND s.conversation_id = c.id
  WHERE c.started_at >= (SELECT starts FROM bounds) AND c.started_at < (SELECT ends FROM bounds)
    AND c.customer_id IN (SELECT id FROM chosen)
  GROUP BY c.customer_id
), expected_days AS (
  SELECT customer_id, agent_id, day, count(*) AS conversations, sum(score) AS score_total
  FROM scorecards, bounds
  WHERE day BETWEEN date_trunc('month', first_day)::date
    AND (date_trunc('month', last_day) + interval '1 month - 1 day')::date
    AND customer_id IN (SELECT id FROM chosen)
  GROUP BY customer_id, agent_id, day
), wrong AS (
  SELECT coalesce(e.customer_id, d.customer_id) AS customer_id
  FROM (SELECT * FROM expected_days, bounds WHERE day BETWEEN first_day AND last_day) e
  FULL JOIN (SELECT * FROM agent_daily, bounds WHERE day BETWEEN first_day AND last_day) d
    USING (customer_id, agent_id, day)
  WHERE coalesce(e.conversations, 0) <> coalesce(d.conversations, 0)
    OR coalesce(e.score_total, 0) <> coalesce(d.score_total, 0)
  UNION ALL
  SELECT coalesce(e.customer_id, m.customer_id)
  FROM (
    SELECT customer_id, agent_id, date_trunc('month', day)::date AS month,
      sum(conversations) AS conversations, sum(score_total) AS score_total
    FROM expected_days GROUP BY 1, 2, 3
  ) e
  FULL JOIN (
    SELECT * FROM agent_monthly, bounds WHERE month BETWEEN date_trunc('month', first_day)::date AND last_day
  ) m USING (customer_id, agent_id, month)
  WHERE coalesce(e.conversations, 0) <> coalesce(m.conversations, 0)
    OR coalesce(e.score_total, 0) <> coalesce(m.score_total, 0)
)
SELECT chosen.id AS "customerId", chosen.cluster,
  coalesce(n.conversations, 0)::integer AS conversations,
  (coalesce(n.conversations, 0) - coalesce(n.absent, 0) - coalesce(n.stale, 0))::integer AS scorecards,
  (coalesce(n.absent, 0) + coalesce(n.stale, 0))::integer AS missing,
  coalesce(n.stale, 0)::integer AS stale,
  (SELECT count(*) FROM wrong w WHERE w.customer_id = chosen.id)::integer AS "wrongAggregates"
FROM chosen LEFT JOIN counted n ON n.customer_id = chosen.id
ORDER BY chosen.cluster, chosen.id`;
