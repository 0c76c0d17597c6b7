const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+?)\.?(:\d{1,5})?$/i;

/** Whether an address to listen on can only be reached from this machine. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host.includes(':') ? `[${host}]` : host);

/**
 * The names under which a server may be addressed. A page of another site can make its own name lead here (DNS
 * rebinding), and would then be allowed to read every answer; its requests still carry that name as `Host`.
 */
export class Hosts {
  private readonly allowed: ReadonlySet<string>;

  constructor(allowed: readonly string[]) {
    this.allowed = new Set(allowed.map((name) => name.toLowerCase()));
  }

  /** @param host as in the header `Host`; its port does not matter, since forwarding changes it */
  allows(host: string | undefined): boolean {
    const name = HOST.exec(host ?? '')?.[1]?.toLowerCase();
    return (
      name !== undefined && (LOOPBACK.test(name) || this.allowed.has(name) || this.allowed.has(host!.toLowerCase()))
    );
  }

  /**
   * Whether a page of this origin may send changes: only the server's own pages, and those of an allowed name that a proxy
   * has replaced. Another program on the same machine has another port, and with it another origin.
   */
  allowsOrigin(origin: string, host: string | undefined): boolean {
    const own = hostOf(origin);
    return own !== undefined && (own === host?.toLowerCase() || this.allowed.has(own));
  }
}

function hostOf(origin: string): string | undefined {
  try {
    const { protocol, host } = new URL(origin);
    return protocol === 'http:' || protocol === 'https:' ? host : undefined;
  } catch {
    return undefined;
  }
}
