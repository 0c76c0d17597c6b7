import { ServiceError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { noAnswerFrom, type Run } from '../../src/operations/find-run.js';
import { isNoAnswer, problemFrom } from '../../src/operations/problem.js';

/** As the client throws what the server said. */
function said(code: number, details: string): Error {
  const cause = Object.assign(new Error(`${code} ${details}`), { code, details, metadata: {} });
  return new ServiceError('Failed to query Workflow', { cause });
}

const events = [
  { workflowExecutionSignaledEventAttributes: {} },
  { workflowTaskFailedEventAttributes: { failure: { message: 'Nondeterminism error:\nno such window' } } },
];
const client = {
  options: { namespace: 'ingestion' },
  withDeadline: (_: number, ask: () => unknown) => ask(),
  workflowService: { getWorkflowExecutionHistoryReverse: async () => ({ history: { events } }) },
};
const run = {
  workflowId: 'run-1',
  taskQueue: 'backfill',
  session: { cluster: { name: 'us-west' }, client },
} as never as Run;

describe('a run that does not answer', () => {
  it('because no worker polls: names the task queue to check', async () => {
    const error = said(9, 'no poller seen for task queue recently, worker may be down');
    expect(isNoAnswer(error)).toBe(true);
    expect((await noAnswerFrom(run, error)).message).toContain(
      'check that a worker polls task queue backfill, or see backfill doctor us-west',
    );
  });

  it('because its workflow task fails: says why, and points to the log of the worker', async () => {
    const error = said(9, 'Unable to query workflow due to Workflow Task in failed state.');
    expect(isNoAnswer(error)).toBe(true);
    expect(problemFrom(error).exitCode).toBe(5);
    expect((await noAnswerFrom(run, error)).message).toMatch(
      /its workflow task keeps failing: Nondeterminism error: no such window; the log of the worker .* says more/,
    );
  });

  it('in time: counts as no answer also where the server ended the call first', () => {
    const error = said(1, 'Call cancelled');
    expect(isNoAnswer(error)).toBe(true);
    expect(problemFrom(error).exitCode).toBe(5);
    expect(isNoAnswer(said(1, 'Cancelled on client'))).toBe(false);
  });

  it('is not a run that refuses a command', () => {
    expect(isNoAnswer(said(9, 'update was refused'))).toBe(false);
  });
});
