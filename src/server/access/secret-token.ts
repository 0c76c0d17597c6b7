import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Shorter ones could be guessed. */
export const LEAST_TOKEN_LENGTH = 20;

/** The one secret of a server. It is compared in constant time, and never leaves this object as it is. */
export class SecretToken {
  private readonly digest: Buffer;
  /** What the browser keeps instead of the token, so that a leaked cookie does not reveal the token. */
  private readonly session: string;

  constructor(token: string) {
    this.digest = digestOf(token);
    this.session = createHmac('sha256', token).update('backfill serve: session').digest('base64url');
  }

  static random(): string {
    return randomBytes(32).toString('base64url');
  }

  is(given: string): boolean {
    return timingSafeEqual(digestOf(given), this.digest);
  }

  /** Browsers send the cookies of one host to all of its ports: the port in the name keeps two servers apart. */
  cookie(port: number, { secure }: { secure: boolean }): string {
    const attributes = ['HttpOnly', 'SameSite=Strict', 'Path=/', ...(secure ? ['Secure'] : [])];
    return [`${cookieName(port)}=${this.session}`, ...attributes].join('; ');
  }

  isIn(cookies: string | undefined, port: number): boolean {
    const name = `${cookieName(port)}=`;
    const found = cookies?.split(/; */).find((cookie) => cookie.startsWith(name));
    return found !== undefined && timingSafeEqual(digestOf(found.slice(name.length)), digestOf(this.session));
  }
}

const cookieName = (port: number): string => `backfill-${port}`;

/** Digests have one length, which a comparison in constant time needs. */
const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();
