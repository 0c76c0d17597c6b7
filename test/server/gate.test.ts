import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { ClusterSession } from '../../src/fleet/index.js';
import { Gate } from '../../src/server/access/gate.js';
import { Hosts } from '../../src/server/access/hosts.js';
import { SecretToken } from '../../src/server/access/secret-token.js';
import type { Serving } from '../../src/server/serve-fleet.js';
import { typed } from '../cli/backfill/command-line.js';
import { served, TOKEN } from './support.js';

const open: Serving[] = [];

afterEach(async () => {
  for (const serving of open.splice(0)) await serving.close();
});

/** A server over a cluster that never answers: the gate comes before any cluster. */
async function serve(options: Parameters<typeof served>[1] = {}): Promise<number> {
  const away = async (): Promise<ClusterSession> => {
    throw new Error('chat-prod is unreachable: no VPN');
  };
  const serving = await served([{ name: 'chat-prod', open: away, findRun: async () => ({ none: 'no run' }) }], options);
  open.push(serving);
  return serving.port;
}

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** As `fetch`, but with any `Host`. */
function ask(port: number, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

const bearer = { authorization: `Bearer ${TOKEN}` };

async function signedIn(port: number): Promise<{ cookie: string }> {
  const { headers } = await ask(port, `/?token=${TOKEN}`);
  return { cookie: String(headers['set-cookie']).split(';')[0]! };
}

describe('the gate of backfill serve', () => {
  it('answers 401 without a token, and with a wrong one, whatever the path', async () => {
    const port = await serve();
    for (const path of [
      '/',
      '/clusters/chat-prod',
      '/assets/site.css',
      '/metrics',
      '/nothing',
      '//',
      '/?token=',
      '/%2e%2e/',
    ]) {
      expect((await ask(port, path)).status, path).toBe(401);
    }
    expect((await ask(port, '/', { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await ask(port, '/', { authorization: `Basic ${TOKEN}` })).status).toBe(401);
    expect((await ask(port, '/?token=wrong')).status).toBe(401);
    expect((await ask(port, '/', { cookie: `backfill-${port}=${TOKEN}` })).status).toBe(401);
  });

  it('takes a token only where the printed address has it', async () => {
    const port = await serve();
    expect((await ask(port, `/clusters/chat-prod?token=${TOKEN}`)).status).toBe(401);
    expect((await ask(port, `/?Token=${TOKEN}`)).status).toBe(401);
  });

  it('swaps the token in the address for a cookie that scripts and other sites never see', async () => {
    const port = await serve();
    const { status, headers, text } = await ask(port, `/?token=${TOKEN}`);
    expect(status).toBe(303);
    expect(headers.location).toBe('/');
    expect(String(headers['set-cookie'])).toMatch(/; HttpOnly; SameSite=Strict; Path=\/$/);
    expect(String(headers['set-cookie']) + text).not.toContain(TOKEN);
    const page = await ask(port, '/', await signedIn(port));
    expect(page.status).toBe(200);
    expect(page.text).not.toContain(TOKEN);
  });

  it('forbids pages to run or load anything but the server’s own', async () => {
    const port = await serve();
    const { headers } = await ask(port, '/', bearer);
    expect(headers['content-security-policy']).toMatch(/default-src 'none'/);
    expect(headers['content-security-policy']).not.toMatch(/unsafe/);
    expect(headers['cache-control']).toBe('no-store');
  });

  it('refuses a foreign Host even with the cookie, so that a rebound page reads nothing', async () => {
    const port = await serve();
    const cookie = await signedIn(port);
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1.evil.example']) {
      expect((await ask(port, '/', { ...cookie, host })).status, host).toBe(403);
      expect((await ask(port, `/?token=${TOKEN}`, { host })).status, host).toBe(403);
    }
    expect((await ask(port, '/', { ...bearer, host: '10.0.0.7:8080' })).status).toBe(200);
  });

  it('serves a name that was allowed', async () => {
    const port = await serve({ allowedHosts: ['backfill.example.com'] });
    const cookie = await signedIn(port);
    expect((await ask(port, '/', { ...cookie, host: 'backfill.example.com' })).status).toBe(200);
    expect((await ask(port, '/', { ...cookie, host: 'other.example.com' })).status).toBe(403);
  });

  it('refuses a change from a page of another site, or of another port of this machine', async () => {
    const port = await serve();
    const cookie = await signedIn(port);
    const post = (headers: Record<string, string>) => ask(port, '/commands/pause', headers, 'POST');
    for (const origin of ['https://evil.example', `http://127.0.0.1:${port + 1}`, 'null', 'http://localhost']) {
      expect((await post({ ...cookie, origin })).status, origin).toBe(403);
      expect((await post({ ...bearer, origin })).status, origin).toBe(403);
    }
    expect((await post(cookie)).status).toBe(403);
    expect((await post({ ...cookie, origin: `http://127.0.0.1:${port}` })).status).toBe(200);
    expect((await post(bearer)).status).toBe(200);
  });

  it('refuses every change when read-only, however it is sent', async () => {
    const port = await serve({ readOnly: true });
    const origin = { origin: `http://127.0.0.1:${port}` };
    for (const path of ['/commands/pause', '/clusters/chat-prod/commands/finish', '/clusters/chat-prod/start', '/']) {
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
        expect((await ask(port, path, bearer, method)).status, `${method} ${path}`).toBe(403);
        expect((await ask(port, path, { ...(await signedIn(port)), ...origin }, method)).status).toBe(403);
      }
    }
    const page = await ask(port, '/', bearer);
    expect(page.text).toContain('read-only');
    expect(page.text).not.toContain('<form method="post"');
  });

  it('tells anyone whether it is up, and nothing else', async () => {
    const port = await serve();
    expect((await ask(port, '/healthz', { host: '10.0.0.7:8080' })).text).toBe('ok\n');
    expect((await ask(port, '/readyz', { host: '10.0.0.7:8080' })).text).toMatch(
      /^(ok|no cluster has been asked yet)\n$/,
    );
    expect((await ask(port, '/healthz/', {})).status).toBe(401);
  });

  it('slows down who guesses, and never locks out who has the token', async () => {
    const port = await serve();
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) statuses.push((await ask(port, '/', { authorization: 'Bearer guess' })).status);
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
    expect((await ask(port, '/', bearer)).status).toBe(200);
  });

  it('shows a cluster that does not answer, with the reason, instead of failing', async () => {
    const port = await serve();
    await expect.poll(async () => (await ask(port, '/', bearer)).text, { timeout: 60_000 }).toContain('no VPN');
    expect((await ask(port, '/clusters/chat-prod', bearer)).text).toContain('no VPN');
    expect((await ask(port, '/clusters/other', bearer)).status).toBe(404);
  });
});

