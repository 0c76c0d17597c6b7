import { withClient } from './database.js';

/**
 * `reindexer` is the worker's role; `backfill_reader` reads for reports and probes; `backfill_verifier` counts what is
 * missing. The schema creates them.
 */
export type Role = 'reindexer' | 'backfill_reader' | 'backfill_verifier';

/**
 * Lets a role log in with this password. The password travels as a parameter and is quoted by the server, so it may
 * contain any character, and no statement log shows it.
 *
 * @param databaseUrl a role that may change roles
 * @throws when the password is empty
 */
export async function setPassword(databaseUrl: string, role: Role, password: string): Promise<void> {
  if (password === '') throw new Error(`role ${role}: expected a password, got an empty one`);
  await withClient(databaseUrl, async (client) => {
    await client.query('BEGIN');
    await client.query("SELECT set_config('reference.role', $1, true), set_config('reference.password', $2, true)", [
      role,
      password,
    ]);
    await client.query(`DO $$ BEGIN
      EXECUTE format('ALTER ROLE %I LOGIN PASSWORD %L',
        current_setting('reference.role'), current_setting('reference.password'));
    END $$`);
    await client.query('COMMIT');
  });
}

/** The same database as `databaseUrl`, for another role. */
export function urlForRole(databaseUrl: string, role: Role, password: string): string {
  const url = new URL(databaseUrl);
  url.username = role;
  url.password = encodeURIComponent(password);
  return url.href;
}
