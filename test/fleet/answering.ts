import { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';

const { Payloads } = proto.temporal.api.common.v1;

// Temporal takes no note of a worker without a name.
const identity = 'by hand';

/** A worker made by hand: it has seen a query long before it answers, so that much can happen in between. */
export class AnsweringWorker {
  private readonly stopping = new AbortController();
  private readonly polling: Promise<unknown>;
  /** How many queries it was asked. */
  queries = 0;
  private release = (_: Buffer) => {};
  private readonly released = new Promise<Buffer>((resolve) => {
    this.release = resolve;
  });

  private constructor(
    private readonly connection: Connection,
    private readonly namespace: string,
    private readonly taskQueue: string,
    { activities }: { activities: boolean },
  ) {
    this.polling = Promise.all([this.poll(), activities && this.pollActivities()]);
  }

  static async start(
    address: string,
    namespace: string,
    taskQueue: string,
    { activities = false } = {},
  ): Promise<AnsweringWorker> {
    return new AnsweringWorker(await Connection.connect({ address }), namespace, taskQueue, { activities });
  }

  /** From now on it answers every query, with this. */
  answer(value: unknown): void {
    this.release(Buffer.from(JSON.stringify(value)));
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.polling;
    await this.connection.close();
  }

  private async poll(): Promise<void> {
    const { connection, namespace, taskQueue } = this;
    while (!this.stopping.signal.aborted) {
      const task = await this.waitFor(() =>
        connection.workflowService.pollWorkflowTaskQueue({ namespace, taskQueue: { name: taskQueue }, identity }),
      );
      if (!task?.taskToken?.length) continue;
      const { taskToken } = task;
      if (task.query) {
        this.queries++;
        void this.released.then((data) =>
          connection.workflowService
            .respondQueryTaskCompleted({
              namespace,
              taskToken,
              completedType: 1,
              queryResult: Payloads.create({
                payloads: [{ metadata: { encoding: Buffer.from('json/plain') }, data }],
              }),
            })
            .catch(() => {}),
        );
      } else {
        await connection.workflowService
          .respondWorkflowTaskCompleted({ namespace, taskToken, commands: [] })
          .catch(() => {});
      }
    }
  }

  private async pollActivities(): Promise<void> {
    const { connection, namespace, taskQueue } = this;
    while (!this.stopping.signal.aborted) {
      await this.waitFor(() =>
        connection.workflowService.pollActivityTaskQueue({ namespace, taskQueue: { name: taskQueue }, identity }),
      );
    }
  }

  private waitFor<T>(poll: () => Promise<T>): Promise<T | undefined> {
    // The server wants to know how long a poll may last.
    const limited = () => this.connection.withDeadline(Date.now() + 60_000, poll);
    return this.connection.withAbortSignal(this.stopping.signal, limited).catch(() => undefined);
  }
}
