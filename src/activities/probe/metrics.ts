import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Row } from '../database.js';

/** Runs one statement, read-only and limited in time. */
type Ask = (sql: string) => Promise<Row[]>;

const TRUTH: Record<string, number> = { t: 1, f: 0 };

/** A metric without a value: the message says why. */
export class NoValue extends Error {}

/** A load that thresholds may name. Gives a value, or throws {@link NoValue}. */
type Metric = (ask: Ask, memory: Memory) => Promise<number>;

const MINUTE = 60_000;
/** How long (ms) a metric still shows what has ended. */
export const lagOf = (metric: string): number => (metric in METRICS && metric.endsWith('PerMinute') ? MINUTE : 0);

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

/**
 * Of the whole server, not only of the database in the connection string. To a role without `pg_read_all_stats`, other
 * roles' sessions look idle; that must not count as a load of zero.
 */
const session = (expression: string): Metric =>
  value(`
    SELECT pg_has_role('pg_read_all_stats', 'USAGE') AS permitted, (${expression}) AS value FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`);

function value(sql: string, absent = 'the server has no value for it'): Metric {
  return async (ask) => {
    const [row] = await ask(sql);
    if (row?.permitted === 'f') throw new NoValue("the probe's role needs pg_monitor");
    if (row?.value === null || row?.value === undefined) throw new NoValue(absent);
    return Number(row.value);
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
  async deadlocksPerMinute(ask, memory) {
    const count = await value('SELECT sum(deadlocks) AS value FROM pg_stat_database')(ask, memory);
    return memory.perMinute('deadlocks', count, Date.now());
  },
  async walMegabytesPerMinute(ask, memory) {
    const count = await value(
      `SELECT CASE WHEN NOT pg_is_in_recovery() THEN (pg_current_wal_lsn() - '0/0') / 1048576 END::float8 AS value`,
      'a standby writes no log of its own',
    )(ask, memory);
    return memory.perMinute('wal', count, Date.now());
  },
  // Segments of the log that wait for their archive command.
  archiveBacklog: value(`SELECT count(*) AS value FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'`),
  transactionIdAge: value('SELECT max(age(datfrozenxid)) AS value FROM pg_database'),
  autovacuumWorkers: value(`
    SELECT pg_has_role('pg_read_all_stats', 'USAGE') AS permitted, count(*) AS value FROM pg_stat_activity
    WHERE backend_type = 'autovacuum worker'`),
  // A standby that has replayed everything it received has no lag, however long ago the last transaction was.
  replicationLagSeconds: value(
    `SELECT pg_is_in_recovery() OR pg_has_role('pg_read_all_stats', 'USAGE') AS permitted,
       (CASE WHEN NOT pg_is_in_recovery()
         THEN (SELECT max(coalesce(extract(epoch FROM replay_lag), 0)) FROM pg_stat_replication)
         WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
         ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())
       END)::float8 AS value`,
    'no standby is connected',
  ),
};

const ownQueries = z.record(z.string(), z.string().min(1));

/** The operators' own metrics: SQL by name, from a JSON file. The first column of the first row is the value. */
export async function ownMetrics(file: string | undefined): Promise<Record<string, Metric>> {
  if (!file) return {};
  let parsed: Record<string, string>;
  try {
    parsed = ownQueries.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    throw new NoValue('BACKFILL_PROBE_QUERIES_FILE names no readable JSON file of the form {"metric": "SELECT …"}');
  }
  return Object.fromEntries(Object.entries(parsed).map(([name, sql]) => [name, ownMetric(sql)]));
}

function ownMetric(sql: string): Metric {
  return async (ask) => {
    const [row] = await ask(sql);
    const [found] = Object.values(row ?? {});
    if (found === null || found === undefined) throw new NoValue('its SQL returned no value');
    const number = TRUTH[found] ?? Number(found);
    if (!Number.isFinite(number)) throw new NoValue('its SQL returned no number');
    return number;
  };
}
