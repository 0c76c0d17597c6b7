import type pg from 'pg';
import { applies, type Fault, type FaultKind, type FaultParameters, type FaultRule } from './faults.js';
import type { Window } from './window.js';

/** One execution of the workflow, as the activity knows it. */
export interface Execution extends Window {
  workflowId: string;
  runId: string;
  activityAttempt: number;
}

export type Outcome = 'completed' | 'failed' | 'cancelled';

/** What is known when an execution begins. */
export interface Beginning {
  /** False when the database has no such customer. */
  customerExists: boolean;
  /** The fault to inject into this execution. */
  fault?: Fault;
}

/** The record of what ran, and the source of faults. */
export interface ExecutionLog {
  begin(execution: Execution): Promise<Beginning>;
  end(execution: Execution, outcome: Outcome, error?: unknown): Promise<void>;
}

/**
 * The log in `reference.window_executions`, with the faults of `reference.faults`. The first rule that applies counts,
 * rows before `rules`.
 */
export function databaseExecutions(pool: pg.Pool, rules: readonly FaultRule[]): ExecutionLog {
  return {
    async begin(execution) {
      const { customerId, startTime, endTime, workflowId, runId, activityAttempt } = execution;
      const { rows } = await pool.query<{ attempt: number; customer_exists: boolean }>(
        `INSERT INTO reference.window_executions AS e
           (workflow_id, run_id, customer_id, window_start, window_end, activity_attempts, attempt)
         VALUES ($1, $2, $3, $4, $5, $6, (
           SELECT count(*) + 1 FROM reference.window_executions
           WHERE customer_id = $3 AND window_start = $4 AND window_end = $5))
         ON CONFLICT (workflow_id, run_id) DO UPDATE
           SET activity_attempts = excluded.activity_attempts, ended_at = NULL, outcome = NULL, error = NULL
         RETURNING attempt, EXISTS (SELECT FROM customers WHERE id = $3) AS customer_exists`,
        [workflowId, runId, customerId, startTime, endTime, activityAttempt],
      );
      const { attempt, customer_exists: customerExists } = rows[0]!;
      const found = await pool.query<{ kind: FaultKind; parameters: FaultParameters }>(
        `SELECT kind, parameters FROM reference.faults
         WHERE customer_id IN ($1, '*')
           AND (covers IS NULL OR (covers >= $2 AND covers < $3))
           AND (longer_than IS NULL OR $3::timestamptz - $2::timestamptz > longer_than)
           AND $4 BETWEEN first_attempt AND coalesce(last_attempt, $4)
         ORDER BY id LIMIT 1`,
        [customerId, startTime, endTime, attempt],
      );
      const fault = found.rows[0] ?? rules.find((rule) => applies(rule, execution, attempt));
      return { customerExists, ...(fault && { fault }) };
    },
    async end({ workflowId, runId }, outcome, error) {
      await pool.query(
        `UPDATE reference.window_executions SET ended_at = clock_timestamp(), outcome = $3, error = $4
         WHERE workflow_id = $1 AND run_id = $2`,
        [workflowId, runId, outcome, error === undefined ? null : String(error)],
      );
    },
  };
}

/** Counts executions in this process only; for a worker without a database. */
export function memoryExecutions(rules: readonly FaultRule[]): ExecutionLog {
  const runs = new Map<string, string[]>();
  return {
    async begin(execution) {
      const key = `${execution.customerId} ${execution.startTime} ${execution.endTime}`;
      const known = runs.get(key) ?? [];
      if (!known.includes(execution.runId)) runs.set(key, [...known, execution.runId]);
      const attempt = runs.get(key)!.indexOf(execution.runId) + 1;
      const fault = rules.find((rule) => applies(rule, execution, attempt));
      return { customerExists: true, ...(fault && { fault }) };
    },
    async end() {},
  };
}
