import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { withClient } from './database.js';

const folder = new URL('./sql/', import.meta.url);

// Any number that nothing else in the database locks.
const lockKey = 620_920_26;

/**
 * Brings a database to the newest schema: applies the numbered files of `sql/` that it has not applied yet, each in
 * a transaction of its own, and records them in `schema_migrations`. May run any number of times, also concurrently.
 *
 * @param databaseUrl a role that may create tables, roles and schemas
 * @returns the names of the files applied now, none when the schema was up to date
 * @throws when an applied file has changed since: its changes would never reach this database
 */
export async function migrate(databaseUrl: string): Promise<string[]> {
  return await withClient(databaseUrl, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [lockKey]);
    await client.query(`CREATE TABLE IF NOT EXISTS schema_migrations (
      name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`);
    const { rows } = await client.query<{ name: string; checksum: string }>(
      'SELECT name, checksum FROM schema_migrations',
    );
    const applied = new Map(rows.map((row) => [row.name, row.checksum]));
    const now: string[] = [];
    for (const { name, sql, checksum } of await migrationFiles()) {
      const known = applied.get(name);
      if (known === checksum) continue;
      if (known !== undefined) {
        throw new Error(
          `migration ${name} was applied with other contents (expected ${known}, got ${checksum}): ` +
            'undo the change and put it into a new numbered file',
        );
      }
      await client.query('BEGIN');
      try {
        await client.query(sql);
        await client.query('INSERT INTO schema_migrations (name, checksum) VALUES ($1, $2)', [name, checksum]);
        await client.query('COMMIT');
      } catch (error) {
        await client.query('ROLLBACK');
        throw new Error(`migration ${name} failed and was rolled back`, { cause: error });
      }
      now.push(name);
    }
    return now;
  });
}

async function migrationFiles(): Promise<{ name: string; sql: string; checksum: string }[]> {
  const names = (await readdir(fileURLToPath(folder))).filter((name) => name.endsWith('.sql')).sort();
  return await Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, folder), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex').slice(0, 16) };
    }),
  );
}
