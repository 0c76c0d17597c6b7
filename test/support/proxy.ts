import { createConnection, createServer, type Socket } from 'node:net';

export interface Proxy {
  /** The connection string, by way of the proxy. */
  url: string;
  /** From now on no byte and no farewell passes, in either direction, and no connection ends: as when a VPN drops. */
  silence(): void;
  /** Ends every connection as a network does: without a word. */
  cut(): void;
  /** Lets the server receive `word` and cuts that connection before the answer passes, once. Gives how often it did. */
  cutAnswerTo(word: string): () => number;
  /** How many connections the client still holds open: one that it gave up answers a byte with a reset. */
  held(): number;
  close(): void;
}

/** Stands between a client and a server. */
export async function startProxy(url: string): Promise<Proxy> {
  const target = new URL(url);
  const clients: Socket[] = [];
  const all: Socket[] = [];
  let silent = false;
  let cuts = 0;
  let cutWord: string | undefined;
  const server = createServer({ allowHalfOpen: true }, (client) => {
    let isCut = false;
    const upstream = createConnection({ host: target.hostname, port: Number(target.port), allowHalfOpen: true });
    clients.push(client);
    all.push(client, upstream);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('data', (data) => {
        if (silent) return;
        if (isCut) client.destroy();
        else to.write(data);
        if (from !== client || cutWord === undefined || !data.includes(cutWord)) return;
        cutWord = undefined;
        isCut = true;
        cuts++;
      });
      from.on('end', () => silent || to.end());
      from.on('error', () => {});
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: Object.assign(new URL(url), { port: String(port) }).href,
    silence: () => {
      silent = true;
    },
    cut() {
      for (const socket of all.splice(0)) socket.resetAndDestroy();
    },
    cutAnswerTo(word) {
      cutWord = word;
      return () => cuts;
    },
    held() {
      for (const client of clients) if (!client.destroyed) client.write('N');
      return clients.filter((client) => !client.destroyed).length;
    },
    close() {
      server.close();
      for (const socket of all) socket.destroy();
    },
  };
}
