import { describe, expect, it } from 'vitest';
import { useRig } from '../support/harness.js';
import { decoded, kindsOf, metadataOf } from '../support/history-events.js';
import { mostAtOnce, until } from '../support/run.js';

const rig = useRig();

const january = (...days: number[]) => days.map((day) => `2026-01-${String(day).padStart(2, '0')}`);

describe('the smallest input', () => {
  it('runs all of cvs, then all of oportun, one day after the other', async () => {
    const run = await rig.startBackfill({ customers: ['cvs', 'oportun'], start: '2026-01-01', end: '2026-01-05' });
    const report = await run.report();
    const days = january(1, 2, 3, 4);
    expect(await run.started()).toEqual([...days.map((day) => `cvs-${day}`), ...days.map((day) => `oportun-${day}`)]);
    expect(report).toMatchObject({
      outcome: 'completed',
      totals: { days: 8, done: 8, windows: { started: 8, completed: 8, failed: 0, adopted: 0 } },
      customers: [
        { id: 'cvs', days: 4, done: 4, windows: 4, retries: 0 },
        { id: 'oportun', days: 4, done: 4, windows: 4, retries: 0 },
      ],
      attention: [],
    });
  });

  it('never has two windows open at once, by the times that Temporal recorded', async () => {
    const run = await rig.startBackfill({ customers: ['brief-a', 'brief-b'], start: '2026-01-01', end: '2026-01-04' });
    await run.report();
    const children = await run.children();
    expect(children).toHaveLength(6);
    for (const [i, child] of children.entries()) {
      if (i > 0) expect(child.from).toBeGreaterThanOrEqual(children[i - 1]!.to);
    }
    expect(mostAtOnce(await run.listed(6, 6))).toBe(1);
  });

  it('starts windows whose arguments are more than one task may hold in several tasks', async () => {
    const customers = Array.from({ length: 80 }, (_, i) => `quick-${i}`);
    const hours = Object.fromEntries(['customerId', 'startTime', 'endTime'].map((name) => [name, `\${${name}}`]));
    const child = { input: [hours, 'x'.repeat(60_000)] };
    const range = { start: '2026-01-01', end: '2026-01-02' };
    const run = await rig.startBackfill({ customers, ...range, parallelism: 80, child });
    expect(await run.report()).toMatchObject({ totals: { done: 80 } });
  });

  it('starts each window only after the one before has closed, by the order of events in its own history', async () => {
    const run = await rig.startBackfill({ customers: ['cvs', 'oportun'], start: '2026-01-01', end: '2026-01-04' });
    await run.report();
    const ofChildren = kindsOf(await run.events()).filter((kind) => /child/i.test(kind));
    const window = [
      'startChildWorkflowExecutionInitiated',
      'childWorkflowExecutionStarted',
      'childWorkflowExecutionCompleted',
    ];
    expect(ofChildren).toEqual(Array.from({ length: 6 }, () => window).flat());
  });

  it('asks the outside world two questions before its first window, and nothing for each window', async () => {
    const run = await rig.startBackfill({ customers: ['cvs'], start: '2026-01-01', end: '2026-01-11' });
    await run.report();
    const kinds = kindsOf(await run.events());
    expect(kinds.filter((kind) => kind === 'activityTaskScheduled')).toHaveLength(2);
    expect(kinds.filter((kind) => /timer|marker|upsert/i.test(kind))).toEqual([]);
    // Each window: its three events, and two workflow tasks of three events.
    expect(kinds.length).toBeLessThanOrEqual(9 * 10 + 20);
  });
});

