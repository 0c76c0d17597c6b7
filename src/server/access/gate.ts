import type { IncomingHttpHeaders } from 'node:http';
import { FailedTokens } from './failed-tokens.js';
import type { Hosts } from './hosts.js';
import type { SecretToken } from './secret-token.js';

/** What the gate reads of a request. */
export interface Asked {
  readonly method: string;
  /** Path and query, as sent. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  /** Of the peer. */
  readonly address: string;
  /** Whether a request with this method and path may change something. */
  readonly changes: boolean;
}

export interface Visitor {
  /** The person that an authenticating proxy named. */
  readonly user?: string;
}

export type Verdict =
  /** Anyone may ask whether the server is up. */
  | { readonly kind: 'health' }
  | { readonly kind: 'admitted'; readonly visitor: Visitor }
  /** The address held the token: on to a clean one, with a cookie. */
  | { readonly kind: 'signedIn'; readonly cookie: string }
  | { readonly kind: 'clean'; readonly location: string }
  | {
      readonly kind: 'refused';
      readonly status: 400 | 401 | 403 | 429;
      readonly why: string;
      readonly retryAfter?: number;
    };

export interface GateOptions {
  readonly token: SecretToken;
  readonly hosts: Hosts;
  readonly readOnly: boolean;
  /** Trusted on requests with the bearer token only, which the proxy adds. */
  readonly userHeader?: string | undefined;
  readonly failed?: FailedTokens;
}

const HEALTH = new Set(['/healthz', '/readyz']);
const READS = new Set(['GET', 'HEAD']);
const LONGEST_NAME = 100;

/**
 * Who may ask what. Every request passes here first, for whichever part of the server it is. In this order, each before
 * all that follow:
 *
 * 1. A target that is not a path: no part of the server expects another form.
 * 2. A bearer token. A wrong one is refused whatever else the request has, and counts as a failure.
 * 3. `Host`: before any cookie or token in the address is looked at, since a rebound page sends both. A bearer token is
 *    nothing that a browser adds by itself, and health is no secret: kubelet and Prometheus come with a pod's address.
 * 4. `Origin`, for everything but GET and HEAD: SameSite cookies do not separate two ports of one host.
 * 5. Health.
 * 6. A token in the address, and only where the printed address has it.
 * 7. The cookie, or the bearer token.
 * 8. `--read-only`.
 */
export class Gate {
  private readonly failed: FailedTokens;
  /** Set once it is known. */
  port = 0;

  constructor(private readonly options: GateOptions) {
    this.failed = options.failed ?? new FailedTokens();
  }

  judge(asked: Asked): Verdict {
    const { method, target, headers } = asked;
    const { token, hosts, readOnly } = this.options;
    if (!target.startsWith('/')) return refused(400, 'expected a path that begins with /');
    const url = new URL(target.replace(/^\/+/, '/'), 'http://server');
    const bearer = bearerIn(headers.authorization);
    if (bearer !== undefined) {
      const problem = this.tokenProblem(bearer, asked.address);
      if (problem) return problem;
    }
    const trusted = bearer !== undefined;
    const host = headers[':authority'] ?? headers.host;
    const health = HEALTH.has(url.pathname);
    if (!trusted && !health && !hosts.allows(asText(host))) {
      return refused(403, 'this server is not addressed by that name; allow it with --allow-host');
    }
    if (!READS.has(method)) {
      const { origin } = headers;
      const allowed = origin === undefined ? trusted : hosts.allowsOrigin(origin, asText(host));
      if (!allowed) return refused(403, 'a change must come from a page of this server, or carry a bearer token');
    }
    if (health) return { kind: 'health' };
    const inAddress = url.searchParams.get('token');
    if (inAddress !== null && url.pathname === '/' && method === 'GET') {
      const secure = headers['x-forwarded-proto'] === 'https';
      return (
        this.tokenProblem(inAddress, asked.address) ?? { kind: 'signedIn', cookie: token.cookie(this.port, { secure }) }
      );
    }
    if (!trusted && !token.isIn(headers.cookie, this.port)) {
      return refused(401, 'open the address that backfill serve printed, or send Authorization: Bearer with its token');
    }
    if (readOnly && asked.changes) return refused(403, 'this server is read-only');
    if (inAddress !== null && READS.has(method)) {
      url.searchParams.delete('token');
      return { kind: 'clean', location: `${url.pathname}${url.search}` };
    }
    return { kind: 'admitted', visitor: trusted ? this.visitorIn(headers) : {} };
  }

  private tokenProblem(given: string, address: string): Verdict | undefined {
    if (this.options.token.is(given)) return undefined;
    const retryAfter = this.failed.add(address);
    if (retryAfter === 0) return refused(401, 'wrong token');
    return { ...refused(429, 'too many wrong tokens; try again later'), retryAfter };
  }

  private visitorIn(headers: IncomingHttpHeaders): Visitor {
    const { userHeader } = this.options;
    const user = userHeader === undefined ? undefined : asText(headers[userHeader.toLowerCase()])?.trim();
    return user ? { user: user.slice(0, LONGEST_NAME) } : {};
  }
}

const refused = (status: 400 | 401 | 403 | 429, why: string) => ({ kind: 'refused', status, why }) as const;

const asText = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header.join(', ') : header;

/** Undefined without the header: any other scheme is a wrong token. */
function bearerIn(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  return /^bearer +(\S+)$/i.exec(authorization)?.[1] ?? '';
}
