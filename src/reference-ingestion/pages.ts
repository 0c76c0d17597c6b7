import type { Turn } from './conversations.js';
import type { Queryable } from './database.js';
import { rubricVersion, score } from './score.js';
import type { Window } from './window.js';

/**
 * Where a page ended. The time is text with microseconds: a JavaScript date would cut them off, and the next page
 * would then repeat or miss conversations.
 */
export interface Position {
  startedAt: string;
  id: string;
}

/** A conversation with everything that scoring needs. */
export interface PageRow extends Position {
  revision: number;
  agentId: string;
  day: string;
  turns: Turn[];
  /** Where the existing scorecard was counted, when there is one. */
  previousAgentId: string | null;
  previousDay: string | null;
}

/** The next conversations of a window in order of their start, at most `size`; none at the end of the window. */
export async function readPage(
  database: Queryable,
  window: Window,
  after: Position | undefined,
  size: number,
): Promise<PageRow[]> {
  const { rows } = await database.query<PageRow>(
    `SELECT c.id, c.revision, c.agent_id AS "agentId",
       to_char(c.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "startedAt",
       (c.started_at AT TIME ZONE 'UTC')::date::text AS day,
       s.agent_id AS "previousAgentId", s.day::text AS "previousDay",
       (SELECT coalesce(jsonb_agg(jsonb_build_object('speaker', t.speaker, 'atSecond', t.at_second, 'body', t.body)
          ORDER BY t.position), '[]')
        FROM turns t WHERE t.customer_id = c.customer_id AND t.conversation_id = c.id) AS turns
     FROM conversations c
     LEFT JOIN scorecards s ON s.customer_id = c.customer_id AND s.conversation_id = c.id
     WHERE c.customer_id = $1 AND c.started_at >= $2 AND c.started_at < $3
       AND ($4::timestamptz IS NULL OR (c.started_at, c.id) > ($4::timestamptz, $5::text))
     ORDER BY c.started_at, c.id LIMIT $6`,
    [window.customerId, window.startTime, window.endTime, after?.startedAt ?? null, after?.id ?? null, size],
  );
  return rows;
}

/**
 * Writes a page's scorecards. A scorecard made from a newer revision by someone else is left alone.
 *
 * @returns how many were written
 */
export async function writeScorecards(
  transaction: Queryable,
  customerId: string,
  page: readonly PageRow[],
): Promise<number> {
  const scores = page.map(({ turns }) => score(turns));
  const { rowCount } = await transaction.query(
    `INSERT INTO scorecards AS s
       (customer_id, conversation_id, conversation_revision, rubric_version, agent_id, started_at, score, criteria)
     SELECT $1, p.id, p.revision, $2, p.agent_id, p.started_at, p.score, p.criteria
     FROM unnest($3::text[], $4::integer[], $5::text[], $6::timestamptz[], $7::numeric[], $8::jsonb[])
       AS p (id, revision, agent_id, started_at, score, criteria)
     ON CONFLICT (customer_id, conversation_id) DO UPDATE SET
       conversation_revision = excluded.conversation_revision, rubric_version = excluded.rubric_version,
       agent_id = excluded.agent_id, started_at = excluded.started_at,
       score = excluded.score, criteria = excluded.criteria, scored_at = excluded.scored_at
     WHERE (s.rubric_version, s.conversation_revision) <= (excluded.rubric_version, excluded.conversation_revision)`,
    [
      customerId,
      rubricVersion,
      page.map(({ id }) => id),
      page.map(({ revision }) => revision),
      page.map(({ agentId }) => agentId),
      page.map(({ startedAt }) => startedAt),
      scores.map(({ score }) => score),
      scores.map(({ criteria }) => JSON.stringify(criteria)),
    ],
  );
  return rowCount ?? 0;
}

/**
 * Brings the aggregates of every agent on the page up to date, in the order the page has them, each agent's day once.
 * A conversation that moved to another agent or day is also taken off the old one.
 */
export async function refreshAggregates(
  transaction: Queryable,
  customerId: string,
  page: readonly PageRow[],
): Promise<void> {
  const touched = new Map<string, [agentId: string, day: string]>();
  for (const { agentId, day, previousAgentId, previousDay } of page) {
    touched.set(`${agentId} ${day}`, [agentId, day]);
    if (previousAgentId !== null && previousDay !== null) {
      touched.set(`${previousAgentId} ${previousDay}`, [previousAgentId, previousDay]);
    }
  }
  for (const [agentId, day] of touched.values()) {
    await transaction.query('SELECT refresh_agent_day($1, $2, $3)', [customerId, agentId, day]);
  }
}

/**
 * Compares every agent's conversations with every other agent's of the same day, for the days the window touches. One
 * statement that cannot heartbeat and whose cost grows with the number of days and the square of a day's volume: this
 * is what makes windows of large customers outlive their heartbeat timeout.
 */
export async function compareAgents(transaction: Queryable, window: Window): Promise<void> {
  const first = `($2::timestamptz AT TIME ZONE 'UTC')::date`;
  const last = `(($3::timestamptz - interval '1 microsecond') AT TIME ZONE 'UTC')::date`;
  const parameters = [window.customerId, window.startTime, window.endTime];
  // Locked before they are compared, so that the last of two overlapping windows has seen the other's scorecards.
  await transaction.query(
    `SELECT FROM agent_daily WHERE customer_id = $1 AND day BETWEEN ${first} AND ${last} FOR UPDATE`,
    parameters,
  );
  // Day by day and materialized, so that the cost depends on the volume and not on the planner's statistics.
  await transaction.query(
    `WITH compared AS MATERIALIZED (
       SELECT days.day::date, w.agent_id, w.win_share
       FROM generate_series(${first}, ${last}, interval '1 day') AS days (day),
         LATERAL (
           WITH scored AS MATERIALIZED (
             SELECT agent_id, score::float8 FROM scorecards WHERE customer_id = $1 AND scorecards.day = days.day::date
           )
           SELECT a.agent_id,
             avg(CASE WHEN a.score > b.score THEN 1::float8 WHEN a.score = b.score THEN 0.5 ELSE 0 END) AS win_share
           FROM scored a JOIN scored b ON b.agent_id <> a.agent_id
           GROUP BY a.agent_id
         ) w
     )
     UPDATE agent_daily d SET win_share = compared.win_share FROM compared
     WHERE d.customer_id = $1 AND d.agent_id = compared.agent_id AND d.day = compared.day`,
    parameters,
  );
}