describe('parallelism', () => {
  it('keeps as many windows in flight as allowed, and never more', async () => {
    const customers = ['brief-a', 'brief-b', 'brief-c', 'brief-d', 'brief-e', 'brief-f'];
    const run = await rig.startBackfill({ customers, start: '2026-01-01', end: '2026-01-05', parallelism: 4 });
    await run.report();
    const children = await run.children();
    expect(children).toHaveLength(24);
    expect(mostAtOnce(children)).toBe(4);
    for (const customer of customers) {
      expect(mostAtOnce(children.filter(({ workflowId }) => workflowId.includes(customer)))).toBe(1);
    }
  });

  it('lets a customer have as many windows in flight as perCustomer says', async () => {
    const run = await rig.startBackfill({
      customers: ['brief-a', { id: 'brief-b', perCustomer: 3 }],
      start: '2026-01-01',
      end: '2026-01-11',
      parallelism: { max: 5, perCustomer: 2 },
    });
    await run.report();
    const children = await run.children();
    expect(mostAtOnce(children)).toBe(5);
    expect(mostAtOnce(children.filter(({ workflowId }) => workflowId.includes('brief-a')))).toBe(2);
    expect(mostAtOnce(children.filter(({ workflowId }) => workflowId.includes('brief-b')))).toBe(3);
  });
});

describe('window sizes', () => {
  async function windowsOf(input: { [field: string]: unknown }): Promise<Record<string, unknown>> {
    const run = await rig.startBackfill(input);
    await run.report();
    return Object.fromEntries(
      (await run.events()).flatMap(({ startChildWorkflowExecutionInitiatedEventAttributes: start }) =>
        start ? [[start.workflowId!.slice(run.prefix.length + 1), decoded(start.input?.payloads?.[0])]] : [],
      ),
    );
  }

  const hours = (customerId: string, startTime: string, endTime: string) => ({ customerId, startTime, endTime });

  it('of 6 hours are named by their hours and get RFC 3339 times', async () => {
    const range = { start: '2026-01-15', end: '2026-01-16' };
    expect(await windowsOf({ customers: ['cvs'], ...range, window: '6h' })).toEqual({
      'cvs-2026-01-15T00--2026-01-15T06': hours('cvs', '2026-01-15T00:00:00Z', '2026-01-15T06:00:00Z'),
      'cvs-2026-01-15T06--2026-01-15T12': hours('cvs', '2026-01-15T06:00:00Z', '2026-01-15T12:00:00Z'),
      'cvs-2026-01-15T12--2026-01-15T18': hours('cvs', '2026-01-15T12:00:00Z', '2026-01-15T18:00:00Z'),
      'cvs-2026-01-15T18--2026-01-16T00': hours('cvs', '2026-01-15T18:00:00Z', '2026-01-16T00:00:00Z'),
    });
  });

  it('of 10 days count from the start, and the last one is what is left', async () => {
    const range = { start: '2026-01-01', end: '2026-02-01' };
    expect(await windowsOf({ customers: ['cvs'], ...range, window: '10d' })).toEqual({
      'cvs-2026-01-01--2026-01-11': hours('cvs', '2026-01-01T00:00:00Z', '2026-01-11T00:00:00Z'),
      'cvs-2026-01-11--2026-01-21': hours('cvs', '2026-01-11T00:00:00Z', '2026-01-21T00:00:00Z'),
      'cvs-2026-01-21--2026-01-31': hours('cvs', '2026-01-21T00:00:00Z', '2026-01-31T00:00:00Z'),
      'cvs-2026-01-31': hours('cvs', '2026-01-31T00:00:00Z', '2026-02-01T00:00:00Z'),
    });
  });

  it('of a month end where calendar months end', async () => {
    const range = { start: '2025-12-10', end: '2026-03-01' };
    expect(await windowsOf({ customers: ['cvs'], ...range, window: '1mo' })).toEqual({
      'cvs-2025-12-10--2026-01-01': hours('cvs', '2025-12-10T00:00:00Z', '2026-01-01T00:00:00Z'),
      'cvs-2026-01-01--2026-02-01': hours('cvs', '2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'),
      'cvs-2026-02-01--2026-03-01': hours('cvs', '2026-02-01T00:00:00Z', '2026-03-01T00:00:00Z'),
    });
  });

  it('and ranges can be a customer’s own', async () => {
    const windows = await windowsOf({
      customers: [{ id: 'cvs', start: '2026-01-03', window: '2d' }, { id: 'oportun', end: '2026-01-02' }, 'marriott'],
      start: '2026-01-01',
      end: '2026-01-06',
      window: '1mo',
    });
    expect(Object.keys(windows).sort()).toEqual([
      'cvs-2026-01-03--2026-01-05',
      'cvs-2026-01-05',
      'marriott-2026-01-01--2026-01-06',
      'oportun-2026-01-01',
    ]);
  });
});

