import { once } from 'node:events';
import { createServer } from 'node:net';

const handedOut = new Set<number>();

/**
 * A TCP port of 127.0.0.1 that is free now and was not handed out before by this process.
 *
 * It lies below the range from which systems choose the local port of outgoing connections: in that range, a client that
 * keeps reconnecting while its server or port-forward is down can be assigned that very port, and connect to itself.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const port = 15_000 + Math.floor(Math.random() * 17_000);
    if (handedOut.has(port) || !(await isFreePort(port))) continue;
    handedOut.add(port);
    return port;
  }
  throw new Error('no free TCP port on 127.0.0.1 between 15000 and 31999; stop some of the programs that listen there');
}

/** Whether a server could listen on this port of 127.0.0.1 now. */
export async function isFreePort(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
