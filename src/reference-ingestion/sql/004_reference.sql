-- What only the stand-in has, in a schema of its own: failures that it is to produce, and a log of what it ran.

CREATE SCHEMA reference;

CREATE TABLE reference.faults (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- One customer, or '*' for every customer.
  customer_id text NOT NULL,
  -- Only windows that contain this instant.
  covers timestamptz,
  -- Only windows longer than this.
  longer_than interval,
  -- Only these executions of the same window, counted from 1.
  first_attempt integer NOT NULL DEFAULT 1 CHECK (first_attempt > 0),
  last_attempt integer CHECK (last_attempt >= first_attempt),
  kind text NOT NULL CHECK (kind IN (
    'heartbeat-timeout', 'start-to-close-timeout', 'execution-timeout', 'contention', 'overload', 'stopped',
    'permanent', 'unknown', 'slow', 'crash', 'hole'
  )),
  parameters jsonb NOT NULL DEFAULT '{}'
);

-- One row for each workflow execution that began to work. ended_at stays null when the activity could not say how
-- it ended: its process died, or its time was up.
CREATE TABLE reference.window_executions (
  workflow_id text NOT NULL,
  run_id text NOT NULL,
  customer_id text NOT NULL,
  window_start timestamptz NOT NULL,
  window_end timestamptz NOT NULL,
  attempt integer NOT NULL,
  activity_attempts integer NOT NULL DEFAULT 1,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz,
  outcome text CHECK (outcome IN ('completed', 'failed', 'cancelled')),
  error text,
  PRIMARY KEY (workflow_id, run_id)
);

CREATE INDEX window_executions_by_window ON reference.window_executions (customer_id, window_start, window_end);
