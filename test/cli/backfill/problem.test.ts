import { ServiceError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { isSilence, problemFrom } from '../../../src/cli/commands/problem.js';
import { type Run, silent } from '../../../src/cli/commands/runs.js';

/** As the client throws what the server said. */
function said(code: number, details: string): Error {
  const cause = Object.assign(new Error(`${code} ${details}`), { code, details, metadata: {} });
  return new ServiceError('Failed to query Workflow', { cause });
}

const run = { workflowId: 'run-1', taskQueue: 'backfill', session: { cluster: { name: 'us-west' } } } as Run;

describe('a run that does not answer', () => {
  it('because no worker polls: says where to look', () => {
    const error = said(9, 'no poller seen for task queue recently, worker may be down');
    expect(isSilence(error)).toBe(true);
    expect(silent(run, error).message).toContain('does a worker poll task queue backfill? See backfill doctor us-west');
  });

  it('because its workflow task fails: says that the worker knows why', () => {
    const error = said(9, 'Unable to query workflow due to Workflow Task in failed state.');
    expect(isSilence(error)).toBe(true);
    expect(problemFrom(error).exitCode).toBe(5);
    expect(silent(run, error).message).toMatch(
      /its workflow task fails again and again; the log of the worker .* says why/,
    );
  });

  it('in time: is silent too where the server was the first to end the call', () => {
    const error = said(1, 'Call cancelled');
    expect(isSilence(error)).toBe(true);
    expect(problemFrom(error).exitCode).toBe(5);
    expect(isSilence(said(1, 'Cancelled on client'))).toBe(false);
  });

  it('is not one that refuses', () => {
    expect(isSilence(said(9, 'update was refused'))).toBe(false);
  });
});
