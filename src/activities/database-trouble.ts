import pg from 'pg';

/** What went wrong with a database, in words that may be stored in a history: messages of drivers and servers may contain hosts, users, SQL or more. */
export class DatabaseTrouble extends Error {
  constructor(
    message: string,
    readonly kind: {
      /** The connection can't be used any more, or there is none. */
      lost: boolean;
      /** Trying again would fail in the same way. */
      permanent: boolean;
      tooSlow: boolean;
    },
  ) {
    super(message);
  }
}

export interface TroubleOptions {
  /** The connection string; no part of it is ever shown. */
  url: string;
  /** How long a statement may take. */
  seconds: number;
  /** Of the activity, which logs the server's message; without one, the message is shown to the operator. */
  context?: unknown;
}

/** SQLSTATEs that trying again does not change: data, authorization, names, syntax, writing in a read-only transaction. */
const PERMANENT = /^(0A|22|25006|26|28|3D|3F|42)/;
/** SQLSTATEs of a connection that the server refuses or ends, and of a server that can't serve anyone. */
const LOST = /^(08|28|3D|53|57)/;
const TOO_SLOW = '57014';
/** PostgreSQL's code for parameters that do not fit; PgBouncer's, always fatal, for everything else, such as an absent server. */
const PROTOCOL = '08P01';

const REASONS: Record<string, string> = {
  '28000': 'it refuses the user',
  '28P01': 'it refuses the password',
  '3D000': 'there is no database of the name in the connection string',
  '53300': 'it has no connection left',
  '57P01': 'it ended the connection',
  '57P03': 'it is starting up or shutting down',
  ECONNREFUSED: 'it refuses connections',
  ECONNRESET: 'the connection broke',
  ENOTFOUND: 'its host name is not known',
  ERR_INVALID_URL: 'the connection string is not a postgresql:// URL',
};

/** What is wrong with SQL that the database refuses. */
const MISTAKES: Record<string, string> = {
  [PROTOCOL]: ': it does not use exactly the parameters that it is given',
  '25006': ': it writes, in a read-only transaction',
  '42501': ': its role lacks a permission',
  '42601': ': it has a syntax error, or is more than one statement',
  '42703': ': it names a column that does not exist',
  '42883': ': it calls a function that does not exist',
  '42P01': ': it names a table that does not exist',
  '42P02': ': it uses a parameter that it is not given',
  '42P08': ': the type of a parameter is not clear; write a cast, such as $1::text',
  '42P18': ': the type of a parameter is not clear; use each, with a cast such as $1::text',
};

export function troubleOf(error: unknown, { url, seconds, context }: TroubleOptions): DatabaseTrouble {
  const { code = '', message = '' } = error as Partial<pg.DatabaseError>;
  if (!(error instanceof pg.DatabaseError)) {
    const silent = code === 'ETIMEDOUT' || (!code && /time-?out/i.test(message));
    const kind = { lost: true, permanent: code === 'ERR_INVALID_URL', tooSlow: false };
    return new DatabaseTrouble(silent ? `no answer within ${seconds} s` : reasonOfCode(code), kind);
  }
  const misfit = code === PROTOCOL && error.severity !== 'FATAL';
  const tooSlow = code === TOO_SLOW;
  const lost = LOST.test(code) && !tooSlow && !misfit;
  const permanent = PERMANENT.test(code) || misfit;
  const what = lost ? 'it refuses the connection' : permanent ? 'it refuses the SQL' : 'the query failed';
  const mistake = permanent ? (MISTAKES[code] ?? '') : '';
  const said = context ? "; the worker's log has the server's message" : `: ${withoutSecrets(message, url)}`;
  const refused = `${what} (SQLSTATE ${code})${mistake}${said}`;
  const reason = tooSlow ? `a query took longer than ${seconds} s` : (REASONS[code] ?? refused);
  return new DatabaseTrouble(reason, { lost, permanent, tooSlow });
}

/** What Node's code for a connection that failed means. */
export const reasonOfCode = (code: string): string => REASONS[code] ?? `it is unreachable${code ? ` (${code})` : ''}`;

/** @param more another secret that is not a part of the address */
export function withoutSecrets(message: string, url: string, more?: string): string {
  const parts = URL.canParse(url) ? new URL(url) : undefined;
  const secrets = [url, more, parts?.password, parts?.username, parts?.host, parts?.hostname].flatMap((part) =>
    part ? [part, decoded(part)] : [],
  );
  return secrets.reduce((text, secret) => text.replaceAll(secret, '…'), message).slice(0, 200);
}

export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
