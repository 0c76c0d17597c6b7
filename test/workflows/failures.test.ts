import { describe, expect, it } from 'vitest';
import { useRig } from '../support/harness.js';
import { type BackfillHandle, untilDone } from '../support/run.js';

const rig = useRig();

const days = { start: '2026-01-01', end: '2026-01-04' };
const soon = { backoff: '200ms', maxBackoff: '1s' };
const retry = {
  unknown: { attempts: 2, ...soon },
  contention: { attempts: 2, ...soon },
  overload: { attempts: 2, ...soon },
};

/** The children of a run as `id status`, in the order of their starts. */
const story = async (run: BackfillHandle) =>
  (await run.children()).map(({ workflowId, status }) => `${workflowId.slice(run.prefix.length + 1)} ${status}`);

describe('a window that fails', () => {
  it('is tried again after a back-off, then its days have failed and the rest continues', async () => {
    const run = await rig.startBackfill({ customers: ['flaky-a', 'cvs'], ...days, end: '2026-01-03', retry });
    const waiting = await run.until(({ status }) => status === 'waitingForOperator');
    expect(waiting).toMatchObject({
      statusReason: expect.stringContaining('only failed days are left; the run continues after retryFailed, '),
      customers: [{ days: 'ff' }, { days: 'dd' }],
      totals: { failed: 2, done: 2, windows: { started: 6, completed: 2, failed: 4 } },
      attention: [
        {
          customer: 'flaky-a',
          days: ['2026-01-01', '2026-01-02'],
          class: 'unknown',
          message: expect.stringContaining('something odd'),
          attempts: 2,
          // Of the window that failed last: jitter decides whose second try that is.
          workflowId: expect.stringMatching(/-flaky-a-2026-01-0[12]$/),
          nextStep: expect.stringContaining('retryFailed'),
        },
      ],
    });
    for (const day of ['2026-01-01', '2026-01-02']) {
      const tries = (await run.children()).filter(({ workflowId }) => workflowId.endsWith(`flaky-a-${day}`));
      expect(tries).toHaveLength(2);
      // Half of the back-off is the least that its jitter leaves.
      expect(tries[1]!.from - tries[0]!.to).toBeGreaterThanOrEqual(100);
    }
    await run.update('finish');
    expect(await run.report()).toMatchObject({ customers: [{ failed: ['2026-01-01', '2026-01-02'] }, {}] });
  });

  it('is tried again after retryFailed, as a signal and as an Update', async () => {
    const run = await rig.startBackfill({
      customers: [
        { id: 'shaky-a', end: '2026-01-02' },
        { id: 'shaky-b', end: '2026-01-02' },
      ],
      ...days,
      retry: { unknown: { attempts: 1 } },
    });
    await run.until(({ status }) => status === 'waitingForOperator');
    await run.signal('retryFailed', { by: 'ana' });
    await run.until(({ status, totals }) => status === 'waitingForOperator' && totals.windows.failed === 4);
    expect(await run.update('retryFailed', { customer: 'shaky-b' })).toMatchObject({
      did: 'shaky-b 2026-01-01 waits again',
      status: 'running',
    });
    await run.until(({ status, totals }) => status === 'waitingForOperator' && totals.done === 1);
    expect((await run.customer('shaky-b')).windows).toMatchObject([
      { state: 'completed', attempt: 1 },
      { state: 'unsuccessful', attempt: 1, class: 'unknown' },
      { state: 'unsuccessful', attempt: 1, class: 'unknown' },
    ]);
    await run.update('retryFailed');
    expect(await run.report()).toMatchObject({ totals: { done: 2, windows: { started: 6, completed: 2, failed: 4 } } });
  });

  it.each([
    ['contention', 'deadlocked-a', 'deadlock detected'],
    ['overload', 'overloaded-a', 'sorry, too many clients already'],
  ])('of %s goes again as the same window', async (name, customer, message) => {
    const run = await rig.startBackfill({ customers: [customer], start: '2026-01-01', end: '2026-01-02', retry });
    expect(await run.report()).toMatchObject({
      totals: { done: 1, windows: { started: 2, failed: 1 } },
      attention: [],
    });
    expect(await story(run)).toEqual([`${customer}-2026-01-01 FAILED`, `${customer}-2026-01-01 COMPLETED`]);
    const log = await run.log();
    expect(log[0]).toMatchObject({
      what: 'decision',
      effect: expect.stringMatching(new RegExp(`${name} \\(attempt 1 of 2\\), again in .*${message}`)),
    });
  });

  it('by its time-out is a timeout', async () => {
    const run = await rig.startBackfill({
      customers: ['slow-a'],
      start: '2026-01-01',
      end: '2026-01-02',
      child: { executionTimeout: '1s' },
      retry: { timeout: { attempts: 1 } },
    });
    expect(await run.until(({ status }) => status === 'waitingForOperator')).toMatchObject({
      attention: [{ class: 'timeout', days: ['2026-01-01'] }],
    });
    await run.update('finish');
  });

  it('for good fails at once, with its message', async () => {
    const run = await rig.startBackfill({ customers: ['broken-a', 'cvs'], ...days, end: '2026-01-02' });
    expect(await run.until(({ status }) => status === 'waitingForOperator')).toMatchObject({
      attention: [
        { customer: 'broken-a', class: 'permanent', message: expect.stringContaining('no such customer'), attempts: 1 },
      ],
    });
    expect(await story(run)).toEqual(['broken-a-2026-01-01 FAILED', 'cvs-2026-01-01 COMPLETED']);
    await run.update('skipDay', { customer: 'broken-a', day: '2026-01-01' });
    expect(await run.report()).toMatchObject({ totals: { done: 1, skipped: 1, failed: 0 } });
  });

  it('that no worker takes is a timeout too, once the child’s execution time-out has passed', async () => {
    const run = await rig.startBackfill({
      customers: ['cvs'],
      start: '2026-01-01',
      end: '2026-01-02',
      child: { taskQueue: 'nobody-polls-this', executionTimeout: '1s' },
      retry: { timeout: { attempts: 1 } },
      operatorTimeout: '0s',
    });
    expect((await run.failure()).type).toBe('BackfillIncomplete');
  });
});

