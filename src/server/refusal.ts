import { html, Markup } from '../presentation/report/html/markup.js';
import type { Verdict } from './access/gate.js';
import type { Request, Response } from './listen.js';

type Refused = Extract<Verdict, { kind: 'refused' }>;

/** Why a request is refused: a sentence for programs, a page for browsers. */
export function refuse({ headers }: Request, response: Response, { status, why, retryAfter }: Refused): void {
  if (status === 401) response.setHeader('www-authenticate', 'Bearer realm="backfill"');
  if (retryAfter !== undefined) response.setHeader('retry-after', String(retryAfter));
  if (!headers.accept?.includes('text/html')) {
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(`${why}\n`);
    return;
  }
  // Browsers withhold a strict cookie when a link leads here from another site, and send it when this page asks itself.
  const retries = status === 401 && headers['sec-fetch-site'] === 'cross-site';
  const refresh = retries ? new Markup('<meta http-equiv="refresh" content="0">') : undefined;
  const title = status === 401 ? 'A token is needed' : 'Refused';
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' });
  response.end(
    html`<!doctype html><html lang="en"><head><meta charset="utf-8">${refresh}<title>${title}: backfill</title></head>
<body><main><h1>${title}</h1><p>${why}.</p></main></body></html>`.text,
  );
}
