-- For checks of what a backfill has done: since when each conversation is as it is, and a role that can only count.

-- Unlike ingested_at it moves with the revision: a scorecard that is stale because of a later change is no gap.
ALTER TABLE conversations ADD COLUMN revised_at timestamptz NOT NULL DEFAULT clock_timestamp();

CREATE FUNCTION note_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.revised_at := clock_timestamp();
  RETURN NEW;
END
$$;

CREATE TRIGGER conversation_revised BEFORE UPDATE OF revision ON conversations
FOR EACH ROW WHEN (NEW.revision IS DISTINCT FROM OLD.revision) EXECUTE FUNCTION note_revision();

DO $$
BEGIN
  CREATE ROLE backfill_verifier NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  -- Roles belong to the whole server: another database on it may have created this one.
  NULL;
END
$$;

DO $$
BEGIN
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO backfill_verifier', current_database());
END
$$;
GRANT USAGE ON SCHEMA public TO backfill_verifier;
GRANT SELECT (customer_id, id, started_at, revision, revised_at) ON conversations TO backfill_verifier;
GRANT SELECT (customer_id, conversation_id, conversation_revision, rubric_version) ON scorecards TO backfill_verifier;
GRANT SELECT ON rubrics TO backfill_verifier;
