import { isFields } from '../json.js';
import type { FailureLink } from './link.js';

/**
 * What one link of a cause chain says about itself: a SQLSTATE, a driver's class name, an RPC or HTTP status, or words
 * of PostgreSQL, a pool or the network. Never words of this project.
 */
export interface Evidence {
  class: 'contention' | 'overload' | 'permanent' | 'unknown';
  /** What decided, for an operator: `SQLSTATE 40P01`. */
  evidence: string;
}

/**
 * Exact forms first: a code outranks words in the same link, because words quote data (a unique violation whose key
 * reads "deadlock detected" is still a unique violation).
 */
export function evidenceOf(link: FailureLink): Evidence | undefined {
  if (!speaks(link)) return undefined;
  const text = primaryMessage(link.message);
  return (
    sqlStateIn(link, text) ??
    named(link.type, 'type') ??
    detailFields(link).map(byDetail).find(Boolean) ??
    rpcCodeIn(text) ??
    httpStatusIn(text) ??
    wordsIn(text)
  );
}

/** The other kinds say where a failure passed; their names are the child's own, such as an activity called `timeout`. */
const speaks = ({ kind }: FailureLink): boolean => kind === 'application' || kind === 'server' || kind === 'other';

/** The server's words in every SDK, and those of the SDKs built on its Rust core, for a time-out kept as text only. */
const TIMEOUT_WORDS = /\bactivity (Heartbeat|StartToClose|ScheduleToClose|ScheduleToStart) timeout\b/;
const TIMEOUT_OF_UNKNOWN_TYPE = /\bActivity task timed out\b/;

/** The type of the time-out that a message speaks of, as in `FailureLink`; empty if it does not say which. */
export function timeoutInWords(link: FailureLink): string | undefined {
  if (!speaks(link)) return undefined;
  const type = TIMEOUT_WORDS.exec(link.message.slice(0, 4_000))?.[1];
  if (type) return type.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
  return TIMEOUT_OF_UNKNOWN_TYPE.test(link.message.slice(0, 4_000)) ? '' : undefined;
}

/** A classified state, or one of PostgreSQL's that says nothing about trying again. */
function classOfSqlState(state: string): Evidence['class'] {
  if (/^(?:40P01|40001|55P03)$/.test(state)) return 'contention';
  // 25P04 is the transaction time-out, the younger sibling of 57014.
  if (/^(?:53...|57P0.|08...|57014|25P04)$/.test(state)) return 'overload';
  // Authorization, access rule or syntax, unknown database, unknown schema: the same window fails the same way.
  if (/^(?:28...|42...|3D000|3F000)$/.test(state)) return 'permanent';
  return 'unknown';
}

const sqlState = (state: string): Evidence => ({
  class: classOfSqlState(state.toUpperCase()),
  evidence: `SQLSTATE ${state.toUpperCase()}`,
});

const isClassified = (state: string): boolean => classOfSqlState(state) !== 'unknown';

