/** Thousands of requests that nobody should send: each is answered or cut off, none changes anything, and the server stays well. */
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Hosts } from '../../../src/server/access/hosts.js';
import { SecretToken } from '../../../src/server/access/secret-token.js';
import { jobApi } from '../../../src/server/jobs/handler.js';
import { PageTokens } from '../../../src/server/jobs/page-token.js';
import type { Listener } from '../../../src/server/listen.js';
import { startServer } from '../../../src/server/server.js';
import { FakeClusters } from '../../support/fake-clusters.js';
import { backfill, completes, given, starts } from '../../support/story.js';

const token = 'a-token-of-more-than-twenty-characters';
const run = given(backfill({ customers: ['cvs'], end: '2026-01-03' }), starts(), completes('cvs-2026-01-01')).story;
const METHODS = ['GetJob', 'ListJobs', 'WatchJob', 'RunJob', 'PauseJob', 'ResumeJob', 'CancelJob', 'ResetDay', 'Drop'];
const REQUESTS = 5_000;
const BATCH = 50;

interface Hostile {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | Uint8Array<ArrayBuffer> | undefined;
}

const name = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    'clusters/east/jobs/../../west',
    'clusters/-/jobs/-',
    'clusters/__proto__/jobs/constructor',
    `clusters/east/jobs/${'x'.repeat(5_000)}`,
    'clusters/east/jobs/a" OR WorkflowType = "x',
    'clusters/east/jobs/\u0000',
  ),
);
const filter = fc.oneof(
  fc
    .array(
      fc.constantFrom(
        '(',
        ')',
        'AND',
        'OR',
        'NOT',
        '-',
        '=',
        ':',
        '"',
        "'",
        '\\',
        'state',
        'customer',
        'range',
        '2026-01',
      ),
      {
        maxLength: 60,
      },
    )
    .map((words) => words.join(' ')),
  fc.string({ maxLength: 200 }),
  fc.constantFrom('('.repeat(100_000), `customer = "${'\\'.repeat(1_999)}`, 'started > 9999999-99-99T99:99:99Z'),
);
/** What a call may hold, right and wrong; a wrong parent, so that nothing is ever right enough to be done. */
const fields = fc.record(
  {
    name: fc.oneof(name, fc.anything()),
    parent: name,
    filter,
    pageToken: fc.oneof(fc.base64String({ maxLength: 300 }), fc.string()),
    pageSize: fc.oneof(fc.integer(), fc.double(), fc.string()),
    requestId: fc.string(),
    customer: name,
    day: fc.string(),
    input: fc.object({ maxDepth: 4 }),
    __proto__: fc.constant({ polluted: true }),
  },
  { requiredKeys: [] },
);
const json = fields.map((value) => {
  try {
    return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner)) ?? 'null';
  } catch {
    return '{';
  }
});
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => new Uint8Array(array));
const framed = fc
  .tuple(fc.constantFrom(0, 1, 2, 0x80, 0xff), fc.constantFrom(0, 5, 300, 0xffffffff), bytes)
  .map(([flag, length, rest]) => {
    const head = Buffer.alloc(5);
    head[0] = flag;
    head.writeUInt32BE(length, 1);
    return new Uint8Array(Buffer.concat([head, rest]));
  });
const bomb = new Uint8Array(gzipSync(Buffer.alloc(20_000_000)));
const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;

const hostile: fc.Arbitrary<Hostile> = fc.record({
  method: fc.constantFrom('POST', 'POST', 'POST', 'POST', 'GET', 'PUT', 'DELETE', 'OPTIONS'),
  path: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...METHODS).map((method) => `/backfill.jobs.v1.JobService/${method}`) },
    fc.constantFrom(
      '/grpc.health.v1.Health/Check',
      '/backfill.jobs.v1.JobService/',
      '/backfill.jobs.v1.JobService/__proto__',
      '/backfill.jobs.v1.JobService/GetJob?connect=v1&encoding=json&message=%7B%22name%22%3A%22%ff%22%7D',
      '/backfill.jobs.v1.JobService/GetJob?connect=v1&encoding=proto&base64=1&compression=gzip&message=AAAA',
      '/backfill.jobs.v1.JobService%2fGetJob',
    ),
  ),
  headers: fc.record(
    {
      authorization: fc.constantFrom(
        `Bearer ${token}`,
        `Bearer ${token}`,
        `Bearer ${token}`,
        'Bearer x',
        'Basic eDp4',
        '',
      ),
      'content-type': fc.constantFrom(
        ...['application/json', 'application/json', 'application/proto', 'application/grpc', 'application/grpc+proto'],
        ...['application/grpc-web+proto', 'application/connect+json', 'text/plain', 'multipart/form-data', '\u00ff'],
      ),
      'connect-protocol-version': fc.constantFrom('1', '2', 'x'),
      'connect-timeout-ms': fc.constantFrom('1', '0', '-1', '99999999999', 'x'),
      'grpc-timeout': fc.constantFrom('1n', '1S', '99999999H', 'x'),
      'content-encoding': fc.constantFrom('gzip', 'br', 'x'),
      'grpc-encoding': fc.constantFrom('gzip', 'x'),
      origin: fc.constantFrom(
        ...['', '', '', '', '', '', ''].map(() => 'http://ORIGIN'),
        'https://evil.example',
        'null',
      ),
    },
    { requiredKeys: ['content-type', 'authorization'] },
  ),
  body: fc.oneof(
    { weight: 6, arbitrary: json },
    { weight: 2, arbitrary: framed },
    { weight: 2, arbitrary: bytes },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Hostile['body']>(deep, bomb, '', '{"name":', '\u0000'.repeat(10_000), undefined),
    },
  ),
});