describe('the child', () => {
  /** The start of the only window's workflow, as the run's history has it. */
  async function startOf(child: object) {
    const run = await rig.startBackfill({ customers: ['cvs'], start: '2026-01-15', end: '2026-01-16', child });
    const events = await until(
      () => run.events(),
      (events) => kindsOf(events).includes('childWorkflowExecutionStarted'),
    );
    const start = events.find((event) => event.startChildWorkflowExecutionInitiatedEventAttributes);
    return { run, start: start!.startChildWorkflowExecutionInitiatedEventAttributes! };
  }

  it('can have another type, queue, prefix and execution time-out', async () => {
    const prefix = `other-${crypto.randomUUID()}`;
    const { start } = await startOf({
      workflowType: 'reindexElsewhere',
      taskQueue: 'a-queue-of-another-worker',
      workflowIdPrefix: prefix,
      executionTimeout: '1h30m',
    });
    expect(start.workflowType?.name).toBe('reindexElsewhere');
    expect(start.workflowId).toBe(`${prefix}-cvs-2026-01-15`);
    expect(start.taskQueue?.name).toBe('a-queue-of-another-worker');
    expect(Number(start.workflowExecutionTimeout?.seconds)).toBe(5_400);
  });

  it('carries the customer as its fairness key, and a priority if asked', async () => {
    const { start } = await startOf({ priority: { priorityKey: 4 } });
    expect(start.priority).toMatchObject({ priorityKey: 4, fairnessKey: 'cvs' });
  });

  it('gets a template that is a list as its arguments', async () => {
    const input = [{ customerId: `\${customerId}`, note: `from \${startTime} to \${endTime}` }, 'full', 3, null];
    const { start, run } = await startOf({ input });
    const filled = { customerId: 'cvs', note: 'from 2026-01-15T00:00:00Z to 2026-01-16T00:00:00Z' };
    expect(start.input?.payloads?.map(decoded)).toEqual([filled, 'full', 3, null]);
    expect(await run.child('cvs', '2026-01-15').result()).toEqual([filled, 'full', 3, null]);
  });

  it('gets a template that is no list as its one argument', async () => {
    const { start } = await startOf({
      input: { customerId: `\${customerId}`, range: [`\${startTime}`, `\${endTime}`] },
    });
    const range = ['2026-01-15T00:00:00Z', '2026-01-16T00:00:00Z'];
    expect(start.input?.payloads?.map(decoded)).toEqual([{ customerId: 'cvs', range }]);
  });

  it('gets plain JSON unless asked otherwise', async () => {
    const { start } = await startOf({});
    expect(start.input?.payloads?.map(metadataOf)).toEqual([{ encoding: 'json/plain' }]);
  });

  it('gets its message’s name beside the JSON with json/protobuf', async () => {
    const { start } = await startOf({
      taskQueue: 'a-queue-of-another-worker',
      workflowType: 'reindexProtobuf',
      encoding: 'json/protobuf',
      messageType: 'google.type.Interval',
      input: { startTime: `\${startTime}`, endTime: `\${endTime}` },
      partialInput: true,
    });
    expect(start.input?.payloads?.map(metadataOf)).toEqual([
      { encoding: 'json/protobuf', messageType: 'google.type.Interval' },
    ]);
    expect(start.input?.payloads?.map(decoded)).toEqual([
      { startTime: '2026-01-15T00:00:00Z', endTime: '2026-01-16T00:00:00Z' },
    ]);
  });

  it('outlives its parent: the parent-close policy is to abandon', async () => {
    const { start } = await startOf({});
    expect(start.parentClosePolicy).toBe(2);
  });
});
