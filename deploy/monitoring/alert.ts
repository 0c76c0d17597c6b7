import type { MetricName } from '../../src/server/metrics/metrics.js';

/** An alert: the source of its rule, of the rule's unit test and of its section in the runbook. */
export interface Alert {
  name: string;
  /** `page`: someone acts now. `ticket`: someone acts in working hours. */
  severity: 'page' | 'ticket';
  expr: string;
  /** How long the expression must hold. */
  for: string;
  /** One line for a pager; Prometheus fills in its labels. */
  summary: string;
  /** What is so, and what the run does about it by itself. */
  meaning: string;
  /** The first command, which shows the cause. */
  look: string;
  /** What to do then, in this order. */
  steps: readonly string[];
  /** When it does not fire although it might seem to be the case. */
  silent?: string;
  example: Example;
}

/** Series with which the alert fires, and variations with which it does not. */
export interface Example {
  /** Values by series, one a minute, in promtool's notation. */
  fires: Series;
  /** When it must have fired. */
  after: string;
  /** Labels of the alert beside its severity. */
  labels: Readonly<Record<string, string>>;
  /** Each takes the series that fire and replaces some; undefined removes one. */
  unless: Readonly<Record<string, Readonly<Record<string, string | undefined>>>>;
}

export type Series = Readonly<Record<string, string>>;

/** The durations and thresholds of alerts. The lab tries the same alerts with smaller ones. */
export interface Limits {
  /** Longer than one wrong scrape. */
  moment: string;
  /** Longer than a roll-out or a restart takes. */
  restart: string;
  /** Longer than what the run settles by itself. */
  settles: string;
  /** No day was done for so long: `noProgressOver`, and that for `noProgressFor`. */
  noProgressOver: string;
  noProgressFor: string;
  /** The ETA is compared with itself so long ago. */
  etaOver: string;
  /** A database that is critical for so long is an incident of its own. */
  critical: string;
  /** Over which heartbeats are looked at. */
  heartbeatsOver: string;
  oldWindowSeconds: number;
  /** Over which a worker's failures are counted. */
  failuresOver: string;
}

export const LIMITS: Limits = {
  moment: '1m',
  restart: '5m',
  settles: '15m',
  noProgressOver: '10m',
  noProgressFor: '50m',
  etaOver: '2h',
  critical: '30m',
  heartbeatsOver: '15m',
  oldWindowSeconds: 6 * 3_600,
  failuresOver: '10m',
};

/** A metric of `backfill serve` with labels, so that a name that does not exist does not compile. */
export const metric = (name: MetricName, labels: Record<string, string> = {}, values?: string): string => {
  const parts = Object.entries(labels).map(([label, value]) => `${label}${values ?? '='}"${value}"`);
  return parts.length === 0 ? name : `${name}{${parts.join(',')}}`;
};