describe('a run of which only failed days are left', () => {
  it('fails as BackfillIncomplete with its report when no operator came in time', async () => {
    const run = await rig.startBackfill({ customers: ['broken-a', 'cvs'], ...days, operatorTimeout: '0s' });
    const failure = await run.failure();
    expect(failure).toMatchObject({
      type: 'BackfillIncomplete',
      nonRetryable: true,
      message: '3 failed and 0 held of 6 days are left, and no operator came in time',
    });
    expect(failure.details?.[0]).toMatchObject({
      outcome: 'incomplete',
      totals: { days: 6, done: 3, failed: 3 },
      attention: [{ customer: 'broken-a', class: 'permanent', days: [{}, {}, {}].map(() => expect.any(String)) }],
    });
    // Queries answer on a failed run too.
    expect(await run.progress()).toMatchObject({ statusReason: 'no operator came in time; failed days are left' });
  });

  it('stays open for operatorTimeout', async () => {
    const run = await rig.startBackfill({ customers: ['broken-a'], ...days, operatorTimeout: '1s' });
    const waiting = await run.until(({ status }) => status === 'waitingForOperator');
    expect((await run.failure()).type).toBe('BackfillIncomplete');
    const { startTime, closeTime } = await run.handle.describe();
    expect(closeTime!.getTime() - startTime.getTime()).toBeGreaterThanOrEqual(1_000);
    expect(waiting.totals.failed).toBe(3);
  });
});

describe('a window that somebody else stops', () => {
  it.each(['cancel', 'terminate'] as const)('by %s is held until resume, and the rest continues', async (how) => {
    const run = await rig.startBackfill({ customers: ['slow-a', 'cvs'], ...days, end: '2026-01-03' });
    await run.until(({ totals }) => totals.running === 1);
    await untilDone(() => run.child('slow-a', '2026-01-01').describe());
    await run.child('slow-a', '2026-01-01')[how]();
    await run.until(({ customers }) => customers[0]!.days === 'hr');
    await run.finish('slow-a', '2026-01-02');
    const held = await run.until(({ status }) => status === 'waitingForOperator');
    expect(held).toMatchObject({
      customers: [{ days: 'hd' }, { days: 'dd' }],
      attention: [
        { customer: 'slow-a', class: 'stopped', days: ['2026-01-01'], nextStep: expect.stringContaining('ask who') },
      ],
    });
    expect(await run.update('resume', { by: 'ana' })).toMatchObject({ did: 'slow-a 2026-01-01 waits again' });
    await run.finish('slow-a', '2026-01-01');
    expect(await run.report()).toMatchObject({ totals: { done: 4, windows: { started: 5 } } });
  });

  it('three times within minutes pauses the run and says why; resume continues', async () => {
    const customers = ['slow-a', 'slow-b', 'slow-c', 'slow-d'];
    const run = await rig.startBackfill({ customers, ...days, end: '2026-01-02', parallelism: 3 });
    await run.untilStarted(3);
    await run.child('slow-a', '2026-01-01').cancel();
    // The fourth takes the slot of the first; had all three ended in one task, it would never have started.
    await run.untilStarted(4);
    for (const customer of ['slow-b', 'slow-c']) await run.child(customer, '2026-01-01').cancel();
    const paused = await run.until(({ totals }) => totals.held === 3);
    expect(paused).toMatchObject({
      status: 'pausing',
      statusReason: expect.stringMatching(/: 3 windows were stopped by someone else within 5m; 1 window in flight$/),
      customers: [{ days: 'h' }, { days: 'h' }, { days: 'h' }, { days: 'r' }],
    });
    await run.finish('slow-d', '2026-01-01');
    expect(await run.until(({ totals }) => totals.done === 1)).toMatchObject({ status: 'waitingForOperator' });
    await run.update('resume', { by: 'ana' });
    for (const customer of customers.slice(0, 3)) await run.finish(customer, '2026-01-01');
    expect(await run.report()).toMatchObject({ totals: { done: 4, held: 0 } });
  });
});
