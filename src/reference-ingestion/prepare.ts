import { defaultScale, fleet } from './fleet.js';
import { type Loaded, loadFleet } from './load-fleet.js';
import { migrate } from './migrate.js';
import { setPassword, urlForRole } from './roles.js';

/** Where to prepare, as which roles, and how much to load. */
export interface PrepareOptions {
  /** A role that may create tables and roles. */
  databaseUrl: string;
  reindexerPassword: string;
  readerPassword: string;
  /** Without it, the role that verifies can't log in. */
  verifierPassword?: string;
  /** The share of the recorded volume. */
  scale?: number;
  seed?: number;
}

/** The URL of the database for each role, and what is loaded. */
export interface Prepared {
  reindexerUrl: string;
  readerUrl: string;
  verifierUrl?: string;
  loaded: Loaded;
}

/** Prepares a database for a backfill: schema, roles and the recorded fleet. May run repeatedly. */
export async function prepare(options: PrepareOptions): Promise<Prepared> {
  const { databaseUrl, reindexerPassword, readerPassword, verifierPassword, scale = defaultScale, seed } = options;
  await migrate(databaseUrl);
  await setPassword(databaseUrl, 'reindexer', reindexerPassword);
  await setPassword(databaseUrl, 'backfill_reader', readerPassword);
  if (verifierPassword) await setPassword(databaseUrl, 'backfill_verifier', verifierPassword);
  const loaded = await loadFleet(databaseUrl, { customers: fleet(scale, seed), ...(seed !== undefined && { seed }) });
  return {
    reindexerUrl: urlForRole(databaseUrl, 'reindexer', reindexerPassword),
    readerUrl: urlForRole(databaseUrl, 'backfill_reader', readerPassword),
    ...(verifierPassword && { verifierUrl: urlForRole(databaseUrl, 'backfill_verifier', verifierPassword) }),
    loaded,
  };
}
