import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An answer, or what to do with the response. */
export type Answer =
  | { status?: number; body: unknown; headers?: Record<string, string> }
  | ((to: ServerResponse) => void);

/** Something that answers on a Prometheus's path, in any way a test wants. */
export interface PrometheusStandIn {
  url: string;
  asked: { path: string; query: string | null; timeout: string | null; headers: IncomingHttpHeaders }[];
  close(): void;
}

export async function startPrometheusStandIn(answerTo: (query: string) => Answer): Promise<PrometheusStandIn> {
  const asked: PrometheusStandIn['asked'] = [];
  const server = createServer((request, response) => {
    const { pathname: path, searchParams } = new URL(request.url!, 'http://stand-in');
    const query = searchParams.get('query');
    asked.push({ path, query, timeout: searchParams.get('timeout'), headers: request.headers });
    const answer = answerTo(query ?? '');
    if (typeof answer === 'function') return answer(response);
    const { status = 200, body, headers } = answer;
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    asked,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const data = (resultType: string, result: unknown): Answer => ({
  body: { status: 'success', data: { resultType, result } },
});
export const scalar = (value: unknown) => data('scalar', [1_764_000_000, value]);
export const vector = (...values: string[]) =>
  data(
    'vector',
    values.map((value, i) => ({ metric: { pod: String(i) }, value: [1_764_000_000.123, value] })),
  );
export const other = data;
