import { randomUUID } from 'node:crypto';
import { isGrpcServiceError } from '@temporalio/client';
import { defaultPayloadConverter as json, type Payload } from '@temporalio/common';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { stopAll } from '../../scripts/dev/processes.js';
import { startTemporalServer } from '../../scripts/dev/temporal-server.js';
import { COMMANDS } from '../../src/backfill/commands/command.js';
import type { Progress } from '../../src/backfill/views/progress.js';
import { kindsOf } from '../support/history-events.js';
import { Rig } from '../support/rig.js';
import { until } from '../support/run.js';
import { damaged, goodCommands, goodRequests, hostile, hostileNames } from './hostile.js';

let rig: Rig;

beforeAll(async () => {
  // A server of their own: such runs may start windows of any name, on any queue.
  const { address } = await startTemporalServer();
  rig = await Rig.start({ address, childBundle: inject('childBundle') });
});
afterAll(async () => {
  await rig?.stop();
  await stopAll();
});

/** A workflow task that fails is retried indefinitely, and nothing is answered any more. */
const PATIENCE_MS = 15_000;
const MESSAGES = 200;
/** What a process grows by for other reasons: caches, code that runs for the first time. */
const GROWTH_BYTES = 200 * 1024 * 1024;

const INVALID_ARGUMENT = 3;

const bytes = (text: string) => new TextEncoder().encode(text);

/** Payloads as no SDK of ours writes them. */
const strangePayloads: fc.Arbitrary<Payload> = fc.oneof(
  fc.record({
    metadata: fc.constantFrom(
      {},
      { encoding: bytes('json/plain') },
      { encoding: bytes('json/protobuf') },
      { encoding: bytes('binary/protobuf') },
      { encoding: bytes('binary/plain') },
      { encoding: bytes('binary/encrypted') },
      { encoding: bytes('\ud800') },
      { encoding: bytes('json/plain'), messageType: bytes('a.B'), __proto__x: bytes('y') },
    ),
    data: fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom('{"customer":', '{"__proto__":{"x":1}}', '[[[', 'NaN').map(bytes),
    ),
  }),
  fc.constant({ metadata: { encoding: bytes('binary/null') } }),
  fc.constant({}),
);

const asPayload = (value: unknown): Payload[] => {
  try {
    return [json.toPayload(value)!];
  } catch {
    // What JSON can't carry, nobody can send.
    return [];
  }
};

const payloads = (values: fc.Arbitrary<unknown>): fc.Arbitrary<Payload[]> =>
  fc.oneof(
    { weight: 3, arbitrary: values.map(asPayload) },
    { weight: 1, arbitrary: fc.array(strangePayloads, { maxLength: 3 }) },
  );

const names = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...Object.keys(COMMANDS)) },
  { weight: 1, arbitrary: hostileNames },
);
const commands = fc.oneof(
  fc.record({ name: names, payloads: payloads(hostile) }),
  goodCommands.chain(({ name, argument }) =>
    fc.record({ name: fc.constant(name), payloads: payloads(damaged(fc.constant(argument))) }),
  ),
);
const queries = fc.record({
  name: fc.oneof(fc.constantFrom('progress', 'customer', 'customer', 'proof', 'log', '__stack_trace'), hostileNames),
  payloads: payloads(hostile),
});

/** Good enough to be taken, if only the server takes what they ask for. */
const trickyChildren = fc
  .constantFrom<object>(
    { taskQueue: '/_sys/backfill/1' },
    { taskQueue: '\ud800' },
    { taskQueue: 'q\0' },
    { taskQueue: ' ' },
    { taskQueue: '🦕' },
    { workflowType: '\ud800\udc00' },
    { workflowType: '\udfff' },
    { workflowType: '__temporal_x' },
    { workflowIdPrefix: 'p'.repeat(200) },
    { executionTimeout: '0s' },
    { executionTimeout: '3660d' },
    { priority: { fairnessKey: '💥'.repeat(30) } },
    { priority: { fairnessKey: '\ud800' } },
    { priority: { fairnessWeight: 0.001, priorityKey: 5 } },
    { encoding: 'json/protobuf', messageType: '\0' },
    { input: [] },
    { input: null },
    { input: 'x'.repeat(100_000) },
    { input: [{ __proto__: null, constructor: '\ud800' }] },
  )
  .map((child) => ({ customers: ['cvs'], start: '2026-01-01', end: '2026-01-02', child }));

const starts = fc.record({
  payloads: fc.oneof(
    { weight: 2, arbitrary: payloads(damaged(goodRequests)) },
    { weight: 1, arbitrary: payloads(hostile) },
    { weight: 2, arbitrary: trickyChildren.map(asPayload) },
  ),
});

