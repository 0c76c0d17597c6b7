import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Row } from '../database.js';

/** Where metrics get their values. */
export interface Origins {
  /** Runs one statement on the cluster's database, read-only and limited in time. */
  sql(statement: string, parameters?: unknown[]): Promise<Row[]>;
  /** The one number that a PromQL query gives, as Prometheus writes it. */
  promql(query: string): Promise<string>;
  memory: Memory;
}

const TRUTH: Record<string, string> = { t: '1', f: '0' };

/** A metric without a value: the message says why. */
export class NoValue extends Error {}

/** Where metrics get their values answers none of them now: the message says why. */
export class Lost extends Error {}

/** A load that thresholds may name. */
export interface Metric {
  /** @throws NoValue or Lost */
  measure(origins: Origins): Promise<number>;
  /** How long (ms) it still shows what has ended. Default: not at all. */
  lag?: number;
}

const MINUTE = 60_000;

/** The samples of a server's counters in the last minute. A counter only increases; the load is how fast. */
export class Memory {
  private readonly samples = new Map<string, { at: number; count: number }[]>();

  /** How much a counter increased in the last minute, or since its first sample. */
  perMinute(counter: string, count: number, now: number): number {
    const known = this.samples.get(counter) ?? [];
    // A smaller count: the server's statistics were reset.
    const samples = count < (known.at(-1)?.count ?? 0) ? [] : known;
    samples.push({ at: now, count });
    while (samples.length > 1 && now - samples[0]!.at > MINUTE) samples.shift();
    this.samples.set(counter, samples);
    return count - samples[0]!.count;
  }
}

/** To a role without it, what other roles do looks like nothing; that must not count as a load of zero. */
const PERMITTED = `pg_has_role('pg_read_all_stats', 'USAGE')`;

/** Of the whole server, not only of the database in the connection string. */
const session = (expression: string): Metric =>
  value(`
    SELECT ${PERMITTED} AS permitted, (${expression}) AS value FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`);

function value(sql: string, absent = 'the server has no value for it', parameters: unknown[] = []): Metric {
  return {
    async measure(origins) {
      const [row] = await origins.sql(sql, parameters);
      if (row?.permitted === 'f') throw new NoValue("the probe's role needs pg_monitor");
      if (row?.value === null || row?.value === undefined) throw new NoValue(absent);
      return Number(row.value);
    },
  };
}

function perMinute(sql: string, absent?: string): Metric {
  const count = value(sql, absent);
  return {
    lag: MINUTE,
    measure: async (origins) => origins.memory.perMinute(sql, await count.measure(origins), Date.now()),
  };
}

export const METRICS: Record<string, Metric> = {
  activeSessions: session(`count(*) FILTER (WHERE state = 'active')`),
  // A session that waits for a disk or for the log to be flushed, does not compete for the CPU.
  competingSessions: session(`count(*) FILTER (
    WHERE state = 'active' AND wait_event_type IS DISTINCT FROM 'IO' AND coalesce(wait_event, '') NOT LIKE 'WAL%')`),
  blockedSessions: session(`count(*) FILTER (WHERE wait_event_type = 'Lock')`),
  longestTransactionSeconds: session(
    `coalesce(greatest(0, extract(epoch FROM clock_timestamp() - min(xact_start))), 0)::float8`,
  ),
  connectionsShare: session(`(count(*) + 1)::float8 / current_setting('max_connections')::integer`),
  deadlocksPerMinute: perMinute('SELECT sum(deadlocks) AS value FROM pg_stat_database'),
  walMegabytesPerMinute: perMinute(
    `SELECT CASE WHEN NOT pg_is_in_recovery() THEN (pg_current_wal_lsn() - '0/0') / 1048576 END::float8 AS value`,
    'a standby writes no log of its own',
  ),
  // Segments of the log that wait for their archive command.
  archiveBacklog: value(`SELECT count(*) AS value FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'`),
  transactionIdAge: value('SELECT max(age(datfrozenxid)) AS value FROM pg_database'),
  autovacuumWorkers: value(`
    SELECT ${PERMITTED} AS permitted, count(*) AS value FROM pg_stat_activity
    WHERE backend_type = 'autovacuum worker'`),
  // A standby that has replayed everything it received has no lag, however long ago the last transaction was.
  replicationLagSeconds: value(
    `SELECT pg_is_in_recovery() OR ${PERMITTED} AS permitted,
       (CASE WHEN NOT pg_is_in_recovery()
         THEN (SELECT max(coalesce(extract(epoch FROM replay_lag), 0)) FROM pg_stat_replication)
         WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
         ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())
       END)::float8 AS value`,
    'no standby is connected',
  ),
};

const text = z.string().min(1);
const ownQueries = z.record(
  z.string(),
  z.union([
    text.transform(bySql),
    z.strictObject({ promql: text }).transform(({ promql }) => byPromql(promql)),
    z.strictObject({ vacuumsOn: z.string().regex(/^[^.]+\../) }).transform(({ vacuumsOn }) => vacuums(vacuumsOn)),
  ]),
);

/** The operators' own metrics by name, from a JSON file. */
export async function ownMetrics(file: string | undefined): Promise<Record<string, Metric>> {
  if (!file) return {};
  try {
    return ownQueries.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    throw new NoValue(
      'BACKFILL_PROBE_QUERIES_FILE names no readable JSON file of the form ' +
        '{"metric": "SELECT …", "other": {"promql": "…"}, "third": {"vacuumsOn": "schema.table"}}',
    );
  }
}

/** The first column of the first row. */
function bySql(sql: string): Metric {
  return {
    async measure(origins) {
      const [row] = await origins.sql(sql);
      const [found] = Object.values(row ?? {});
      if (found === null || found === undefined) throw new NoValue('its SQL returned no value');
      return numberOf(TRUTH[found] ?? found, 'SQL');
    },
  };
}

/** What Prometheus says of a moment is often as old as a scrape, and mostly a rate of the last minutes. */
const byPromql = (query: string): Metric => ({
  lag: MINUTE,
  measure: async (origins) => numberOf(await origins.promql(query), 'PromQL'),
});

function numberOf(found: string, language: string): number {
  const number = found.trim() === '' ? Number.NaN : Number(found);
  if (Number.isFinite(number)) return number;
  throw new NoValue(`its ${language} returned ${found === 'NaN' ? found : 'no number'}`);
}

/**
 * Vacuums, automatic or by hand, that are at work on a table, on its partitions or on the tables behind them with what is
 * too large for a row. The names are compared as the catalog has them, which any role may read, whatever its schemas.
 */
function vacuums(table: string): Metric {
  const dot = table.indexOf('.');
  return value(
    `WITH RECURSIVE parts AS (
       SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'm', 'p')
       UNION SELECT inhrelid FROM pg_inherits JOIN parts ON inhparent = parts.oid
     )
     SELECT ${PERMITTED} AS permitted, CASE WHEN EXISTS (SELECT FROM parts) THEN (
       SELECT count(*) FROM pg_stat_progress_vacuum v JOIN pg_class c ON v.relid IN (c.oid, c.reltoastrelid)
       JOIN parts USING (oid) WHERE v.datname = current_database()
     ) END AS value`,
    "there is no such table in the probe's database",
    [table.slice(0, dot), table.slice(dot + 1)],
  );
}
