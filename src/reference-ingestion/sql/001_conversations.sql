-- What ingestion receives: customers, their conversations and the turns of each conversation.

CREATE TABLE customers (
  id text COLLATE "C" PRIMARY KEY,
  cluster text NOT NULL
);

CREATE TABLE conversations (
  customer_id text COLLATE "C" NOT NULL REFERENCES customers (id),
  id text COLLATE "C" NOT NULL,
  started_at timestamptz NOT NULL,
  agent_id text COLLATE "C" NOT NULL,
  channel text NOT NULL CHECK (channel IN ('voice', 'chat')),
  duration_seconds integer NOT NULL CHECK (duration_seconds >= 0),
  -- Goes up whenever the conversation or one of its turns changes; a scorecard made from an older one is stale.
  revision integer NOT NULL DEFAULT 1 CHECK (revision > 0),
  ingested_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (customer_id, id)
);

-- Pages are read by position, not by offset; started_at alone is not unique, so id completes the order.
CREATE INDEX conversations_by_position ON conversations (customer_id, started_at, id);

CREATE TABLE turns (
  customer_id text COLLATE "C" NOT NULL,
  conversation_id text COLLATE "C" NOT NULL,
  position smallint NOT NULL,
  speaker text NOT NULL CHECK (speaker IN ('agent', 'customer')),
  -- Seconds from the start of the conversation.
  at_second integer NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (customer_id, conversation_id, position),
  FOREIGN KEY (customer_id, conversation_id) REFERENCES conversations (customer_id, id) ON DELETE CASCADE
);
