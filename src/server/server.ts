import { getRequestListener } from '@hono/node-server';
import { Gate, type GateOptions, type Visitor } from './access/gate.js';
import { SECURITY_HEADERS } from './headers.js';
import { type Listener, listen, type Request, type Response } from './listen.js';
import type { Mount } from './mount.js';
import { refuse } from './refusal.js';

export interface ServerParts {
  readonly gate: GateOptions;
  /** Answers every path that no mount does. */
  pages(request: globalThis.Request, visitor: Visitor): globalThis.Response | Promise<globalThis.Response>;
  readonly mounts: readonly Mount[];
  /** Whether there is anything to show; why not, as a sentence, while there is not. */
  notReady(): string | undefined;
}

const READS = ['GET', 'HEAD'];

/** One port for all parts. The gate judges each request before any of them sees it. */
export async function startServer(parts: ServerParts, address: { host: string; port: number }): Promise<Listener> {
  const { mounts } = parts;
  const gate = new Gate(parts.gate);
  const visitors = new WeakMap<object, Visitor>();
  const pages = getRequestListener((request, { incoming }) => parts.pages(request, visitors.get(incoming) ?? {}));
  const listener = await listen((request, response) => {
    const { method = 'GET', url: target = '', headers } = request;
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    const mount = mounts.find(({ prefix }) => target.startsWith(prefix));
    const verdict = gate.judge({
      method,
      target,
      headers,
      address: request.socket?.remoteAddress ?? '',
      changes: !READS.includes(method) && !mount?.reads,
    });
    switch (verdict.kind) {
      case 'health':
        return health(target, response, parts.notReady);
      case 'signedIn':
        return redirect(response, '/', verdict.cookie);
      case 'clean':
        return redirect(response, verdict.location);
      case 'refused':
        return refuse(request, response, verdict);
      case 'admitted':
        if (mount) return void handled(mount, request, response, verdict.visitor);
        visitors.set(request, verdict.visitor);
        return void pages(request as never, response as never);
      default:
        verdict satisfies never;
    }
  }, address);
  gate.port = listener.port;
  return listener;
}

/** A part that throws must not end the server; its caller gets no details. */
async function handled(mount: Mount, request: Request, response: Response, visitor: Visitor): Promise<void> {
  try {
    await mount.handle(request, response, visitor);
  } catch {
    if (!response.headersSent) response.writeHead(500);
    response.end();
  }
}

function health(target: string, response: Response, notReady: () => string | undefined): void {
  const reason = target.startsWith('/readyz') ? notReady() : undefined;
  response.writeHead(reason === undefined ? 200 : 503, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${reason ?? 'ok'}\n`);
}

function redirect(response: Response, location: string, cookie?: string): void {
  if (cookie !== undefined) response.setHeader('set-cookie', cookie);
  response.writeHead(303, { location });
  response.end();
}
