-- What a backfill's check asks of this schema, for all windows of a batch at once. Role backfill_verifier may.
-- $1 customers, $2 starts, $3 ends (exclusive), $4 what came later than this is not missing.
SELECT
  asked.position AS "window",
  (c.started_at AT TIME ZONE 'UTC')::date AS day,
  count(*) AS conversations,
  count(*) FILTER (
    WHERE s.conversation_id IS NULL
      OR s.conversation_revision < c.revision
      OR s.rubric_version < (SELECT max(version) FROM rubrics WHERE introduced_at <= asked.as_of)
  ) AS missing
FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[]) WITH ORDINALITY
  AS asked (customer_id, starts, ends, as_of, position)
JOIN conversations c
  ON c.customer_id = asked.customer_id AND c.started_at >= asked.starts AND c.started_at < asked.ends
  AND c.revised_at <= asked.as_of
LEFT JOIN scorecards s ON s.customer_id = c.customer_id AND s.conversation_id = c.id
GROUP BY 1, 2
