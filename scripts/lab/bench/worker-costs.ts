import { setTimeout as sleep } from 'node:timers/promises';
import type { Row } from './result.js';
import { backfillInput } from './sides.js';
import { type Stack, startFreshWorker } from './stack.js';

const CACHED = 50;

/** What the worker of `backfillScorecards` takes of a machine. */
export async function measureWorker(stack: Stack, quick: boolean): Promise<Row[]> {
  const ready: number[] = [];
  const idle: number[] = [];
  const cached: number[] = [];
  for (let i = 0; i < (quick ? 1 : 3); i++) {
    const taskQueue = `bench-worker-${i}`;
    const worker = await startFreshWorker(stack, taskQueue);
    ready.push(worker.readyMs);
    await sleep(1_000);
    const before = await worker.memoryMb();
    idle.push(before);
    const runs = await Promise.all(Array.from({ length: CACHED }, (_, j) => startWaiting(stack, taskQueue, i, j)));
    // Answered by the cached run, once its first windows have been asked for.
    await Promise.all(runs.map((handle) => handle.query('progress')));
    cached.push((await worker.memoryMb()) - before);
    await Promise.all(runs.map((handle) => handle.terminate('measured')));
    await worker.stop();
  }
  const section = 'The worker';
  return [
    { section, name: 'from its start until it polls', unit: 'ms', values: ready },
    { section, name: 'memory, idle', unit: 'MB', values: idle },
    {
      section,
      name: 'memory for each cached run',
      unit: 'MB',
      values: cached.map((mb) => mb / CACHED),
      note: `${CACHED} runs of 260 customers and 31 days, each asked for its progress`,
    },
  ];
}

async function startWaiting({ client }: Stack, taskQueue: string, round: number, index: number) {
  const id = `bench-cached-${round}-${index}`;
  const input = backfillInput(id, 260, 31);
  return await client.workflow.start('backfillScorecards', {
    workflowId: id,
    taskQueue,
    args: [{ ...input, child: { ...input.child, taskQueue: 'nobody' } }],
  });
}
