import { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';

const { Payloads } = proto.temporal.api.common.v1;

/** A worker made by hand: it has seen a query long before it answers, so that much can happen in between. */
export class AnsweringWorker {
  private readonly stopping = new AbortController();
  private readonly polling: Promise<void>;
  /** How many queries it was asked. */
  queries = 0;
  private release = () => {};
  private readonly released = new Promise<void>((resolve) => {
    this.release = resolve;
  });

  private constructor(
    private readonly connection: Connection,
    private readonly namespace: string,
    private readonly taskQueue: string,
  ) {
    this.polling = this.poll();
  }

  static async start(address: string, namespace: string, taskQueue: string): Promise<AnsweringWorker> {
    return new AnsweringWorker(await Connection.connect({ address }), namespace, taskQueue);
  }

  /** From now on it answers. */
  answer(): void {
    this.release();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.release();
    await this.polling;
    await this.connection.close();
  }

  private async poll(): Promise<void> {
    const { connection, namespace, taskQueue } = this;
    while (!this.stopping.signal.aborted) {
      const task = await connection
        .withAbortSignal(this.stopping.signal, () =>
          // The server wants to know how long a poll may last.
          connection.withDeadline(Date.now() + 60_000, () =>
            connection.workflowService.pollWorkflowTaskQueue({ namespace, taskQueue: { name: taskQueue } }),
          ),
        )
        .catch(() => undefined);
      if (!task?.taskToken?.length) continue;
      const { taskToken } = task;
      if (task.query) {
        this.queries++;
        void this.released.then(() =>
          connection.workflowService
            .respondQueryTaskCompleted({
              ...{ namespace, taskToken, completedType: 1 },
              queryResult: Payloads.create({
                payloads: [{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('"still here"') }],
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
}
