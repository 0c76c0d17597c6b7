/** Windows done by a worker that is written in Go, on a queue of its own. Skipped where there is no Go. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { ManagedProcess } from '../../src/processes/managed-process.js';
import { startWorker } from '../other-languages/workers.js';
import { useRig } from '../support/harness.js';
import { decoded, metadataOf } from '../support/history-events.js';

function hasGo(): boolean {
  try {
    execFileSync('go', ['version']);
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!hasGo())('A worker written in Go', () => {
  const rig = useRig();
  const taskQueue = 'ingestion-in-go';
  const day = { start: '2026-01-15', end: '2026-01-16' };
  const interval = { startTime: '2026-01-15T00:00:00Z', endTime: '2026-01-16T00:00:00Z' };
  let worker: ManagedProcess;

  beforeAll(async () => {
    worker = await startWorker('go', { address: inject('address'), namespace: 'ingestion', taskQueue });
  }, 600_000);
  afterAll(async () => {
    await worker?.stop();
  });

  /** What a workflow that takes a protobuf message says it received, once its window has completed. */
  async function receivedByProto(encoding: object): Promise<unknown> {
    const run = await rig.startBackfill({
      customers: ['cvs'],
      ...day,
      child: {
        taskQueue,
        workflowType: 'reindexconversations_proto',
        input: { startTime: `\${startTime}`, endTime: `\${endTime}` },
        partialInput: true,
        ...encoding,
      },
    });
    expect(await run.report()).toMatchObject({ totals: { done: 1 } });
    const { events } = await run.child('cvs', '2026-01-15').fetchHistory();
    const returned = events?.at(-1)?.workflowExecutionCompletedEventAttributes?.result?.payloads?.[0];
    expect(metadataOf(returned).encoding).toBe('json/protobuf');
    return decoded(returned);
  }

  it('runs the windows of a backfill', async () => {
    const run = await rig.startBackfill({
      customers: ['cvs', 'oportun'],
      start: '2026-01-15',
      end: '2026-01-18',
      child: { taskQueue },
    });
    expect(await run.report()).toMatchObject({ totals: { days: 6, done: 6, windows: { started: 6, completed: 6 } } });
    expect(await run.child('cvs', '2026-01-15').result()).toEqual({ customerId: 'cvs', ...interval });
  });

  it('gets every field of a protobuf argument with json/protobuf', async () => {
    const encoding = { encoding: 'json/protobuf', messageType: 'google.type.Interval' };
    expect(await receivedByProto(encoding)).toEqual(interval);
  });

  it('gets an EMPTY protobuf argument without json/protobuf, and completes windows in which it did nothing', async () => {
    expect(await receivedByProto({})).toEqual({});
  });

  it.each([
    ['40P01', 'contention'],
    ['53300', 'overload'],
    ['heartbeat', 'timeout'],
    ['not-found', 'permanent'],
    ['plain-error', 'unknown'],
  ])('that fails by %s has its failure read as %s', async (kind, failureClass) => {
    const once = { attempts: 1 };
    const run = await rig.startBackfill({
      customers: [`fail-${kind}`],
      ...day,
      child: { taskQueue },
      retry: { contention: once, overload: once, timeout: once, unknown: once },
    });
    expect(await run.until(({ status }) => status === 'waitingForOperator')).toMatchObject({
      attention: [{ class: failureClass, attempts: 1 }],
    });
    await run.update('finish');
  });
});
