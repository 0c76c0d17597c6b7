import type { Job, Side } from './job.js';
import { type Ran, runOf } from './ran.js';
import { QUEUES, type Stack } from './stack.js';

let jobs = 0;

/** Runs empty windows, and reads from the server what happened. */
export async function run(stack: Stack, job: Job): Promise<Ran> {
  const id = `bench-${job.side}-${++jobs}`;
  const worker = job.side === 'ours' ? stack.workers.backfill : stack.workers.rivals;
  const before = await worker.cpuMs();
  const from = performance.now();
  await START[job.side](stack, job, id);
  const wallMs = performance.now() - from;
  const parentCpuMs = (await worker.cpuMs()) - before;
  return await runOf(stack, job, id, { wallMs, parentCpuMs });
}

type Start = (stack: Stack, job: Job, id: string) => Promise<unknown>;

const rival =
  (type: string): Start =>
  ({ client }, { flight, windows }, id) => {
    const work = { prefix: `${id}.window`, taskQueue: QUEUES.windows, windows, limit: flight };
    return client.workflow.execute(type, { workflowId: id, taskQueue: QUEUES.rivals, args: [work], followRuns: true });
  };

const START: Record<Side, Start> = {
  async client({ client }, { flight, windows }, id) {
    let next = 0;
    const lane = async () => {
      while (next < windows) {
        const workflowId = `${id}.window-${next++}`;
        const window = { customerId: workflowId, startTime: '2026-01-01T00:00:00Z', endTime: '2026-01-02T00:00:00Z' };
        await client.workflow.execute('reindexconversations', {
          workflowId,
          taskQueue: QUEUES.windows,
          args: [window],
        });
      }
    };
    await Promise.all(Array.from({ length: flight }, lane));
  },
  smallest: rival('boundedParent'),
  sliding: rival('slidingWindow'),
  async ours({ client }, { flight, windows, maxHistoryEvents, takesMs, customers = 5 * flight }, id) {
    const input = backfillInput(id, customers, windows / customers);
    const child = { ...input.child, ...(takesMs && { input: [{ takesMs }], partialInput: true }) };
    const report = await client.workflow.execute('backfillScorecards', {
      workflowId: id,
      taskQueue: QUEUES.backfill,
      args: [{ ...input, child, parallelism: flight, ...(maxHistoryEvents && { maxHistoryEvents }) }],
    });
    const { done, days } = (report as { totals: { done: number; days: number } }).totals;
    if (done !== windows || days !== windows) throw new Error(`${id}: ${done} of ${days} days done, not ${windows}`);
  },
};

/** A backfill of whole days from 2026 on whose windows no other run of this bench has. */
export function backfillInput(id: string, customers: number, days: number) {
  if (!Number.isInteger(days)) throw new Error(`${customers} customers do not share the windows evenly: ${days} days`);
  return {
    customers: Array.from({ length: customers }, (_, i) => `customer-${i}`),
    start: '2026-01-01',
    end: new Date(Date.UTC(2026, 0, 1 + days)).toISOString().slice(0, 10),
    child: { workflowIdPrefix: `${id}.window`, taskQueue: QUEUES.windows as string },
  };
}
