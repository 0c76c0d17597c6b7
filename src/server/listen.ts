import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** HTTP/1.1, or HTTP/2 in Node's compatible form. */
export type Request = IncomingMessage | Http2ServerRequest;
export type Response = ServerResponse | Http2ServerResponse;
export type Handler = (request: Request, response: Response) => void;

export interface Listener {
  readonly port: number;
  /** Stops listening, and ends every connection. */
  close(): Promise<void>;
}

/** What a client of HTTP/2 sends first; no method of HTTP/1.1 begins like this. */
const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0');
/** Browsers open connections before they need them. */
const FIRST_BYTE_MS = 30_000;
/** Anyone may connect, with a token or without: what they hold open is bounded. */
const MOST_CONNECTIONS = 1_000;
const IDLE_MS = 600_000;

/**
 * One port for both: HTTP/1.1 for browsers and Prometheus, HTTP/2 without TLS for gRPC, distinguished by the first bytes of
 * a connection.
 *
 * @throws when the address can't be listened on
 */
export async function listen(handler: Handler, { host, port }: { host: string; port: number }): Promise<Listener> {
  const http = createHttpServer(handler);
  const http2 = createHttp2Server(handler);
  http.setTimeout(IDLE_MS);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const silent = setTimeout(() => socket.destroy(), FIRST_BYTE_MS);
    socket.once('close', () => clearTimeout(silent));
    socket.once('data', (first: Buffer) => {
      clearTimeout(silent);
      socket.pause();
      socket.unshift(first);
      const speaks2 = first.subarray(0, HTTP2_PREFACE.length).equals(HTTP2_PREFACE);
      (speaks2 ? http2 : http).emit('connection', socket);
      process.nextTick(() => socket.resume());
    });
  });
  server.maxConnections = MOST_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
