import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals where a list continues. A token says nothing to its holder, is good only for the arguments and the caller that it was
 * made for, and grants nothing: every page is asked for with the caller's own right.
 */
export class PageTokens {
  private readonly key: Buffer;

  /** @param secret the server's token: page tokens live as long as that */
  constructor(secret: string) {
    this.key = Buffer.from(hkdfSync('sha256', secret, '', 'backfill page tokens', 32));
  }

  /** @param bound what must be the same when the token is used */
  seal(position: unknown, bound: readonly string[]): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, this.key, iv).setAAD(digestOf(bound));
    const sealed = Buffer.concat([cipher.update(JSON.stringify(position)), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
  }

  /** The position; undefined for a token that was changed, is another server's, or was made for other arguments. */
  open(token: string, bound: readonly string[]): unknown {
    const bytes = Buffer.from(token, 'base64url');
    // Decoding skips what is no base64url: two texts must not be one token.
    if (bytes.length <= IV_BYTES + TAG_BYTES || bytes.toString('base64url') !== token) return undefined;
    const decipher = createDecipheriv(CIPHER, this.key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(digestOf(bound)).setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    try {
      const opened = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
      return JSON.parse(opened.toString('utf8'));
    } catch {
      return undefined;
    }
  }
}

const digestOf = (bound: readonly string[]): Buffer => createHash('sha256').update(JSON.stringify(bound)).digest();
