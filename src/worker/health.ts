import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { Readiness } from './readiness.js';

/**
 * Serves the probes of an orchestrator of containers: `/livez` says that this process's event loop turns, `/readyz`
 * that the worker does its work, each with the reason when it does not.
 *
 * @param address `host:port`
 * @throws if the address is not one, or is taken
 */
export async function serveHealth(address: string, readiness: Readiness): Promise<Server> {
  const { hostname, port } = readAddress(address);
  const server = createServer((request, response) => {
    const answer = (status: number, text: string) =>
      response.writeHead(status, { 'content-type': 'text/plain', 'cache-control': 'no-store' }).end(`${text}\n`);
    const path = request.url?.split('?')[0];
    if (path === '/livez') return answer(200, 'alive');
    if (path !== '/readyz') return answer(404, 'there are /livez and /readyz');
    const problem = readiness.problem();
    return answer(problem === undefined ? 200 : 503, problem ?? 'ready');
  });
  server.listen(port, hostname);
  await once(server, 'listening');
  // A probe, or a connection that it keeps open, is no reason for the process to stay.
  server.unref();
  server.on('connection', (socket) => socket.unref());
  return server;
}

function readAddress(address: string): { hostname: string; port: number } {
  const [, hostname, port] = /^(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(address) ?? [];
  if (hostname === undefined || port === undefined)
    throw new Error(
      `BACKFILL_HEALTH_ADDRESS: expected host:port, such as 0.0.0.0:8081, got ${JSON.stringify(address)}`,
    );
  return { hostname: hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
}
