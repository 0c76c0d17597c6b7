import { CUSTOMERS, type Lab } from './lab.js';

/** One thing that goes wrong in a run that works. */
export interface Fault {
  name: string;
  /** The one alert that is to fire; undefined: none may. */
  alert?: string;
  /** @returns what makes it right again */
  inject(lab: Lab): Promise<() => Promise<void>>;
  /** The run to start, where it is not the usual one. */
  run?: object;
  /** The first command of the alert's runbook, as far as it is one of `backfill`, and what shows the cause in its answer. */
  look?: { command: readonly string[]; shows: RegExp };
}

const status = (shows: RegExp) => ({ command: ['status', 'lab'], shows });
const doctor = (shows: RegExp) => ({ command: ['doctor', 'lab'], shows });

export const FAULTS: readonly Fault[] = [
  {
    name: 'The run is paused',
    async inject(lab) {
      await lab.backfill(['pause', 'lab', '--reason', 'the lab']);
      return async () => {
        await lab.backfill(['resume', 'lab']);
      };
    },
  },
  {
    name: 'The ingestion worker is killed',
    alert: 'BackfillNoProgress',
    inject: ({ stack }) => stack.kill('ingestion'),
    look: status(/\d+ windows? in flight/),
  },
  {
    name: 'The orchestrator is killed',
    alert: 'BackfillOrchestratorDown',
    inject: ({ stack }) => stack.kill('orchestrator'),
    look: status(/does not answer; check that a worker polls task queue \S+/),
  },
  {
    name: 'Every window ends in a deadlock',
    alert: 'BackfillBreakerOpen',
    inject: (lab) => lab.fault('*', 'contention'),
    look: status(/breaker: \d+ of the latest \d+ windows failed, lately for contention: [^;]*/),
  },
  {
    name: 'The database is over its critical load',
    alert: 'BackfillDatabaseCritical',
    inject: (lab) => lab.load(),
    look: status(/the database is critical: \w+ is \d+, at or over criticalLoad \d+/),
  },
  {
    name: 'PostgreSQL is away',
    alert: 'BackfillProbeBlind',
    inject: ({ stack }) => stack.kill('postgres'),
    look: status(/database unknown: [a-z ]*/),
  },
  {
    name: 'Temporal is away',
    alert: 'BackfillClusterDown',
    inject: ({ stack }) => stack.kill('temporal'),
    look: doctor(/✗ connection .{20,100}/),
  },
  {
    name: 'One window is stuck',
    alert: 'BackfillWindowOld',
    // Heartbeats continue, and it never ends.
    inject: (lab) => lab.fault(CUSTOMERS[0]!, 'execution-timeout'),
    look: status(/1 running|r running/),
  },
  {
    name: 'Windows become slower',
    alert: 'BackfillEtaSlipping',
    inject: (lab) => lab.slowDown(3_000),
    look: status(/done in about [^(]*/),
  },
  {
    name: 'The last days fail for good',
    alert: 'BackfillWaitingForOperator',
    // Fewer than what opens the breaker.
    run: { customers: [CUSTOMERS[0]], start: '2025-01-01', end: '2025-01-04' },
    inject: (lab) => lab.fault('*', 'permanent'),
    look: status(/only failed days are left/),
  },
  {
    name: '`backfill serve` is killed',
    alert: 'BackfillServerDown',
    inject: (lab) => lab.killServer(),
  },
];
