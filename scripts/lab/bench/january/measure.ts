import { type Client, WorkflowFailedError } from '@temporalio/client';
import { classify } from '../../../../src/backfill/failures/classify.js';
import { causeChain } from '../../../../src/workflows/cause-chain.js';
import type { Procedure } from './procedures.js';
import { Sampler } from './sampler.js';
import type { Stack } from './stack.js';

/** What a procedure came to. Times in ms. */
export interface Result {
  name: string;
  ms: number;
  /** It was stopped, because it took longer than it may. */
  stopped: boolean;
  /** Days of customers whose window did not complete. */
  undone: number;
  windows: number;
  failed: number;
  /** Windows that failed because an attempt took too long or stopped heartbeating. */
  timeouts: number;
  deadlocks: number;
  peakBlocked: number;
  peakActive: number;
  missing: number;
  wrongAggregates: number;
}

/** Runs a procedure on a fresh database, at most `mostMs`. */
export async function measure(
  stack: Stack,
  procedure: Procedure,
  mostMs: number,
  say: (line: string) => void,
): Promise<Result> {
  await stack.fresh();
  await ready(stack.client);
  const before = await stack.deadlocks();
  const sampler = new Sampler(stack.databaseUrl);
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), mostMs);
  const started = performance.now();
  const undone = await procedure.run({ stack, sampler, signal: limit.signal, say });
  const ms = performance.now() - started;
  clearTimeout(timer);
  await sampler.stop();
  const windows = await executions(stack.client, procedure.prefix);
  await stack.stopWorkers();
  const { total } = await stack.completeness();
  return {
    name: procedure.name,
    ms,
    stopped: limit.signal.aborted,
    undone,
    ...windows,
    deadlocks: (await stack.deadlocks()) - before,
    peakBlocked: sampler.peakBlocked,
    peakActive: sampler.peakActive,
    missing: total.missing,
    wrongAggregates: total.wrongAggregates,
  };
}

/** A worker's first second is not the procedure's: waits until each of the two has done something. */
async function ready(client: Client): Promise<void> {
  const workflowId = `bench-ready-${Date.now()}`;
  const dryRun = { start: '2026-01-01', end: '2026-01-02', customers: [{ id: 'a', conversations: 1 }], dryRun: true };
  await client.workflow.execute('backfillScorecards', { taskQueue: 'backfill-scorecards', workflowId, args: [dryRun] });
  // Without an argument it fails at once, which is an answer as well.
  const nothing = { taskQueue: 'ingestion', workflowId: `${workflowId}-window`, args: [{}] };
  await client.workflow.execute('reindexconversations', nothing).catch(() => {});
}

async function executions(client: Client, prefix: string): Promise<Pick<Result, 'windows' | 'failed' | 'timeouts'>> {
  const counts = { windows: 0, failed: 0, timeouts: 0 };
  for await (const { status, workflowId, runId } of client.workflow.list({
    query: `WorkflowId STARTS_WITH "${prefix}-"`,
  })) {
    counts.windows++;
    if (status.name !== 'FAILED') continue;
    counts.failed++;
    try {
      await client.workflow.getHandle(workflowId, runId).result();
    } catch (error) {
      if (error instanceof WorkflowFailedError && classify(causeChain(error)).class === 'timeout') counts.timeouts++;
    }
  }
  return counts;
}
