import { WorkflowFailedError } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure, CancelledFailure, RetryState, TimeoutFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { classify, FAILURE_CLASSES } from '../../../src/backfill/failures/classify.js';
import { causeChain } from '../../../src/workflows/cause-chain.js';
import { errorOf, failureFixtures } from '../../other-languages/fixtures.js';

describe('causeChain', () => {
  it('keeps what the SDK drops: the attempt before, under a time-out', () => {
    const fixture = failureFixtures.find(({ name }) => name === 'go-schedule-to-close-after-deadlock')!;
    const kinds = causeChain(errorOf(fixture.failure)).map(({ kind }) => kind);
    expect(kinds).toEqual(['child', 'application', 'activity', 'timeout', 'application', 'application']);
  });

  it("tells a workflow's time-out from an activity's", () => {
    const timedOut = new TimeoutFailure('timed out', undefined, 'START_TO_CLOSE');
    const ofActivity = new ActivityFailure('failed', 'reindexWindow', '1', RetryState.TIMEOUT, undefined, timedOut);
    const types = (error: Error) => causeChain(error).at(-1)?.timeoutType;
    expect(types(new WorkflowFailedError('Workflow execution timed out', timedOut, 'TIMEOUT'))).toBe('EXECUTION');
    expect(types(new WorkflowFailedError('Workflow execution failed', ofActivity, 'TIMEOUT'))).toBe('START_TO_CLOSE');
  });

  it('is plain JSON of bounded size', () => {
    const text = `start ${'x'.repeat(10_000)} (SQLSTATE 40P01)`;
    const big = ApplicationFailure.create({ message: text, type: 'T'.repeat(9_000), details: ['d'.repeat(2_000)] });
    const chain = causeChain(new CancelledFailure('stop', [], big));
    expect(JSON.parse(JSON.stringify(chain))).toEqual(chain);
    expect(JSON.stringify(chain).length).toBeLessThan(4_500);
    expect(chain[1]?.message).toMatch(/^start x+ … x+ \(SQLSTATE 40P01\)$/);
    expect(classify(chain.slice(1))).toMatchObject({ class: 'contention' });
  });

  it('keeps small details', () => {
    const failure = ApplicationFailure.create({ message: 'failed', details: [{ sqlstate: '40P01' }] });
    expect(causeChain(failure)).toEqual([
      { kind: 'application', message: 'failed', nonRetryable: false, details: [{ sqlstate: '40P01' }] },
    ]);
  });

  it.each<[string, () => unknown]>([
    ['nothing', () => undefined],
    ['a string', () => 'no'],
    ['a bigint', () => 12n],
    ['a symbol', () => Symbol('no')],
    [
      'an object that holds itself',
      () =>
        Object.assign(
          {},
          {
            get self() {
              return this;
            },
          },
        ),
    ],
    [
      'a proxy that refuses everything',
      () =>
        new Proxy(
          {},
          {
            get: () => {
              throw new Error('no');
            },
            getPrototypeOf: () => {
              throw new Error('no');
            },
          },
        ),
    ],
    [
      'an error whose message throws',
      () =>
        Object.defineProperty(new Error(), 'message', {
          get() {
            throw new Error('no');
          },
        }),
    ],
    ['details that are not JSON', () => ApplicationFailure.create({ message: 'x', details: [12n] })],
  ])('reads %s without throwing', (_, make) => {
    const chain = causeChain(make());
    expect(chain.length).toBeGreaterThan(0);
    expect(FAILURE_CLASSES).toContain(classify(chain).class);
  });

  it('ends, when causes go in a circle', () => {
    const first = new Error('first');
    first.cause = new Error('second', { cause: first });
    expect(causeChain(first)).toHaveLength(32);
  });
});
