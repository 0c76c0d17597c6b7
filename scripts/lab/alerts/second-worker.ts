import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ManagedProcess, spawnManaged } from '../../../src/processes/managed-process.js';
import type { Stack } from '../chaos/stack.js';

const project = fileURLToPath(new URL('../../../', import.meta.url));

/** The main thread of a worker never returns from SIGTERM; what it does then has begun. */
const HANGS_ON_SIGTERM = "--import=data:text/javascript,process.on('SIGTERM',()=>setImmediate(()=>{for(;;);}))";
/** More than a worker has asked for, so that some of them wait. */
const PLANS = 16;

type Heal = () => Promise<void>;

/** An orchestrator's worker beside the stack's, or in its place, to which things happen. */
export class SecondWorker {
  constructor(
    private readonly stack: Stack,
    /** Where it has its metrics. */
    readonly address: string,
    private readonly until: (what: string, isSo: () => Promise<boolean>) => Promise<void>,
  ) {}

  /** A roll-out: a worker of another build in place of the stack's. @returns what takes it back */
  async rollOut(build: string): Promise<Heal> {
    const worker = await this.start(build);
    const comeBack = await this.stack.drain();
    return async () => {
      await worker.kill();
      await comeBack();
    };
  }

  /** It is asked to end, stops polling, and then neither ends nor answers. @returns what ends it */
  async hang(): Promise<Heal> {
    const worker = await this.start(project, { NODE_OPTIONS: HANGS_ON_SIGTERM });
    process.kill(worker.pid, 'SIGTERM');
    return async () => {
      await worker.kill();
    };
  }

  /** In place of the stack's, it stands still for most of the time, while plans are asked for. @returns what ends it */
  async starve(plan: object): Promise<Heal> {
    const worker = await this.start(project);
    const comeBack = await this.stack.drain();
    const ending = new AbortController();
    const starving = (async () => {
      while (!ending.signal.aborted) {
        process.kill(worker.pid, 'SIGSTOP');
        await Promise.all(Array.from({ length: PLANS }, () => this.startPlan(plan)));
        // Longer than the alert lets a task wait, and shorter than the run may take to answer.
        await sleep(5_300);
        process.kill(worker.pid, 'SIGCONT');
        await sleep(4_000);
      }
    })();
    return async () => {
      ending.abort();
      await starving;
      await worker.kill();
      await comeBack();
    };
  }

  private async startPlan(input: object): Promise<void> {
    await this.stack.client.workflow.start('backfillScorecards', {
      workflowId: `plan-${randomUUID()}`,
      taskQueue: 'backfill-scorecards',
      args: [{ ...input, dryRun: true }],
    });
  }

  /** Resolves when it polls. */
  private async start(build: string, environment: NodeJS.ProcessEnv = {}): Promise<ManagedProcess> {
    const { address } = this;
    const worker = await spawnManaged('second worker', process.execPath, [join(build, 'dist/worker.js')], {
      env: { ...this.stack.environment, BACKFILL_METRICS_ADDRESS: address, ...environment },
      logFile: join(this.stack.directory, 'second-worker.log'),
    });
    await this.until('the second worker polls', async () => {
      const response = await fetch(`http://${address}/metrics`).catch(() => undefined);
      return /temporal_num_pollers\{.*\} [1-9]/.test((await response?.text()) ?? '');
    });
    return worker;
  }
}
