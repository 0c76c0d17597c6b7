import { once } from 'node:events';
import { createServer } from 'node:net';
import { Connection } from '@temporalio/client';
import { expect, it, vi } from 'vitest';
import { retries } from '../../src/fleet/retry.js';

it('a call that waits for its next attempt when its connection is closed is cancelled, and does not end the process', async () => {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const channelArgs = { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 100 };
  const connection = Connection.lazy({ address: `127.0.0.1:${port}`, interceptors: retries, channelArgs });
  const call = connection.workflowService.getSystemInfo({}).catch((error: Error) => error.message);
  await vi.waitUntil(() => connections >= 3, 10_000);
  await connection.close();
  server.close();
  expect(await call).toMatch(/CANCELLED: Channel has been shut down/);
});
