import { ALL_AT_ONCE, alteredBuild, OTHER_ORDER } from '../../dev/altered-build.js';
import { CUSTOMERS, type Lab, RANGE, type Rule } from './lab.js';

/** One thing that goes wrong in a run that works. */
export interface Fault {
  name: string;
  /** The one alert that is to fire; undefined: none may. */
  alert?: string;
  /** @returns what makes it right again */
  inject(lab: Lab): Promise<() => Promise<void>>;
  /** What is so from the run's start on. */
  fromStart?: boolean;
  /** What the run to start has beside the usual. */
  run?: object;
  /** How long a window of it may be silent. */
  heartbeatMs?: number;
  /** What the first command of the alert's runbook shows of the cause; undefined: it is one of Kubernetes. */
  shows?: RegExp;
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'The run is paused',
    async inject(lab) {
      await lab.type("backfill pause lab --reason 'the lab'");
      return async () => {
        await lab.type('backfill resume lab');
      };
    },
  },
  {
    name: 'The ingestion worker is killed',
    alert: 'BackfillNoProgress',
    inject: ({ stack }) => stack.kill('ingestion'),
    shows: /\d+ windows? in flight/,
  },
  {
    name: 'The orchestrator is killed',
    alert: 'BackfillOrchestratorDown',
    inject: ({ stack }) => stack.kill('orchestrator'),
    shows: /does not answer; check that a worker polls task queue \S+/,
  },
  {
    name: 'Every window ends in a deadlock',
    alert: 'BackfillBreakerOpen',
    inject: (lab) => lab.faults(['*', 'contention']),
    shows: /breaker: \d+ of the latest \d+ windows failed, lately for contention: [^;]*/,
  },
  {
    name: 'The database is over its critical load',
    alert: 'BackfillDatabaseCritical',
    inject: (lab) => lab.load(),
    shows: /the database is critical: \w+ is \d+, at or over criticalLoad \d+/,
  },
  {
    name: 'PostgreSQL is away',
    alert: 'BackfillProbeBlind',
    inject: ({ stack }) => stack.kill('postgres'),
    shows: /database unknown: [a-z ]*/,
  },
  {
    name: 'Temporal is away',
    alert: 'BackfillClusterDown',
    inject: ({ stack }) => stack.kill('temporal'),
    shows: /✗ connection .{20,100}/,
  },
  {
    name: 'One window is stuck',
    alert: 'BackfillWindowOld',
    // Heartbeats continue, and it never ends.
    inject: (lab) => lab.faults([CUSTOMERS[0]!, 'execution-timeout']),
    shows: /1 running|r running/,
  },
  {
    name: 'Windows are silent for nearly as long as they may',
    alert: 'BackfillWindowNearHeartbeatLimit',
    heartbeatMs: 20_000,
    inject: (lab) =>
      lab.faults(
        ...CUSTOMERS.slice(1).map((customer, i): Rule => {
          return [customer, 'slow', { milliseconds: 19_400 - 600 * i, silent: true }];
        }),
      ),
    shows: /heartbeat ([5-9]|1\d)s ago of at most 20s/,
  },
  {
    name: 'The statement that counts is too slow',
    alert: 'BackfillVerificationBehind',
    run: { verify: 'report' },
    inject: (lab) => lab.slowCount(),
    shows: /could not be verified: [^;]*/,
  },
  {
    name: 'Windows become slower',
    alert: 'BackfillEtaSlipping',
    inject: (lab) => lab.faults(['*', 'slow', { milliseconds: 3_000 }]),
    shows: /done in about [^(]*/,
  },
  {
    name: 'The last days fail for good',
    alert: 'BackfillWaitingForOperator',
    // Fewer than what opens the breaker.
    fromStart: true,
    run: { customers: [CUSTOMERS[0]], start: '2025-01-01', end: '2025-01-04' },
    inject: (lab) => lab.faults(['*', 'permanent']),
    shows: /only failed days are left/,
  },
  {
    name: '`backfill serve` is killed',
    alert: 'BackfillServerDown',
    inject: (lab) => lab.killServer(),
  },
  {
    name: 'One of two workers hangs while it drains',
    alert: 'TemporalPollersDisconnected',
    inject: (lab) => lab.secondWorker.hang(),
  },
  {
    name: 'A build that cannot replay the run',
    alert: 'TemporalNonDeterminism',
    inject: async (lab) => lab.secondWorker.rollOut(await alteredBuild('other-order', [OTHER_ORDER])),
    shows: /its workflow task keeps failing.*/,
  },
  {
    name: 'A run starts more in one task than the server takes',
    alert: 'TemporalMessageTooLarge',
    fromStart: true,
    run: {
      parallelism: { max: 120, perCustomer: 30 },
      child: { input: ['$'.concat('{customerId} $', '{startTime} $', '{endTime}'), 'x'.repeat(60_000)] },
    },
    inject: async (lab) => lab.secondWorker.rollOut(await alteredBuild('all-at-once', [ALL_AT_ONCE])),
    shows: /its workflow task keeps failing.*/,
  },
  {
    name: 'The worker gets too little CPU',
    alert: 'TemporalWorkflowTasksWait',
    // Longer than the worker stands still.
    run: { probe: { maxLoad: { activeSessions: 20 }, every: '10s' } },
    inject: ({ secondWorker }) => secondWorker.starve({ customers: CUSTOMERS, ...RANGE }),
  },
];
