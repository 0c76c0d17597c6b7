import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Verdict } from './security.js';

type Refused = Extract<Verdict, { kind: 'refused' }>;

/** Why a request is refused: a sentence for programs, a page for browsers. */
export function refusalPage({ headers }: IncomingMessage, response: ServerResponse, { status, reason }: Refused): void {
  const extra = {
    ...(status === 401 && { 'www-authenticate': 'Bearer realm="backfill"' }),
    ...(status === 429 && { 'retry-after': '60' }),
  };
  if (!headers.accept?.includes('text/html')) {
    response.writeHead(status, { ...extra, 'content-type': 'text/plain; charset=utf-8' }).end(`${reason}\n`);
    return;
  }
  // Browsers hold a strict cookie back when a link leads here from another site, and send it when this page asks itself.
  const again = status === 401 && headers['sec-fetch-site'] === 'cross-site';
  const refresh = again ? '<meta http-equiv="refresh" content="0">' : '';
  response
    .writeHead(status, { ...extra, 'content-type': 'text/html; charset=utf-8' })
    .end(
      `<!doctype html><html lang="en"><head><meta charset="utf-8">${refresh}<title>${status}: backfill</title></head>` +
        `<body><main><h1>${status === 401 ? 'A token is needed' : 'Refused'}</h1><p>${reason}.</p></main></body></html>\n`,
    );
}
