-- Aggregates for each agent: by UTC day, computed from scorecards, and by UTC month, computed from the days.

CREATE TABLE agent_daily (
  customer_id text COLLATE "C" NOT NULL REFERENCES customers (id),
  agent_id text COLLATE "C" NOT NULL,
  day date NOT NULL,
  conversations integer NOT NULL DEFAULT 0,
  score_total numeric NOT NULL DEFAULT 0,
  average_score numeric GENERATED ALWAYS AS (round(score_total / nullif(conversations, 0), 4)) STORED,
  -- The share of comparisons with other agents' conversations of the same day that this agent's conversations win
  -- (a tie is half a win). Null while there was nobody to compare with.
  win_share double precision,
  refreshed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (customer_id, agent_id, day)
);

CREATE INDEX agent_daily_by_day ON agent_daily (customer_id, day);

CREATE TABLE agent_monthly (
  customer_id text COLLATE "C" NOT NULL REFERENCES customers (id),
  agent_id text COLLATE "C" NOT NULL,
  month date NOT NULL CHECK (month = date_trunc('month', month)::date),
  conversations integer NOT NULL DEFAULT 0,
  score_total numeric NOT NULL DEFAULT 0,
  average_score numeric GENERATED ALWAYS AS (round(score_total / nullif(conversations, 0), 4)) STORED,
  refreshed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (customer_id, agent_id, month)
);

-- Recomputes one agent's day and month.
--
-- Each row is locked first and computed by a LATER statement. Under READ COMMITTED every statement of a volatile
-- function sees what was committed before that statement, so the one that holds the lock sees the work of everyone who
-- held it earlier, and the last one to hold it leaves the right numbers. Computing in the locking statement would
-- lose a concurrent window's conversations.
--
-- The month row is where different windows of one customer meet. Callers come in page order, not in a fixed order
-- of agents, so that windows of one customer running at once deadlock as they do in production.
CREATE FUNCTION refresh_agent_day(the_customer text, the_agent text, the_day date) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  the_month date := date_trunc('month', the_day)::date;
BEGIN
  INSERT INTO agent_daily AS d (customer_id, agent_id, day) VALUES (the_customer, the_agent, the_day)
  ON CONFLICT (customer_id, agent_id, day) DO UPDATE SET refreshed_at = now();

  UPDATE agent_daily d SET conversations = s.conversations, score_total = s.score_total
  FROM (
    SELECT count(*) AS conversations, coalesce(sum(score), 0) AS score_total
    FROM scorecards WHERE customer_id = the_customer AND agent_id = the_agent AND day = the_day
  ) s
  WHERE d.customer_id = the_customer AND d.agent_id = the_agent AND d.day = the_day;

  INSERT INTO agent_monthly AS m (customer_id, agent_id, month) VALUES (the_customer, the_agent, the_month)
  ON CONFLICT (customer_id, agent_id, month) DO UPDATE SET refreshed_at = now();

  UPDATE agent_monthly m SET conversations = d.conversations, score_total = d.score_total
  FROM (
    SELECT coalesce(sum(conversations), 0) AS conversations, coalesce(sum(score_total), 0) AS score_total
    FROM agent_daily
    WHERE customer_id = the_customer AND agent_id = the_agent
      AND day >= the_month AND day < (the_month + interval '1 month')::date
  ) d
  WHERE m.customer_id = the_customer AND m.agent_id = the_agent AND m.month = the_month;
END
$$;
