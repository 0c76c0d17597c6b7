import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** The parts of a request that decide whether it is served. HTTP/2 names the host `:authority`. */
export interface Request {
  readonly method: string;
  /** Path and query, as received. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** The address of the peer, for counting failed tokens. */
  readonly from: string;
}

export interface SecurityOptions {
  readonly token: string;
  /** Names besides loopback under which the server is reached: `backfill.example.com`, with a port if it is not the scheme's own. */
  readonly allowedHosts: readonly string[];
  readonly readOnly: boolean;
  /** The server's own port: cookies of one host are shared by all of its ports. */
  readonly port: () => number;
  /** A header in which a proxy that authenticates people names them. */
  readonly userHeader?: string;
  /** Whom commands are attributed to where no header names a person. */
  readonly by: string;
}

export type Verdict =
  | { readonly kind: 'served'; readonly by: string | undefined }
  /** The token in the address becomes a cookie; the browser continues at an address without it. */
  | { readonly kind: 'swapped'; readonly location: string; readonly cookie: string }
  | { readonly kind: 'refused'; readonly status: 401 | 403 | 429; readonly reason: string };

/** Paths that reveal nothing and serve probes, which come with a pod's address and no token. */
const HEALTH_PATHS = ['/healthz', '/readyz'];
const READING = ['GET', 'HEAD'];
const LONGEST_NAME = 100;

export const newToken = (): string => randomBytes(32).toString('base64url');

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

/**
 * Decides on each request, whatever the path and protocol, in this order:
 *
 * 1. A foreign `Host` is refused (DNS rebinding), except for health paths and requests with a valid bearer token.
 * 2. Without a valid token nothing but the health paths is served.
 * 3. What is not GET or HEAD needs an allowed `Origin`, or none and a bearer token (cross-site request forgery).
 * 4. With `readOnly`, what is not GET or HEAD is refused.
 */
export class Security {
  /** What the cookie holds instead of the token: who reads it can't use it elsewhere. */
  private readonly session: string;
  private readonly failures = new FailureLimit();

  constructor(private readonly options: SecurityOptions) {
    this.session = createHmac('sha256', options.token).update('backfill serve').digest('base64url');
  }

  judge(request: Request): Verdict {
    const { method, headers } = request;
    const { token } = this.options;
    const reading = READING.includes(method);
    const health = HEALTH_PATHS.includes(request.url.split('?')[0]!);
    const address = addressOf(request.url);
    const given = {
      bearer: /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1],
      cookie: cookieIn(headers.cookie, this.cookieName),
      query: address.searchParams.get('token') ?? undefined,
    };
    const bearer = isSame(given.bearer, token);
    // A token in an address opens pages in a browser, and nothing else.
    const opening = reading && !health && isSame(given.query, token);
    if (!health && !bearer && !this.isAllowedHost(hostOf(headers))) {
      return refused(403, 'this host name is not allowed; start backfill serve with --allow-host and this name');
    }
    if (opening) return { kind: 'swapped', location: withoutToken(address), cookie: this.cookie(headers) };
    if (!health && !bearer && !isSame(given.cookie, this.session)) {
      const tried = Object.values(given).some((value) => value !== undefined);
      if (tried && this.failures.isExceeded(request.from)) {
        return refused(429, 'too many wrong tokens; try again in a minute');
      }
      return refused(401, 'open the address that backfill serve printed, or send Authorization: Bearer with its token');
    }
    if (!reading && !this.isAllowedOrigin(headers, bearer)) {
      return refused(403, 'a request that changes something needs an Origin of this site, or none and a bearer token');
    }
    if (!reading && this.options.readOnly) return refused(403, 'this server is read-only');
    return { kind: 'served', by: this.personIn(headers, bearer) };
  }

  private cookie(headers: IncomingHttpHeaders): string {
    const secure = headers['x-forwarded-proto'] === 'https' ? '; Secure' : '';
    return `${this.cookieName}=${this.session}; Path=/; HttpOnly; SameSite=Strict${secure}`;
  }

  private isAllowedHost(host: string): boolean {
    const name = host.replace(/:\d+$/, '');
    return isLoopback(name) || this.options.allowedHosts.some((allowed) => allowed === host || allowed === name);
  }

  /** The site that this request was sent to, or one of the names that the operator allowed. */
  private isAllowedOrigin(headers: IncomingHttpHeaders, bearer: boolean): boolean {
    const { origin } = headers;
    if (origin === undefined) return bearer;
    if (!URL.canParse(origin)) return false;
    const { host } = new URL(origin);
    const own = hostOf(headers);
    return (host === own && this.isAllowedHost(own)) || this.options.allowedHosts.includes(host);
  }

  /** A header is believed only from the proxy, which has the bearer token; undefined where it names nobody. */
  private personIn(headers: IncomingHttpHeaders, bearer: boolean): string | undefined {
    const { userHeader, by } = this.options;
    if (userHeader === undefined) return by;
    const name = bearer ? headers[userHeader.toLowerCase()] : undefined;
    return typeof name === 'string' && name.trim() !== '' ? name.trim().slice(0, LONGEST_NAME) : undefined;
  }

  private get cookieName(): string {
    return `backfill_${this.options.port()}`;
  }
}

const refused = (status: 401 | 403 | 429, reason: string): Verdict => ({ kind: 'refused', status, reason });

const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** In constant time: digests have one length, and are compared as a whole. */
const isSame = (given: string | undefined, expected: string): boolean =>
  given !== undefined && timingSafeEqual(digestOf(given), digestOf(expected));

const addressOf = (url: string): URL => new URL(`http://unused${url.startsWith('/') ? url : '/'}`);

/** A path that began with two slashes would lead to another host. */
function withoutToken({ pathname, searchParams }: URL): string {
  searchParams.delete('token');
  const query = searchParams.toString();
  return pathname.replace(/^\/+/, '/') + (query && `?${query}`);
}

const hostOf = (headers: IncomingHttpHeaders): string =>
  String(headers[':authority'] ?? headers.host ?? '').toLowerCase();

function cookieIn(header = '', name: string): string | undefined {
  const found = header.split(';').find((part) => part.trim().startsWith(`${name}=`));
  return found?.trim().slice(name.length + 1);
}

const MINUTE_MS = 60_000;
const MOST_FAILURES = 20;
const MOST_ADDRESSES = 1_000;

/** Counts wrong tokens of each address. A right token is always served, so that nobody can lock the others out behind a shared proxy. */
class FailureLimit {
  private readonly counts = new Map<string, { since: number; failures: number }>();

  isExceeded(address: string): boolean {
    const now = Date.now();
    let count = this.counts.get(address);
    if (!count || now - count.since > MINUTE_MS) {
      count = { since: now, failures: 0 };
      this.counts.delete(address);
      if (this.counts.size >= MOST_ADDRESSES) this.counts.delete(this.counts.keys().next().value!);
      this.counts.set(address, count);
    }
    count.failures++;
    return count.failures > MOST_FAILURES;
  }
}

/** On every answer. Pages load only what this server serves, and nothing keeps a copy. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // With no-referrer, browsers send forms with `Origin: null`.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};