const messages = fc.oneof(
  ...(['signal', 'update'] as const).map((kind) => ({
    weight: 3,
    arbitrary: commands.map((command) => ({ kind, ...command })),
  })),
  { weight: 2, arbitrary: queries.map((query) => ({ kind: 'query' as const, ...query })) },
  { weight: 3, arbitrary: starts.map((start) => ({ kind: 'start' as const, name: '', ...start })) },
);
type Message = typeof messages extends fc.Arbitrary<infer T> ? T : never;

/** A refusal names the field, and would end the worker if it did so letter by letter. */
const halfCharacter: Message = { kind: 'update', name: 'pause', payloads: asPayload({ '\ud800': 1 }) };

/** What the server itself refuses never reaches a worker. */
const isRefusal = (error: unknown) =>
  isGrpcServiceError(error) &&
  // A name with half of a character is no UTF-8, and comes no further than the server's front door.
  (error.code === INVALID_ARGUMENT || /unmarshalling request: .* invalid UTF-8/.test(error.details));

/** Sends it, and resolves when it has been answered. */
async function send(message: Message, workflowId: string, started: string[]): Promise<void> {
  const { client, namespace } = rig;
  const { workflowService } = client;
  const workflowExecution = { workflowId };
  const { name } = message;
  const input = { payloads: message.payloads };
  switch (message.kind) {
    case 'signal':
      await workflowService.signalWorkflowExecution({ namespace, workflowExecution, signalName: name, input });
      return;
    case 'update': {
      const { outcome } = await workflowService.updateWorkflowExecution({
        namespace,
        workflowExecution,
        waitPolicy: { lifecycleStage: 3 },
        request: { meta: { updateId: randomUUID() }, input: { name, args: input } },
      });
      const failure = outcome?.failure;
      if (failure) expect(failure.applicationFailureInfo?.type, failure.message ?? '').toBe('CommandRefused');
      return;
    }
    case 'query': {
      const query = { queryType: name, queryArgs: input };
      try {
        await workflowService.queryWorkflow({ namespace, execution: workflowExecution, query });
      } catch (error) {
        if (!isRefusal(error)) throw error;
        expect((error as Error).message).toMatch(
          /is not in this run; ask with|not find a handler|did not register|not set|invalid UTF-8/s,
        );
      }
      return;
    }
    case 'start': {
      const id = `fuzz-${randomUUID()}`;
      await workflowService.startWorkflowExecution({
        namespace,
        workflowId: id,
        requestId: randomUUID(),
        input,
        workflowType: { name: 'backfillScorecards' },
        taskQueue: { name: rig.taskQueue },
      });
      started.push(id);
      // Answered when its first task is done.
      await client.workflow.getHandle(id).query('__temporal_workflow_metadata');
      return;
    }
    default:
      message satisfies never;
  }
}

/** Or has ended. What the server refuses of a child shows only then. */
async function untilItStartsWindows(workflowId: string): Promise<void> {
  const handle = rig.client.workflow.getHandle(workflowId);
  await until(
    async () => {
      if ((await handle.describe()).status.name !== 'RUNNING') return true;
      const { statusReason } = await handle.query<Progress>('progress');
      return !/looking for|directory/.test(statusReason);
    },
    (past) => past,
  );
}

describe('200 hostile starts, signals, Updates and queries', () => {
  it('never fail a workflow task, are refused in words of our own, and leave a run that works', async () => {
    const { client } = rig;
    const run = await rig.startBackfill({
      customers: ['slow-a', 'cvs', 'oportun'],
      start: '2026-01-01',
      end: '2026-01-05',
      parallelism: 2,
    });
    const { namespace } = rig;
    const started: string[] = [];
    let sent = 0;
    let warm = 0;
    await fc.assert(
      fc.asyncProperty(messages, async (message) => {
        // It ends the run, and what comes after finds nobody.
        fc.pre(message.kind === 'query' || !/^finish$/i.test(message.name));
        try {
          await client.withDeadline(Date.now() + PATIENCE_MS, () => send(message, run.workflowId, started));
        } catch (error) {
          if (!isRefusal(error)) throw error;
        }
        if (++sent === MESSAGES / 4) warm = process.memoryUsage().rss;
      }),
      { numRuns: MESSAGES, endOnFailure: true, examples: [[halfCharacter]] },
    );
    expect(process.memoryUsage().rss - warm).toBeLessThan(GROWTH_BYTES);

    const progress = await run.progress();
    expect(progress.status).not.toBe('completed');
    for (const workflowId of [run.workflowId, ...started]) {
      await untilItStartsWindows(workflowId);
      const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
      expect(kindsOf(events ?? []), workflowId).not.toContain('workflowTaskFailed');
      await client.workflowService
        .terminateWorkflowExecution({ namespace, workflowExecution: { workflowId }, reason: 'the test is over' })
        .catch(() => {});
    }
  }, 120_000);
});