const LABELLED = /\bSQL[ _-]?STATE\b["']?[\s:=]*[[("']{0,2}([0-9A-Z]{5})\b/i;
/** `psql` and server logs in verbose form, and .NET's driver, whose messages start with the state. */
const VERBOSE = /(?:\b(?:ERROR|FATAL|PANIC):\s{1,3}|^)([0-9A-Z]{5}): /;
const CODE = /\bcode\b["']?[\s:=]{0,3}[[("']{0,2}([0-9A-Z]{5})\b/i;
const BRACKETED = /[[(]([0-9A-Z]{5})[\])]/;
const DATABASE = /postgres|\bpgx?\b|\bpq:|\bsql|database|psycopg|jdbc|npgsql/i;

function sqlStateIn(link: FailureLink, text: string): Evidence | undefined {
  for (const [name, value] of detailFields(link)) {
    if (typeof value !== 'string' || !/^[0-9A-Za-z]{5}$/.test(value)) continue;
    if (/^(?:sql_?state|pg_?code)$/i.test(name)) return sqlState(value);
    if (/^(?:error_?)?code$/i.test(name) && isClassified(value)) return sqlState(value);
  }
  if (link.type && /^[0-9A-Z]{5}$/.test(link.type) && isClassified(link.type)) return sqlState(link.type);

  const labelled = LABELLED.exec(text)?.[1];
  if (labelled) return sqlState(labelled);

  // The other forms are also those of order ids and post codes. A state with a letter in it (40P01) is telling enough;
  // one of digits only (57014) needs a word of databases beside it.
  const fromDatabase = DATABASE.test(`${link.type ?? ''} ${text}`);
  for (const form of [VERBOSE, CODE, BRACKETED]) {
    const state = form.exec(text)?.[1];
    if (state && isClassified(state) && (/[A-Z]/.test(state) || fromDatabase)) return sqlState(state);
  }
  return undefined;
}

/** Names that drivers, frameworks and RPC libraries give these failures, without case, separators and `Error`. */
const NAMES: Readonly<Record<Exclude<Evidence['class'], 'unknown'>, readonly string[]>> = {
  contention: [
    // psycopg, asyncpg, Ruby's pg. asyncpg's SerializationError is missing on purpose: Kafka and Elasticsearch clients
    // use the name for bad JSON; asyncpg's is known by PostgreSQL's words.
    ...['deadlockdetected', 'trdeadlockdetected', 'serializationfailure', 'trserializationfailure', 'locknotavailable'],
    // Spring, Hibernate, JPA, ActiveRecord.
    ...['deadlockloserdataaccess', 'cannotacquirelock', 'cannotserializetransaction', 'lockacquisition'],
    ...['pessimisticlock', 'locktimeout', 'deadlocked', 'lockwaittimeout'],
    // gRPC defines ABORTED as a conflict of transactions, to be tried again from the start.
    'aborted',
  ],
  overload: [
    ...['toomanyconnections', 'insufficientresources', 'outofmemory', 'diskfull', 'configurationlimitexceeded'],
    ...['querycanceled', 'statementtimeout', 'adminshutdown', 'crashshutdown', 'cannotconnectnow'],
    ...['connectiondoesnotexist', 'connectionfailure', 'connectionbad', 'sqlclientunabletoestablishsqlconnection'],
    ...['sqltransientconnection', 'cannotgetjdbcconnection', 'pooltimeout', 'connectionrefused', 'connectionreset'],
    ...['econnrefused', 'econnreset', 'epipe', 'etimedout'],
    ...['resourceexhausted', 'unavailable', 'serviceunavailable', 'toomanyrequests', 'ratelimited', 'ratelimit'],
    ...['ratelimitexceeded', 'throttled', 'throttling'],
    // A limit that the child's own code set on a query or call: the client's side of a statement time-out (57014).
    ...['deadlineexceeded', 'timeout', 'querytimeout', 'sqltimeout', 'sockettimeout', 'readtimeout', 'connecttimeout'],
  ],
  permanent: [
    ...['invalidargument', 'notfound', 'permissiondenied', 'unauthenticated', 'unimplemented'],
    ...['insufficientprivilege', 'invalidpassword', 'invalidauthorizationspecification', 'undefinedtable'],
    ...['namespacenotfound'],
  ],
};

const CLASS_OF_NAME: ReadonlyMap<string, Evidence['class']> = new Map(
  (['contention', 'overload', 'permanent'] as const).flatMap((kind) =>
    NAMES[kind].map((name) => [name, kind] as const),
  ),
);

function named(name: string | undefined, where: string): Evidence | undefined {
  if (!name || name.length > 200) return undefined;
  const last = name.split(/[.:$\\/]/).at(-1) ?? '';
  const bare = last.replace(/[_ -]/g, '').toLowerCase();
  const found = CLASS_OF_NAME.get(bare) ?? CLASS_OF_NAME.get(bare.replace(/(?:error|exception)$/, ''));
  return found && { class: found, evidence: `${where} ${name}` };
}

/** gRPC codes that say something; `Internal`, `Unknown` and the like leave the word to the description. */
const RPC_CODES = new Set([
  ...['aborted', 'resourceexhausted', 'unavailable', 'deadlineexceeded', 'invalidargument', 'notfound'],
  ...['permissiondenied', 'unauthenticated', 'unimplemented'],
]);
const RPC_FORMS = [
  /\brpc error: code = ([A-Za-z]{5,20})\b/, // Go
  /\bStatusCode\.([A-Z_]{5,20})\b/, // Python
  /(?:^|StatusRuntimeException: |: )(?:\d{1,2} )?([A-Z]+_?[A-Z]+)(?::|$)/, // Java, and grpc-js with its number
];

function rpcCodeIn(text: string): Evidence | undefined {
  for (const form of RPC_FORMS) {
    const code = form.exec(text)?.[1];
    if (code && RPC_CODES.has(code.replace('_', '').toLowerCase())) return named(code, 'gRPC');
  }
  return undefined;
}

const HTTP_FORMS = [
  /\b(?:HTTP(?:\/[\d.]{1,3})?|status(?:[ _]?code)?)["']?[\s:=]{1,3}["']?(\d{3})\b/i,
  /\b(\d{3}) (?:Too Many Requests|Service Unavailable|Bad Gateway|Gateway Time-?out|Bad Request|Unauthorized|Forbidden|Not Found)\b/i,
];

function byHttpStatus(status: number): Evidence | undefined {
  if ([429, 502, 503, 504].includes(status)) return { class: 'overload', evidence: `HTTP ${status}` };
  if ([400, 401, 403, 404].includes(status)) return { class: 'permanent', evidence: `HTTP ${status}` };
  return undefined;
}

function httpStatusIn(text: string): Evidence | undefined {
  return HTTP_FORMS.map((form) => byHttpStatus(Number(form.exec(text)?.[1]))).find(Boolean);
}

/**
 * PostgreSQL's own words, and those of pools and the network, for drivers that keep the SQLSTATE to themselves (Java,
 * Python and TypeScript put it on the wire only if the worker's author did). Words of a server with another
 * `lc_messages` are not here.
 */
const WORDS: readonly (readonly [RegExp, Exclude<Evidence['class'], 'unknown'>])[] = [
  // Temporal's SDKs say "Potential deadlock detected" of workflow code that does not yield: no lock is involved.
  [/(?<!potential )deadlock detected/i, 'contention'],
  [/could not serialize access/i, 'contention'],
  [/could not obtain lock on/i, 'contention'],
  [/canceling statement due to lock timeout/i, 'contention'],
  [/canceling statement due to (?:statement timeout|user request)/i, 'overload'],
  [/too many clients already|remaining connection slots are reserved|too many connections/i, 'overload'],
  [/terminating connection due to [a-z -]{1,60}/i, 'overload'],
  [
    /the database system is (?:starting up|shutting down|in recovery mode|not (?:yet )?accepting connections)/i,
    'overload',
  ],
  [/out of shared memory|no space left on device/i, 'overload'],
  [/server closed the connection unexpectedly|connection terminated unexpectedly/i, 'overload'],
  [/connection was closed in the middle of operation|this connection has been closed|\bconn closed\b/i, 'overload'],
  [/an I\/O error occurred while sending to the backend/i, 'overload'],
  [/connection refused|connection reset\b|broken pipe/i, 'overload'],
  [/\b(?:ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)\b/, 'overload'],
  [/\bunexpected EOF\b|\bdriver: bad connection/, 'overload'], // pgx, Go's database/sql
  [/\bdial (?:tcp|unix)\b|\bi\/o timeout\b/, 'overload'], // Go's net
  [/connection is not available, request timed out/i, 'overload'], // HikariCP
  [/timeout exceeded when trying to connect/i, 'overload'], // pg-pool
  [/QueuePool limit of size/i, 'overload'], // SQLAlchemy
  [/context deadline exceeded/i, 'overload'],
  [/too many requests|\brate[ -]?limit(?:ed\b| (?:is )?exceeded)|resource[ _]?exhausted/i, 'overload'],
  [/permission denied for (?:table|schema|database|relation|sequence|function|view)/i, 'permanent'],
  // A worker without this workflow or activity, in the words of Temporal's SDKs.
  [/is not registered (?:on this|with a) worker|unable to find (?:activity|workflow) ?type/i, 'permanent'],
  [/\bnamespace \S{1,100} is not found/i, 'permanent'],
];

function wordsIn(text: string): Evidence | undefined {
  for (const [words, kind] of WORDS) {
    const found = words.exec(text);
    if (found) return { class: kind, evidence: `message "${found[0]}"` };
  }
  return undefined;
}

/** PostgreSQL's detail, hint and context quote rows and statements, which may hold any words at all. */
const primaryMessage = (message: string): string =>
  message.slice(0, 4_000).split(/\n\s{0,4}(?:detail|hint|context|where|query|statement|line \d{1,6})\s?:/i, 1)[0] ?? '';

type Field = readonly [name: string, value: unknown];

/** The fields of the details and of objects directly in them, as `{error: {code}}` is common too. */
function detailFields(link: FailureLink): Field[] {
  const objects = (link.details ?? []).flatMap((detail) =>
    isFields(detail) ? [detail, ...Object.values(detail).filter(isFields)] : [],
  );
  return objects.flatMap((object) => Object.entries(object)).slice(0, 200);
}

function byDetail([name, value]: Field): Evidence | undefined {
  if (/^(?:http_?)?status_?(?:code)?$/i.test(name) && typeof value === 'number') return byHttpStatus(value);
  if (/^(?:grpc_?|error_?)?(?:code|status)$/i.test(name) && typeof value === 'string') return named(value, name);
  return undefined;
}
