import { once } from 'node:events';
import { type ClientHttp2Session, connect, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';

/** The way to a server, on which the calls of a method can be refused, as another server would, or never answered. */
export class GrpcProxy {
  private readonly refused = new Map<string, { status: number; message: string }>();
  private readonly held = new Set<string>();
  private readonly calls = new Map<string, Set<ServerHttp2Stream>>();
  private readonly sessions = new Set<{ destroy(): void }>();

  private constructor(
    private readonly server: Http2Server,
    private readonly upstream: ClientHttp2Session,
  ) {
    server.on('session', (session) => {
      this.sessions.add(session);
      session.on('error', () => {});
    });
    server.on('stream', (stream, headers) => {
      const method = headers[':path']!.split('/').at(-1)!;
      const open = this.calls.get(method) ?? new Set();
      this.calls.set(method, open.add(stream));
      stream.on('close', () => open.delete(stream));
      stream.on('error', () => {});
      const refusal = this.refused.get(method);
      if (refusal) {
        const answer = { ':status': 200, 'content-type': 'application/grpc' };
        stream.respond(
          { ...answer, 'grpc-status': refusal.status, 'grpc-message': refusal.message },
          { endStream: true },
        );
      } else if (!this.held.has(method)) {
        this.forward(stream, headers);
      }
    });
  }

  /** @param address `host:port` of the server */
  static async start(address: string): Promise<GrpcProxy> {
    const upstream = connect(`http://${address}`);
    await once(upstream, 'connect');
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new GrpcProxy(server, upstream);
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  refuse(method: string, status: number, message: string): void {
    this.refused.set(method, { status, message });
  }

  allow(method: string): void {
    this.refused.delete(method);
  }

  hold(method: string): void {
    this.held.add(method);
  }

  /** How many calls of the method are open. */
  open(method: string): number {
    return this.calls.get(method)?.size ?? 0;
  }

  stop(): void {
    for (const session of [...this.sessions, this.upstream]) session.destroy();
    this.server.close();
  }

  private forward(stream: ServerHttp2Stream, headers: object): void {
    const call = this.upstream.request({ ...headers });
    let trailers = {};
    call.on('error', () => {});
    call.on('response', (answer, flags) => {
      if (stream.destroyed) return;
      const ended = (flags & 1) === 1;
      stream.respond(answer, ended ? { endStream: true } : { waitForTrailers: true });
    });
    call.on('trailers', (last) => {
      trailers = last;
    });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.on('close', () => call.close());
    stream.pipe(call);
    call.pipe(stream);
  }
}
