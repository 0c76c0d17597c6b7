import { expect, it } from 'vitest';
import { type Polling, Readiness } from '../../src/worker/readiness.js';

const at = (status: object): Polling => ({
  getStatus: () =>
    ({ runState: 'RUNNING', workflowPollerState: 'POLLING', activityPollerState: 'POLLING', ...status }) as never,
});

function ready(status: object = {}): Readiness {
  const readiness = new Readiness();
  readiness.created(at(status));
  readiness.answered(0);
  return readiness;
}

it('A worker is ready when it polls and Temporal answered a moment ago', () => {
  expect(new Readiness().problem(0)).toBe('it has not connected to Temporal yet');
  expect(ready().problem(15_000)).toBeUndefined();
});

it.each([
  [{ runState: 'INITIALIZED' }, 'the worker is INITIALIZED'],
  [{ runState: 'STOPPING' }, 'the worker is STOPPING'],
  [{ runState: 'DRAINING' }, 'the worker is DRAINING'],
  [{ workflowPollerState: 'FAILED' }, 'its workflow poller is FAILED'],
  [{ activityPollerState: 'SHUTDOWN' }, 'its activity poller is SHUTDOWN'],
])('A worker whose state is %j is not ready, and says why', (status, problem) => {
  expect(ready(status).problem(0)).toBe(problem);
});

it('A worker whose server went silent without an error is not ready for long', () => {
  expect(ready().problem(16_000)).toBe('Temporal last answered 16 s ago');
});

it('A worker whose last question failed is not ready, and says what Temporal answered', () => {
  const readiness = ready();
  readiness.unreachable('Temporal does not answer: connection refused');
  expect(readiness.problem(1)).toBe('Temporal does not answer: connection refused');
});
