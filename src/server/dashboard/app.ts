import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { compress } from 'hono/compress';
import { customerId } from '../../backfill/request/values.js';
import { errorText } from '../../error-text.js';
import { html } from '../../presentation/report/html/markup.js';
import type { Visitor } from '../access/gate.js';
import { type Asset, loadAssets } from './assets.js';
import { commandPage } from './command-page.js';
import { customerPage, dayPage } from './customer-page.js';
import { fleetPage } from './fleet-page.js';
import { asText, FLEET_CRUMB, type Page } from './layout.js';
import { runPage } from './run-page.js';
import { runsPage } from './runs-page.js';
import { NotFound, type Site } from './site.js';
import { startedPage, startPage } from './start-page.js';

const MOST_BODY = 64 * 1_024;

type Handler = (request: Request, visitor: Visitor) => Response | Promise<Response>;

/** All pages, behind the gate. */
export function createPages(site: Site): Handler {
  const app = new Hono<{ Bindings: { visitor: Visitor } }>();
  const answer = async (page: Page | Promise<Page>): Promise<Response> => {
    const { status = 200, ...rest } = await page;
    return new Response(asText(rest as Page, site), {
      status,
      headers: { 'content-type': 'text/html; charset=utf-8' },
    });
  };
  const byOf = ({ user }: Visitor): string => user ?? site.by;
  app.use(compress());
  app.use(bodyLimit({ maxSize: MOST_BODY }));
  for (const { path, type, text } of loadAssets()) app.get(path, () => assetResponse({ path, type, text }));
  for (const path of ['/', '/commands/*']) app.use(path, (_, next) => site.watch.look().then(next));
  app.use('/clusters/:cluster/*', (c, next) => site.watch.look(c.req.param('cluster')).then(next));
  app.get('/', () => answer(fleetPage(site)));
  app.get('/clusters/:cluster', (c) => answer(runPage(site, c.req.param('cluster'), c.req.query())));
  app.get('/clusters/:cluster/runs', (c) => answer(runsPage(site, c.req.param('cluster'), c.req.query('after'))));
  app.get('/clusters/:cluster/start', (c) => answer(startPage(site, c.req.param('cluster'))));
  app.post('/clusters/:cluster/start', async (c) =>
    answer(startedPage(site, c.req.param('cluster'), await fieldsOf(c.req.raw), byOf(c.env.visitor))),
  );
  app.get('/clusters/:cluster/customers/:id', (c) =>
    answer(customerPage(site, c.req.param('cluster'), idIn(c.req.param('id')), c.req.query())),
  );
  app.get('/clusters/:cluster/customers/:id/days/:day', (c) =>
    answer(dayPage(site, c.req.param('cluster'), idIn(c.req.param('id')), c.req.param('day'), c.req.query())),
  );
  const commanded = async (raw: Request, visitor: Visitor, cluster: string | undefined, named: string) => {
    const fields = await fieldsOf(raw);
    // A form for several days has a button for each command.
    const command = named === 'days' ? (fields.command ?? '') : named;
    return answer(commandPage(site, { cluster, command, fields, by: byOf(visitor) }));
  };
  app.post('/commands/:command', (c) => commanded(c.req.raw, c.env.visitor, undefined, c.req.param('command')));
  app.post('/clusters/:cluster/commands/:command', (c) =>
    commanded(c.req.raw, c.env.visitor, c.req.param('cluster'), c.req.param('command')),
  );
  app.notFound(() => answer(notFound('There is no such page.')));
  app.onError((error) => answer(error instanceof NotFound ? notFound(error.message) : failed(error)));
  return (request, visitor) => app.fetch(request, { visitor });
}

function assetResponse({ type, text }: Asset): Response {
  return new Response(text, { headers: { 'content-type': type, 'cache-control': 'no-cache' } });
}

/** Fields of the same name are joined by commas, as days are. */
async function fieldsOf(request: Request): Promise<Record<string, string>> {
  const fields: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(await request.text())) {
    fields[name] = Object.hasOwn(fields, name) ? `${fields[name]},${value}` : value;
  }
  return fields;
}

/** It becomes part of a question to Temporal. */
function idIn(id: string): string {
  if (customerId.safeParse(id).success) return id;
  throw new NotFound('That is not the id of a customer.');
}

const notFound = (message: string): Page => ({
  title: 'Not found',
  crumbs: FLEET_CRUMB,
  status: 404,
  live: false,
  body: html`<h1>Not found</h1><p>${message}</p>`,
});

const failed = (error: Error): Page => ({
  title: 'Something went wrong',
  crumbs: FLEET_CRUMB,
  status: 500,
  body: html`<h1>Something went wrong</h1><p>${errorText(error)}</p><p>This page tries again by itself.</p>`,
});
