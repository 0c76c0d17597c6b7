import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { refusalPage } from './refusal.js';
import { SECURITY_HEADERS, Security, type SecurityOptions } from './security.js';

/** A request that has passed {@link Security}; `by` is who sent it, undefined where the proxy names nobody. */
export interface Served {
  readonly by: string | undefined;
}

/** A part of the server beside its pages, such as an API with its own protocol. */
export interface Mounted {
  /** The beginning of its paths: `/backfill.jobs.v1.`. */
  readonly prefix: string;
  handle(request: IncomingMessage, response: ServerResponse, served: Served): void;
}

export interface ServerParts {
  readonly security: Omit<SecurityOptions, 'port'>;
  /** The pages: a fetch handler. */
  pages(request: globalThis.Request, served: Served): Response | Promise<Response>;
  readonly mounted?: readonly Mounted[];
}

const REQUEST_LIMIT_MS = 30_000;
const CLOSING_MS = 1_000;

/** One HTTP server for all parts; each request is judged before any of them sees it. */
export class BackfillServer {
  private readonly http: Server;

  private constructor({ security: options, pages, mounted = [] }: ServerParts) {
    const security = new Security({ ...options, port: () => this.port });
    const people = new WeakMap<IncomingMessage, Served>();
    const listener = getRequestListener((request, env) => {
      return pages(request, people.get((env as { incoming: IncomingMessage }).incoming)!);
    });
    this.http = createServer({ requestTimeout: REQUEST_LIMIT_MS }, (request, response) => {
      const { method = 'GET', url = '/', headers, socket } = request;
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
      const verdict = security.judge({ method, url, headers, from: socket.remoteAddress ?? '' });
      switch (verdict.kind) {
        case 'swapped':
          response.writeHead(303, { location: verdict.location, 'set-cookie': verdict.cookie }).end();
          return;
        case 'refused':
          refusalPage(request, response, verdict);
          return;
        case 'served': {
          const part = mounted.find(({ prefix }) => url.startsWith(prefix));
          if (part) return part.handle(request, response, verdict);
          people.set(request, verdict);
          void listener(request, response);
          return;
        }
        default:
          verdict satisfies never;
      }
    });
  }

  /** @throws the system's error when the address is taken */
  static async listen(parts: ServerParts, host: string, port: number): Promise<BackfillServer> {
    const server = new BackfillServer(parts);
    server.http.listen(port, host);
    await once(server.http, 'listening');
    return server;
  }

  get port(): number {
    return (this.http.address() as AddressInfo).port;
  }

  /** Lets answers under way end for a moment. */
  async close(): Promise<void> {
    const closed = once(this.http, 'close');
    this.http.close();
    this.http.closeIdleConnections();
    const cut = setTimeout(() => this.http.closeAllConnections(), CLOSING_MS);
    await closed;
    clearTimeout(cut);
  }
}
