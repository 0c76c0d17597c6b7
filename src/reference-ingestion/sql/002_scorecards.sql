-- What a backfill writes: one scorecard for each conversation.

CREATE TABLE rubrics (
  version integer PRIMARY KEY,
  introduced_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO rubrics (version) VALUES (1);

-- A scorecard is current when it was made with the newest rubric from the newest revision of its conversation.
-- agent_id and started_at are those of the revision that was scored, so that aggregates need no join.
CREATE TABLE scorecards (
  customer_id text COLLATE "C" NOT NULL,
  conversation_id text COLLATE "C" NOT NULL,
  conversation_revision integer NOT NULL,
  rubric_version integer NOT NULL REFERENCES rubrics (version),
  agent_id text COLLATE "C" NOT NULL,
  started_at timestamptz NOT NULL,
  day date NOT NULL GENERATED ALWAYS AS ((started_at AT TIME ZONE 'UTC')::date) STORED,
  score numeric(5, 2) NOT NULL CHECK (score BETWEEN 0 AND 100),
  criteria jsonb NOT NULL,
  scored_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (customer_id, conversation_id),
  FOREIGN KEY (customer_id, conversation_id) REFERENCES conversations (customer_id, id) ON DELETE CASCADE
);

CREATE INDEX scorecards_by_agent_day ON scorecards (customer_id, day, agent_id);
