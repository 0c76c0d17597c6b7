import { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTemporalServer, type TemporalServer } from '../../scripts/dev/temporal-server.js';
import { followWindow } from '../../src/activities/follow-window.js';
import { GrpcProxy } from '../support/grpc-proxy.js';
import { until } from '../support/run.js';

let server: TemporalServer;
let proxy: GrpcProxy;
let connection: NativeConnection;

beforeAll(async () => {
  // A long poll takes up to 20 s by default, and so would the test.
  server = await startTemporalServer({ dynamicConfig: { 'history.longPollExpirationInterval': '1s' } });
  proxy = await GrpcProxy.start(server.address);
  connection = await NativeConnection.connect({ address: proxy.address });
});
afterAll(async () => {
  proxy.stop();
  await connection.close();
  await server.stop();
});

it('A worker whose runs continued as new a hundred times does not poll a hundred times for each long window', async () => {
  const client = new Client({ connection, namespace: server.namespace });
  const workflowId = 'reindexconversations-cvs-2026-01-01';
  await client.workflow.start('reindexconversations', { workflowId, taskQueue: 'nobody' });
  const environment = new MockActivityEnvironment();
  const polls = async () => proxy.open('GetWorkflowExecutionHistory');
  const followed = expect(environment.run(() => followWindow(client, { workflowId }))).rejects.toThrow(
    /this attempt was cancelled/,
  );
  await until(polls, (open) => open === 1);
  environment.cancel();
  await followed;
  // Between two polls none is open for a moment either.
  let without = 0;
  await until(polls, (open) => {
    without = open === 0 ? without + 1 : 0;
    return without === 10;
  });
});
