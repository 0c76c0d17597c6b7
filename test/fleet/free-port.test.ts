import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { freePort } from '../../src/fleet/free-port.js';

it('A port that is handed out can be listened on, and is handed out only once', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, freePort));
  expect(new Set(ports).size).toBe(20);
  const server = createServer((socket) => socket.end()).listen(ports[0], '127.0.0.1');
  await once(connect(ports[0]!, '127.0.0.1'), 'connect');
  await new Promise((resolve) => server.close(resolve));
});