describe('the name of a person', () => {
  const gate = new Gate({
    token: new SecretToken(TOKEN),
    hosts: new Hosts(['backfill.example.com']),
    readOnly: false,
    userHeader: 'X-Forwarded-User',
  });
  const asked = (headers: Record<string, string>) => ({
    method: 'GET',
    target: '/',
    headers: { host: 'backfill.example.com', 'x-forwarded-user': ` ${'a'.repeat(200)}`, ...headers },
    address: '10.0.0.1',
    changes: false,
  });

  it('is taken from the proxy, which has the token, and from nobody else', () => {
    const cookie = new SecretToken(TOKEN).cookie(0, { secure: true }).split(';')[0]!;
    expect(gate.judge(asked(bearer))).toEqual({ kind: 'admitted', visitor: { user: 'a'.repeat(100) } });
    expect(gate.judge(asked({ cookie }))).toEqual({ kind: 'admitted', visitor: {} });
  });
});

describe('backfill serve', () => {
  it('refuses to listen for other machines without a token file and an allowed name', async () => {
    for (const host of ['0.0.0.0', '::', '10.1.2.3', 'example.com']) {
      const { code, stderr } = await typed(['serve', '--host', host, '--port', '0']);
      expect(code).toBe(2);
      expect(stderr).toMatch(/--token-file and --allow-host/);
    }
    expect((await typed(['serve', '--host', '0.0.0.0', '--allow-host', 'a.example'])).stderr).toMatch(
      /also give --token-file/,
    );
  });

  it('trusts a header with people’s names only behind a proxy with a token of its own', async () => {
    const { code, stderr } = await typed(['serve', '--user-header', 'X-Forwarded-User', '--allow-host', 'a.example']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/--token-file/);
  });
});
