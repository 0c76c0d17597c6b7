/** What went wrong with a database, in words without secrets: what drivers and servers say may hold hosts, users or more. */
export interface TroubleOptions {
  /** The connection string, of which no part is ever told. */
  url: string;
  /** Whose connection it is, as a possessive: `the probe's`. */
  whose: string;
  /** How long it waited for an answer. */
  seconds: number;
}

export function explainTrouble(error: unknown, { url, whose, seconds }: TroubleOptions): string {
  const silent = `no answer within ${seconds} s`;
  const reasons: Record<string, string> = {
    '28000': `it refuses ${whose} user`,
    '28P01': `it refuses ${whose} password`,
    '3D000': 'there is no database of the name in the connection string',
    '53300': 'it has no connection left',
    '57014': `a query took longer than ${seconds} s`,
    '57P01': 'it is shutting down',
    '57P03': 'it is starting up or shutting down',
    ECONNREFUSED: 'it refuses connections',
    ECONNRESET: 'the connection broke',
    ENOTFOUND: 'its host name is not known',
    ETIMEDOUT: silent,
    ERR_INVALID_URL: 'the connection string is not a postgresql:// URL',
  };
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code !== 'string') return /time-?out/i.test(String(message)) ? silent : 'it can not be reached';
  const reason = reasons[code];
  if (reason) return reason;
  if (!isSqlState(code)) return `it can not be reached (${code})`;
  return `the query failed (${code}): ${withoutSecrets(String(message), url)}`;
}

export const isSqlState = (code: unknown): code is string => typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code);

export function withoutSecrets(message: string, url: string): string {
  const parts = URL.canParse(url) ? new URL(url) : undefined;
  const secrets = [url, parts?.password, parts?.username, parts?.host, parts?.hostname].flatMap((part) =>
    part ? [part, decoded(part)] : [],
  );
  return secrets.reduce((text, secret) => text.replaceAll(secret, '…'), message).slice(0, 200);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
