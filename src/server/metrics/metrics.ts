import { Gauge, Registry } from 'prom-client';
import { TROUBLE_CLASSES } from '../../backfill/state/customer.js';
import { DAY_STATES } from '../../backfill/views/day-letters.js';
import { isClosed, STATUSES } from '../../backfill/views/status.js';
import type { ClusterPicture } from '../../watch/picture.js';

const DATABASE_LEVELS = ['ok', 'high', 'critical', 'unknown'] as const;

/** Each metric's name, what it says, and its labels beside `cluster`. Alerts and dashboard use these names only. */
export const METRICS = {
  backfill_cluster_up: ["Whether the cluster's Temporal answers: 0 or 1."],
  backfill_run_up: [
    "Whether the latest run answers, which takes its worker: 0 or 1. Absent while the cluster's Temporal does not answer.",
  ],
  backfill_run_status: ['Whether the latest run has this status: 0 or 1.', 'status'],
  backfill_days: ['Customer-days of the latest run by state.', 'state'],
  backfill_windows_in_flight: ['Windows in flight.'],
  backfill_limit: [
    'The most windows that may be in flight now: 0 while the database is critical, or outside the working hours.',
  ],
  backfill_utilization: ["The load of the cluster's database as a share of what it may bear. Absent when unknown."],
  backfill_database_level: [
    "Whether the probe sees the cluster's database at this level: 0 or 1. Absent without a probe.",
    'level',
  ],
  backfill_eta_seconds: ['Seconds until the run should be done. Absent while unknown.'],
  backfill_oldest_window_seconds: ['How long the oldest open window has been running. Absent when none is.'],
  backfill_heartbeat_gap: [
    'Time since the latest heartbeat as a share of the heartbeat timeout: the largest among the oldest windows. Absent when unknown.',
  ],
  backfill_attention: ['Entries that need attention, by class.', 'class'],
} as const satisfies Record<`backfill_${string}`, readonly [help: string, label?: string]>;

export type MetricName = keyof typeof METRICS;

/** The fleet as metrics. Of a cluster that does not answer only that is reported: an old number looks like a calm run. */
export function metricsOf(pictures: readonly ClusterPicture[], now: number): Registry {
  const registry = new Registry();
  const gauges = Object.fromEntries(
    Object.entries(METRICS).map(([name, [help, label]]) => {
      const labelNames = ['cluster', ...(label === undefined ? [] : [label])];
      return [name, new Gauge({ name, help, labelNames, registers: [registry] })];
    }),
  ) as Record<MetricName, Gauge>;
  for (const { cluster, progress, windows, asOf, unreachable, closed } of pictures) {
    if (asOf === undefined && !unreachable) continue;
    const set = (name: MetricName, value: number | undefined, labels: Record<string, string> = {}) => {
      if (value !== undefined) gauges[name].set({ cluster, ...labels }, value);
    };
    const oneOf = (name: MetricName, label: string, values: readonly string[], current: string) => {
      for (const value of values) set(name, value === current ? 1 : 0, { [label]: value });
    };
    set('backfill_cluster_up', unreachable && !unreachable.temporalAnswers ? 0 : 1);
    if (unreachable) {
      if (unreachable.temporalAnswers?.openRun) set('backfill_run_up', 0);
      continue;
    }
    if (!progress) continue;
    const { totals, parallelism, database, status, attention, eta } = progress;
    set('backfill_run_up', 1);
    // The last answer of a run that was terminated is that it is running.
    oneOf('backfill_run_status', 'status', STATUSES, closed && !isClosed(progress) ? '' : status);
    for (const state of DAY_STATES) set('backfill_days', totals[state], { state });
    if (closed) continue;
    set('backfill_windows_in_flight', parallelism.inFlight);
    set('backfill_limit', parallelism.limit);
    set('backfill_utilization', database.utilization);
    if (database.level !== 'off') oneOf('backfill_database_level', 'level', DATABASE_LEVELS, database.level);
    set('backfill_eta_seconds', eta === null ? undefined : Math.max(0, (Date.parse(eta) - now) / 1_000));
    const oldest = windows?.list[0]?.startedAt;
    set('backfill_oldest_window_seconds', oldest === undefined ? undefined : Math.max(0, (now - oldest) / 1_000));
    set('backfill_heartbeat_gap', heartbeatGap(windows, asOf));
    for (const kind of ['breaker', ...TROUBLE_CLASSES]) {
      set('backfill_attention', attention.filter((entry) => entry.class === kind).length, { class: kind });
    }
  }
  return registry;
}

/** As of the moment that the picture is of: since then there may have been heartbeats. */
function heartbeatGap(windows: ClusterPicture['windows'], asOf = 0): number | undefined {
  const gaps = (windows?.list ?? []).flatMap(({ activity: { seenAt, limitMs } = {} }) =>
    seenAt !== undefined && limitMs ? (asOf - seenAt) / limitMs : [],
  );
  return gaps.length > 0 ? Math.max(0, ...gaps) : undefined;
}
