/** A Go worker shows why `child.encoding` matters. Skipped where there is no Go. */
import { execFileSync } from 'node:child_process';
import { Client, Connection } from '@temporalio/client';
import { RawValue } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTemporalServer, type TemporalServer } from '../../scripts/dev/temporal-server.js';
import type { ManagedProcess } from '../../src/processes/managed-process.js';
import { startWorker } from './workers.js';

const TASK_QUEUE = 'ingestion-go';
const interval = { startTime: '2026-01-15T00:00:00Z', endTime: '2026-01-16T00:00:00Z' };

function hasGo(): boolean {
  try {
    execFileSync('go', ['version']);
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!hasGo())('a Go workflow', () => {
  let server: TemporalServer;
  let worker: ManagedProcess;
  let client: Client;

  beforeAll(async () => {
    server = await startTemporalServer({ namespace: 'ingestion' });
    const { address, namespace } = server;
    worker = await startWorker('go', { address, namespace, taskQueue: TASK_QUEUE });
    client = new Client({ connection: await Connection.connect({ address }), namespace });
  }, 600_000);

  afterAll(async () => {
    await client?.connection.close();
    await worker?.stop();
    await server?.stop();
  });

  /** What the workflow says it received: its result's encoding and JSON, before any conversion. */
  async function received(workflowType: string, argument: unknown): Promise<{ encoding: string; value: unknown }> {
    const workflowId = `encoding-${workflowType}-${argument instanceof RawValue ? 'raw' : 'json'}`;
    const handle = await client.workflow.start(workflowType, { workflowId, taskQueue: TASK_QUEUE, args: [argument] });
    await expect.poll(async () => (await handle.describe()).status.name, { timeout: 30_000 }).toBe('COMPLETED');
    const { events } = await handle.fetchHistory();
    const payload = events?.at(-1)?.workflowExecutionCompletedEventAttributes?.result?.payloads?.[0];
    return {
      encoding: new TextDecoder().decode(payload?.metadata?.encoding ?? undefined),
      value: JSON.parse(new TextDecoder().decode(payload?.data ?? undefined)),
    };
  }

  it('that takes plain JSON gets every field', async () => {
    const argument = { customerId: 'cvs', ...interval };
    expect(await received('reindexconversations', argument)).toEqual({ encoding: 'json/plain', value: argument });
  });

  it('that takes a protobuf message gets every field of a json/protobuf payload', async () => {
    const argument = RawValue.fromPayload({
      metadata: {
        encoding: new TextEncoder().encode('json/protobuf'),
        messageType: new TextEncoder().encode('google.type.Interval'),
      },
      data: new TextEncoder().encode(JSON.stringify(interval)),
    });
    expect(await received('reindexconversations_proto', argument)).toEqual({
      encoding: 'json/protobuf',
      value: interval,
    });
  });

  it('that takes a protobuf message starts happily on plain JSON, with an EMPTY message', async () => {
    expect(await received('reindexconversations_proto', interval)).toEqual({ encoding: 'json/protobuf', value: {} });
  });
});
