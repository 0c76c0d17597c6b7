import { LATE } from '../../src/presentation/status/activity-line.js';
import { type Alert, type Limits, metric } from './alert.js';

const labels = { cluster: 'eu' };
const CLUSTER = '{{ $labels.cluster }}';
const series = (name: Parameters<typeof metric>[0], more: Record<string, string> = {}) =>
  metric(name, { ...labels, ...more });
const status = (name: string) => metric('backfill_run_status', { status: name });
const level = (name: string) => metric('backfill_database_level', { level: name });

const running = series('backfill_run_status', { status: 'running' });
const done = series('backfill_days', { state: 'done' });
const limit = series('backfill_limit');
const always = (value: number) => `${value}x300`;

/** Days that left the state of waiting for good in this time. */
const daysDone = (over: string) =>
  `sum by (cluster) (changes(${metric('backfill_days', { state: 'done|verifying' }, '=~')}[${over}]))`;

/** Alerts on runs, from the metrics of `backfill serve`. */
export const runAlerts = (limits: Limits): Alert[] => [
  {
    name: 'BackfillServerDown',
    severity: 'ticket',
    expr: `absent(${metric('backfill_cluster_up')})`,
    for: limits.restart,
    summary: 'No metrics of any backfill: backfill serve is down, or is not scraped',
    meaning: 'Runs continue, but no alert about them can fire.',
    look: 'kubectl get pods -l app.kubernetes.io/component=serve',
    steps: [
      "Read the server's log: it ends with a sentence that says why.",
      "In Prometheus, look at the target: 401 means that the scrape lacks the server's token.",
    ],
    example: {
      fires: {},
      after: '10m',
      labels: {},
      unless: { 'it reports a cluster': { [series('backfill_cluster_up')]: always(1) } },
    },
  },
  {
    name: 'BackfillClusterDown',
    severity: 'page',
    expr: `max by (cluster) (${metric('backfill_cluster_up')}) == 0`,
    for: limits.restart,
    summary: `Temporal of ${CLUSTER} does not answer backfill serve`,
    meaning:
      'Nothing starts while Temporal is away; when it is back, runs continue where they were. If only the way to it is broken (VPN, port-forward, certificate), the run is working and nobody sees it.',
    look: `backfill doctor ${CLUSTER}`,
    steps: [
      'Its first failed check names the cause: the address, TLS, the API key, the namespace, or the server.',
      'If Temporal itself is down, this alert is a consequence: see to Temporal.',
    ],
    example: {
      fires: { [series('backfill_cluster_up')]: always(0) },
      after: '10m',
      labels,
      unless: { 'it was away for four minutes': { [series('backfill_cluster_up')]: '1x3 0x3 1x300' } },
    },
  },
  {
    name: 'BackfillOrchestratorDown',
    severity: 'page',
    expr: `max by (cluster) (${metric('backfill_run_up')}) == 0`,
    for: limits.restart,
    summary: `The run of ${CLUSTER} does not answer: its worker is down, or its workflow task fails`,
    meaning: 'Windows in flight continue; nothing new starts, and no command has an effect until a worker polls.',
    look: `backfill status ${CLUSTER}`,
    steps: [
      'If no worker polls `backfill-scorecards`, which `backfill doctor` shows some minutes later: why do its pods not run? The last line of the log of the last one says.',
      'If its workflow task keeps failing, it says why. After a roll-out, roll back.',
    ],
    example: {
      fires: { [series('backfill_run_up')]: always(0) },
      after: '10m',
      labels,
      unless: { 'a worker was replaced': { [series('backfill_run_up')]: '1x3 0x3 1x300' } },
    },
  },
  {
    name: 'BackfillNoProgress',
    severity: 'page',
    expr: [
      `max by (cluster) (${status('running')}) == 1`,
      `and on (cluster) max by (cluster) (${metric('backfill_limit')}) > 0`,
      `and on (cluster) ${daysDone(limits.noProgressOver)} == 0`,
      `unless on (cluster) ${level('unknown')} == 1`,
    ].join('\n'),
    for: limits.noProgressFor,
    summary: `The run of ${CLUSTER} may work, but has done no day for an hour`,
    meaning: 'Nothing holds the run back, and still no day becomes done.',
    look: `backfill status ${CLUSTER}`,
    steps: [
      '`preparing`: it says what it waits for, such as the customer directory.',
      'Windows in flight, none done: does the ingestion worker poll? `temporal task-queue describe --task-queue ingestion`.',
      'It polls: `temporal workflow describe` of the oldest window shows its pending activity, the latest failure and the heartbeat.',
      'If windows take longer than an hour by nature, start the next run with smaller ones.',
    ],
    silent:
      'It does not fire while the run is paused, its breaker is open, its database is critical or not measurable, or outside its working hours: those have their own alerts, or are meant to be.',
    example: {
      fires: { [running]: always(1), [limit]: always(8), [done]: always(100) },
      after: '65m',
      labels,
      unless: {
        'days are done': { [done]: '100+1x300' },
        'it is paused': { [running]: always(0) },
        'the database is critical, or the working hours are over': { [limit]: always(0) },
        "the database can't be measured": { [series('backfill_database_level', { level: 'unknown' })]: always(1) },
      },
    },
  },
  {
    name: 'BackfillEtaSlipping',
    severity: 'ticket',
    expr: [
      `max by (cluster) (${metric('backfill_eta_seconds')} > ${metric('backfill_eta_seconds')} offset ${limits.etaOver})`,
      `and on (cluster) max by (cluster) (min_over_time(${metric('backfill_limit')}[${limits.etaOver}])) > 0`,
      `and on (cluster) max by (cluster) (min_over_time(${status('running')}[${limits.etaOver}])) == 1`,
      `and on (cluster) ${daysDone(limits.noProgressOver)} > 0`,
    ].join('\n'),
    for: limits.settles,
    summary: `The run of ${CLUSTER} ends later and later: its end is as far away as two hours ago`,
    meaning: 'Days are done, but more slowly than the run expected.',
    look: `backfill status ${CLUSTER}`,
    steps: [
      '`pace` says how much later it ends than foreseen. In `backfill log`, `limit … → …` says what slowed it down: load, contention, slower windows.',
      'If it is the database, this is as it should be. If the limit is the most that was asked for: `backfill set-parallelism`.',
    ],
    silent:
      'It does not fire when a pause, working hours or a critical database stopped the run in these two hours, or when it is another run.',
    example: {
      fires: {
        [series('backfill_eta_seconds')]: '7200+30x300',
        [running]: always(1),
        [limit]: always(8),
        [done]: '100+1x300',
      },
      after: '140m',
      labels,
      unless: {
        'the end comes nearer': { [series('backfill_eta_seconds')]: '36000-60x300' },
        'the working hours were over in between': { [limit]: '8x60 0x30 8x300' },
        'another, larger run has started': { [running]: '1x60 0x5 1x300' },
        'nothing is done at all': { [done]: always(100) },
      },
    },
  },
  {
    name: 'BackfillBreakerOpen',
    severity: 'page',
    expr: `max by (cluster) (${metric('backfill_attention', { class: 'breaker' })}) > 0`,
    for: limits.settles,
    summary: `Most windows of ${CLUSTER} fail: its breaker is open`,
    meaning:
      'The run starts nothing but one window at a time, to find out whether it works again. It closes the breaker by itself when one succeeds.',
    look: `backfill status ${CLUSTER}`,
    steps: [
      'Its first line says how many failed, and with which message. `temporal workflow show` of the workflow under `attention` has the rest.',
      'Fix what the message names. The run finds that out by itself; `backfill resume` asks it to at once.',
      'If the windows must not run now: `backfill pause --reason …`.',
    ],
    example: {
      fires: { [series('backfill_attention', { class: 'breaker' })]: always(1) },
      after: '20m',
      labels,
      unless: {
        'a trial closed it within minutes': { [series('backfill_attention', { class: 'breaker' })]: '1x10 0x300' },
      },
    },
  },
  {
    name: 'BackfillWaitingForOperator',
    severity: 'ticket',
    expr: `max by (cluster) (${status('waitingForOperator')}) == 1`,
    for: limits.settles,
    summary: `Only failed or held days are left in the run of ${CLUSTER}`,
    meaning:
      'All that can be done is done. The run stays open for `operatorTimeout` (7 days unless asked otherwise), then ends as incomplete.',
    look: `backfill status ${CLUSTER}`,
    steps: [
      'Under `attention` each entry has its message and its next step.',
      '`backfill retry-failed` after the cause is gone, `backfill resume` for held days, `backfill skip-day` for days that stay undone, or `backfill finish`.',
    ],
    example: {
      fires: { [series('backfill_run_status', { status: 'waitingForOperator' })]: always(1) },
      after: '20m',
      labels,
      unless: { 'it runs': { [series('backfill_run_status', { status: 'waitingForOperator' })]: always(0) } },
    },
  },
  {
    name: 'BackfillProbeBlind',
    severity: 'ticket',
    expr: `max by (cluster) (${level('unknown')}) == 1`,
    for: limits.restart,
    summary: `The run of ${CLUSTER} can't measure its database`,
    meaning: 'Its limit no longer grows. With `whenUnknown: "stop"` nothing starts.',
    look: `backfill status ${CLUSTER}`,
    steps: [
      '`database: unknown` has the reason: the address, the role, the SQL or PromQL of a metric.',
      "Fix `BACKFILL_PROBE_URL` or, for a metric by PromQL, `BACKFILL_PROBE_PROMETHEUS_URL` in the worker's environment, or what it names. The probe tries again by itself.",
    ],
    example: {
      fires: { [series('backfill_database_level', { level: 'unknown' })]: always(1) },
      after: '10m',
      labels,
      unless: {
        'the run is over, or has no probe': { [series('backfill_database_level', { level: 'unknown' })]: undefined },
        'it was blind for a moment': { [series('backfill_database_level', { level: 'unknown' })]: '1x2 0x300' },
      },
    },
  },
  {
    name: 'BackfillDatabaseCritical',
    severity: 'ticket',
    expr: `max by (cluster) (${level('critical')}) == 1`,
    for: limits.critical,
    summary: `The database of ${CLUSTER} has been over the critical load for long; its run starts nothing`,
    meaning: 'The run holds still and continues by itself when the load is lower.',
    look: `backfill status ${CLUSTER}`,
    steps: [
      '`database: critical` names the metric and its value.',
      'Windows of the run in flight are few by now: the load is that of others, or the threshold is too low for this database.',
    ],
    example: {
      fires: { [series('backfill_database_level', { level: 'critical' })]: always(1) },
      after: '35m',
      labels,
      unless: { 'it is a peak': { [series('backfill_database_level', { level: 'critical' })]: '1x20 0x300' } },
    },
  },
  {
    name: 'BackfillWindowNearHeartbeatLimit',
    severity: 'ticket',
    expr: `max by (cluster) (quantile_over_time(0.9, ${metric('backfill_heartbeat_gap')}[${limits.heartbeatsOver}])) > ${LATE}`,
    for: limits.moment,
    summary: `Windows of ${CLUSTER} are silent for most of their heartbeat timeout, again and again`,
    meaning:
      'They will time out, and their work will be lost. The run then halves the window, so it helps itself, but slowly.',
    look: `backfill status ${CLUSTER}`,
    steps: [
      'The oldest window: `temporal workflow describe` shows its pending activity and the latest heartbeat.',
      'Start with smaller windows, let the ingestion worker send heartbeats more often, or give it a longer heartbeat timeout.',
    ],
    silent: 'It does not fire when a worker was killed: its windows are silent once, time out, and are tried again.',
    example: {
      fires: {
        [series('backfill_heartbeat_gap')]:
          '0.2 0.5 0.9 0.2 0.5 0.9 0.2 0.5 0.9 0.2 0.5 0.9 0.2 0.5 0.9 0.2 0.5 0.9 0.2 0.5 0.9',
      },
      after: '18m',
      labels,
      unless: { 'a worker was killed once': { [series('backfill_heartbeat_gap')]: '0.1x8 0.9 0.1x30' } },
    },
  },
  {
    name: 'BackfillWindowOld',
    severity: 'ticket',
    expr: `max by (cluster) (${metric('backfill_oldest_window_seconds')}) > ${limits.oldWindowSeconds}`,
    for: limits.moment,
    summary: `A window of ${CLUSTER} has been running for hours`,
    meaning: "Its customer waits for it, and the run can't end before it.",
    look: `backfill status ${CLUSTER}`,
    steps: [
      'The oldest window: `temporal workflow describe` of it: is its activity making progress (heartbeat details), or waiting for something?',
      'If it is stuck, cancel it: `backfill cancel --customer …`, then `backfill resume`. Its days run again.',
    ],
    example: {
      fires: { [series('backfill_oldest_window_seconds')]: '21500+60x300' },
      after: '10m',
      labels,
      unless: { 'windows end within hours': { [series('backfill_oldest_window_seconds')]: '100+60x100' } },
    },
  },
  {
    name: 'BackfillVerificationBehind',
    severity: 'ticket',
    expr: [
      `sum by (cluster) (${metric('backfill_days', { state: 'verifying' })})`,
      `/ on (cluster) sum by (cluster) (${metric('backfill_days')}) > 0.2`,
      `and on (cluster) max by (cluster) (${status('running')}) == 1`,
    ].join('\n'),
    for: limits.critical,
    summary: `A fifth of the days of ${CLUSTER} wait for their check`,
    meaning: 'Windows complete faster than they are checked, or checks fail. Days are done only after their check.',
    look: `backfill log ${CLUSTER}`,
    steps: [
      '`could not be verified` has the reason.',
      'If checks work but are slow: the statement in `BACKFILL_VERIFY_SQL_FILE` needs an index. `EXPLAIN` it with one window.',
    ],
    example: {
      fires: {
        [series('backfill_days', { state: 'verifying' })]: always(50),
        [done]: always(100),
        [running]: always(1),
      },
      after: '35m',
      labels,
      unless: { 'a few wait': { [series('backfill_days', { state: 'verifying' })]: always(5) } },
    },
  },
];
