import pg from 'pg';
import { startPostgres } from '../../scripts/dev/postgres.js';

/** The lock that a check waits for, where a test wants to hold one up. */
const LOCK = 620_9;

/**
 * What a check counts where children only pretend to work: 100 conversations a day, of which as many are missing as the
 * table says. It waits for the holder of the lock.
 */
const SQL = `
  SELECT w.n AS "window", day::date AS day, 100 AS conversations,
    (SELECT coalesce(sum(missing), 0) FROM holes WHERE customer = w.customer AND holes.day = days.day::date) AS missing
  FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[])
      WITH ORDINALITY AS w (customer, starts, ends, as_of, n),
    generate_series(w.starts, w.ends - interval '1 hour', interval '1 day') AS days (day),
    (SELECT pg_advisory_xact_lock_shared(${LOCK})) AS free`;

export interface Holes {
  /** For the environment of a worker that checks. */
  settings: { BACKFILL_VERIFY_URL: string; BACKFILL_VERIFY_SQL: string };
  plant(customer: string, day: string, missing?: number): Promise<void>;
  repair(customer: string, day: string): Promise<void>;
  /** Holds every check up, until it is let go. */
  hold(): Promise<void>;
  letGo(): Promise<void>;
  /** How many checks wait to be let go. */
  held(): Promise<number>;
  close(): Promise<void>;
}

export async function startHoles(): Promise<Holes> {
  const { url } = await startPostgres();
  const client = new pg.Client(url);
  // Unheard, its end with the server's would end the process.
  client.on('error', () => {});
  await client.connect();
  await client.query('CREATE TABLE holes (customer text, day date, missing integer)');
  await client.query(`CREATE ROLE verifier LOGIN PASSWORD 'count-only'; GRANT SELECT ON holes TO verifier`);
  const verifier = Object.assign(new URL(url), { username: 'verifier', password: 'count-only' }).href;
  return {
    settings: { BACKFILL_VERIFY_URL: verifier, BACKFILL_VERIFY_SQL: SQL },
    plant: async (customer, day, missing = 12) => {
      await client.query('INSERT INTO holes VALUES ($1, $2, $3)', [customer, day, missing]);
    },
    repair: async (customer, day) => {
      await client.query('DELETE FROM holes WHERE customer = $1 AND day = $2', [customer, day]);
    },
    hold: async () => {
      await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    },
    letGo: async () => void (await client.query('SELECT pg_advisory_unlock_all()')),
    held: async () => {
      const { rows } = await client.query(
        `SELECT count(*)::integer AS held FROM pg_stat_activity
         WHERE application_name = 'backfill-scorecards verify' AND wait_event_type = 'Lock'`,
      );
      return rows[0].held;
    },
    close: () => client.end(),
  };
}
