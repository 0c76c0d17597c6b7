import type { Progress } from '../../../src/backfill/views/progress.js';
import type { Row } from './result.js';
import { backfillInput } from './sides.js';
import { QUEUES, type Stack } from './stack.js';

const SIZES = [
  { customers: 260, days: 31 },
  { customers: 10_000, days: 366 },
];
const MB = 1_000_000;

/** The size of `progress` and the time until it is here, of runs whose windows nobody works on. */
export async function measureQueries(stack: Stack, quick: boolean): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { customers, days } of SIZES) {
    const section = `The query progress, ${customers.toLocaleString('en-US')} customers and ${days} days`;
    const id = `bench-query-${customers}`;
    const input = backfillInput(id, customers, days);
    const handle = await stack.client.workflow.start('backfillScorecards', {
      workflowId: id,
      taskQueue: QUEUES.backfill,
      args: [{ ...input, child: { ...input.child, taskQueue: 'nobody' } }],
    });
    const times: number[] = [];
    const sizes: number[] = [];
    for (let i = 0; i < (quick ? 6 : 21); i++) {
      const from = performance.now();
      const answer = await handle.query<Progress>('progress');
      times.push(performance.now() - from);
      sizes.push(Buffer.byteLength(JSON.stringify(answer)) / MB);
      const named = answer.customers.length + (answer.customersLeftOut?.count ?? 0);
      if (answer.totals.days !== customers * days || named !== customers) throw new Error(`${id}: ${named} customers`);
    }
    await handle.terminate('measured');
    rows.push(
      { section, name: 'size', unit: 'MB', values: sizes, goal: { most: 2 } },
      // The first one also waits for the run's first task.
      { section, name: 'time', unit: 'ms', values: times.slice(1) },
    );
  }
  return rows;
}
