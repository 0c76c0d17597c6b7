import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Message {
  headers: Record<string, string>;
  body: string;
  json: {
    type: string;
    text?: string;
    data: { number: number; text: string; runId: string; [field: string]: unknown };
  };
}

/** A receiver of webhooks on this machine, which keeps what it accepted. */
export class WebhookReceiver {
  readonly messages: Message[] = [];
  /** What it answers; only what it answers with 2xx counts as accepted. */
  status: number | ((id: string) => number) = 204;
  refused = 0;

  private constructor(
    readonly url: string,
    private readonly server: ReturnType<typeof createServer>,
  ) {}

  static async start(): Promise<WebhookReceiver> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const receiver = new WebhookReceiver(`http://127.0.0.1:${port}/hooks/secret-path-${port}`, server);
    server.on('request', async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString();
      const { status: asked } = receiver;
      const status = typeof asked === 'number' ? asked : asked(String(request.headers['webhook-id']));
      if (status >= 300) receiver.refused++;
      else receiver.messages.push({ headers: request.headers as Message['headers'], body, json: JSON.parse(body) });
      response.writeHead(status).end();
    });
    return receiver;
  }

  /** Its messages by id, in the order of their numbers: what a receiver has that drops what it has already. */
  get byId(): Message[] {
    const messages = new Map(this.messages.map((message) => [message.headers['webhook-id'], message]));
    return [...messages.values()].sort((one, other) => one.json.data.number - other.json.data.number);
  }

  get types(): string[] {
    return this.byId.map(({ json }) => json.type.replace('backfill.', ''));
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
