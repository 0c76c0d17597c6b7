/** A fleet with a long past: closed runs on each of its clusters, and one that is open. */
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, type NativeConnection, Worker } from '@temporalio/worker';
import { createOrchestrator } from '../../../../src/orchestrator.js';

export const CLUSTERS = Array.from({ length: 8 }, (_, i) => `cluster-${i}`);
export const CUSTOMERS = ['cvs', 'oportun', 'marriott', 'acme', 'globex'];
const PAST_QUEUE = 'past';
const AT_ONCE = 100;

/** @returns the workers; the open runs answer while they run */
export async function startWorkers(connection: NativeConnection, namespace: string): Promise<Worker[]> {
  const workflowsPath = fileURLToPath(new URL('workflows.ts', import.meta.url));
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  return [
    await Worker.create({ connection, namespace, taskQueue: PAST_QUEUE, workflowBundle }),
    await createOrchestrator({ connection, namespace, environment: {} }),
  ];
}

/** Runs of four days each, as many as asked for, spread over the clusters. */
export async function createPast(client: Client, count: number): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, i) => from + i);
    await Promise.all(
      some.map((i) => {
        const first = Date.UTC(2000, 0, 1) + Math.floor(i / CLUSTERS.length) * 4 * 86_400_000;
        const [start, end] = [day(first), day(first + 4 * 86_400_000)];
        return client.workflow.execute('backfillScorecards', {
          workflowId: `backfillscorecards-${CLUSTERS[i % CLUSTERS.length]}-${start}--${end}`,
          taskQueue: PAST_QUEUE,
          args: [{ range: { start, end }, customers: CUSTOMERS }],
        });
      }),
    );
  }
}

/** One on each cluster, whose windows nobody takes. */
export async function startOpenRuns(client: Client): Promise<void> {
  for (const cluster of CLUSTERS) {
    await client.workflow.start('backfillScorecards', {
      workflowId: `backfillscorecards-${cluster}-2026-01`,
      taskQueue: 'backfill-scorecards',
      args: [{ start: '2026-01-01', end: '2026-02-01', customers: CUSTOMERS, cluster, parallelism: 4 }],
    });
  }
}

const day = (time: number) => new Date(time).toISOString().slice(0, 10);
