-- Two roles with the least that their work needs. They cannot log in until each is given a password.
-- Roles belong to the whole server: another database on it may have created them already, or be doing so right now.

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['reindexer', 'backfill_reader'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', name);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;
    END;
  END LOOP;
  -- By default every role may create temporary tables, and on older servers tables in schema public.
  EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO reindexer, backfill_reader', current_database());
END
$$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public, reference TO reindexer, backfill_reader;

GRANT SELECT ON customers, conversations, turns, rubrics TO reindexer;
GRANT SELECT, INSERT, UPDATE ON scorecards, agent_daily, agent_monthly TO reindexer;
REVOKE EXECUTE ON FUNCTION refresh_agent_day(text, text, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION refresh_agent_day(text, text, date) TO reindexer;
GRANT SELECT ON reference.faults TO reindexer;
GRANT SELECT, INSERT, UPDATE ON reference.window_executions TO reindexer;

GRANT SELECT ON ALL TABLES IN SCHEMA public, reference TO backfill_reader;
-- For a probe of the database's load: other sessions' queries and the statistics views.
GRANT pg_monitor TO backfill_reader;