describe('A hostile caller', () => {
  let clusters: FakeClusters;
  let server: Listener;
  const stopping = new AbortController();
  const internal: unknown[] = [];

  beforeAll(async () => {
    const closed = Array.from({ length: 30 }, (_, i) => ({
      workflowId: `run-${i}`,
      status: 'COMPLETED' as const,
      story: run,
    }));
    clusters = new FakeClusters({ east: [{ workflowId: 'open', story: run }, ...closed], west: [] });
    const api = jobApi({
      clusters,
      tokens: new PageTokens(token),
      readOnly: false,
      by: 'the server',
      signal: stopping.signal,
      onInternal: (error) => internal.push(error),
    });
    server = await startServer(
      {
        gate: { token: new SecretToken(token), hosts: new Hosts([]), readOnly: false },
        pages: () => new Response('', { status: 404 }),
        mounts: api.prefixes.map((prefix) => ({ prefix, reads: true, handle: api.handle })),
        notReady: () => undefined,
      },
      { host: '127.0.0.1', port: 0 },
    );
  });
  afterAll(async () => {
    stopping.abort();
    await server.close();
  });

  async function send({ method, path, headers, body }: Hostile): Promise<number> {
    const withBody = method === 'GET' ? {} : { body: body ?? null };
    if (headers.origin === 'http://ORIGIN') headers.origin = `http://127.0.0.1:${server.port}`;
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, {
      method,
      headers,
      ...withBody,
      signal: AbortSignal.timeout(30_000),
    });
    const text = await answer.text();
    // Bytes that are no message: gRPC calls that internal.
    if (answer.status === 500) expect(text).toMatch(/parse binary|decompression failed/);
    return answer.status;
  }

  async function expectWell(): Promise<void> {
    const path = '/backfill.jobs.v1.JobService/ListJobs';
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    expect(await send({ method: 'POST', path, headers, body: '{}' })).toBe(200);
    expect(internal).toEqual([]);
    expect([...clusters.sent, ...clusters.started]).toEqual([]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  }

  it(`of ${REQUESTS} requests learns nothing and changes nothing`, { timeout: 300_000 }, async () => {
    const requests = fc.sample(hostile, { numRuns: REQUESTS, seed: 16 });
    const statuses = new Map<number, number>();
    for (let i = 0; i < requests.length; i += BATCH) {
      const answers = await Promise.all(requests.slice(i, i + BATCH).map(send));
      for (const status of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    // 504 is a caller's own time limit.
    expect([...statuses.keys()].filter((status) => status >= 500 && ![500, 501, 504].includes(status))).toEqual([]);
    for (const refused of [400, 401, 403, 404, 405, 415, 429])
      expect(statuses.get(refused), `${refused}`).toBeGreaterThan(5);
    await expectWell();
  });

  it('that speaks no HTTP, or begins what it never ends, is cut off', { timeout: 120_000 }, async () => {
    const texts = [
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u0000\u0000\u0000',
      `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'x'.repeat(10_000)}`,
      'PRI * HTTP/1.1\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil\r\n\r\n',
      'POST /backfill.jobs.v1.JobService/GetJob HTTP/1.1\r\nContent-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n',
      `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n\r\n`,
      '\u0016\u0003\u0001',
      '\r\n\r\n',
    ];
    const sockets = texts.map((text) => {
      const socket = connect(server.port, '127.0.0.1').on('error', () => {});
      socket.resume().write(text, 'latin1');
      return socket;
    });
    await expectWell();
    for (const socket of sockets) socket.destroy();
  });

  it('that opens streams and resets them leaves nothing behind', { timeout: 120_000 }, async () => {
    const session = connectHttp2(`http://127.0.0.1:${server.port}`).on('error', () => {});
    const headers = {
      ':method': 'POST',
      ':path': '/backfill.jobs.v1.JobService/WatchJob',
      'content-type': 'application/grpc',
      te: 'trailers',
      authorization: `Bearer ${token}`,
    };
    for (let i = 0; i < 500 && !session.closed && !session.destroyed; i++) {
      const stream = session.request(headers).on('error', () => {});
      stream.write(Buffer.from([0, 0, 0, 0, 30, 10]));
      stream.close();
    }
    session.destroy();
    await expectWell();
  });
});
