import { randomUUID } from 'node:crypto';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { queriesInTurn } from '../../src/fleet/queries.js';
import { createOrchestrator } from '../../src/orchestrator.js';
import { createChildActivities } from './child/activities.js';
import { BackfillHandle, until } from './run.js';

export interface RigOptions {
  address: string;
  /** Default `ingestion`. */
  namespace?: string;
  /** Path of the bundled child workflows. */
  childBundle: string;
  /** What the orchestrator's activities see of the environment. Default: nothing. */
  environment?: NodeJS.ProcessEnv;
  /** Default: queues that nothing else uses. */
  taskQueue?: string;
  childQueue?: string;
}

/** Runs in this process: a worker of the orchestrator, as built, and a worker of the scripted child. */
export class Rig {
  private constructor(
    readonly client: Client,
    readonly address: string,
    readonly namespace: string,
    readonly taskQueue: string,
    readonly childQueue: string,
    private readonly createOwn: () => Promise<Worker>,
    private readonly close: () => Promise<void>,
  ) {}

  private orchestrator: RunningWorker | undefined;
  private child: RunningWorker | undefined;

  static async start(options: RigOptions): Promise<Rig> {
    // Failing workflows are often the purpose here, so warnings about them say nothing.
    Runtime.install({
      logger: new DefaultLogger('ERROR'),
      telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } as never, forward: {} } },
    });
    const { address, namespace = 'ingestion', environment = {} } = options;
    const { taskQueue = `backfill-${randomUUID()}`, childQueue = `ingestion-${randomUUID()}` } = options;
    const nativeConnection = await NativeConnection.connect({ address });
    const connection = await Connection.connect({ address });
    const client = new Client({ connection, namespace, interceptors: { workflow: [queriesInTurn(connection)] } });
    const create = (worker: WorkerOptions) => Worker.create({ connection: nativeConnection, namespace, ...worker });
    const close = async () => {
      await connection.close();
      await nativeConnection.close();
    };
    const createOwn = () => createOrchestrator({ connection: nativeConnection, namespace, taskQueue, environment });
    const rig = new Rig(client, address, namespace, taskQueue, childQueue, createOwn, close);
    await rig.startOrchestrator();
    rig.child = run(
      await create({
        taskQueue: childQueue,
        workflowBundle: { codePath: options.childBundle },
        activities: createChildActivities(),
      }),
    );
    return rig;
  }

  async startOrchestrator(): Promise<void> {
    this.orchestrator = run(await this.createOwn());
  }

  /** While it is stopped, messages to runs pile up. */
  async stopOrchestrator(): Promise<void> {
    await this.orchestrator?.stop();
    this.orchestrator = undefined;
  }

  async stop(): Promise<void> {
    await Promise.all([this.orchestrator?.stop(), this.child?.stop()]);
    await this.close();
  }

  /** Starts a run whose children go to this rig's own queue, with workflow ids that no other run has. */
  async startBackfill(
    input: { child?: object; [field: string]: unknown },
    options: { prefix?: string; workflowId?: string; memo?: Record<string, unknown> } = {},
  ): Promise<BackfillHandle> {
    const { prefix = `reindexconversations-${randomUUID().slice(0, 8)}`, ...start } = options;
    const child = { taskQueue: this.childQueue, workflowIdPrefix: prefix, ...input.child };
    return this.startWith([{ ...input, child }], { prefix, ...start });
  }

  /** Starts a run with exactly these arguments. */
  async startWith(
    args: unknown[],
    options: { prefix?: string; workflowId?: string; memo?: Record<string, unknown> } = {},
  ): Promise<BackfillHandle> {
    const { prefix = 'reindexconversations', workflowId = `backfillscorecards-${randomUUID()}`, memo } = options;
    const { taskQueue } = this;
    await this.client.workflow.start('backfillScorecards', { taskQueue, workflowId, args, ...(memo && { memo }) });
    return new BackfillHandle(this.client, workflowId, prefix);
  }

  /** Starts a window's workflow by hand, as an operator would. */
  async startByHand(prefix: string, customer: string, window: string): Promise<WorkflowHandle> {
    const workflowId = `${prefix}-${customer}-${window}`;
    const args = [{ customerId: customer, startTime: 'by hand', endTime: 'by hand' }];
    const { childQueue: taskQueue } = this;
    const handle = await this.client.workflow.start('reindexconversations', { workflowId, taskQueue, args });
    // Visibility is a moment behind, and a run asks it only once.
    await until(
      async () => {
        for await (const _ of this.client.workflow.list({ query: `WorkflowId = "${workflowId}"` })) return true;
        return false;
      },
      (listed) => listed,
    );
    return handle;
  }
}

interface RunningWorker {
  stop(): Promise<void>;
}

function run(worker: Worker): RunningWorker {
  const ended = worker.run();
  // Reported where the worker is stopped; until then it must not count as unhandled.
  ended.catch(() => {});
  return {
    async stop() {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await ended;
    },
  };
}
