import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowFailedError } from '@temporalio/client';
import { classify } from '../../../../src/backfill/failures/classify.js';
import { causeChain } from '../../../../src/workflows/cause-chain.js';
import type { Whales } from './fleet.js';
import { LiveLoad } from './live-load.js';
import type { Procedure } from './procedures.js';
import { Sampler } from './sampler.js';
import type { Stack } from './stack.js';

/** What a procedure came to. Times in ms. */
export interface Result {
  name: string;
  whales: Whales;
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
  /** The most windows of one customer that were at work at once. */
  writers: number;
  /** The 99th percentile of a live transaction. */
  liveMs: number;
}

/** The 99th percentile of a live transaction while nothing else happens. */
export async function quiet(stack: Stack, forMs: number): Promise<number> {
  await stack.fresh();
  await ready(stack.client);
  const live = await LiveLoad.settled(stack.databaseUrl);
  await sleep(forMs);
  return live.stop();
}

/** Runs a procedure on a fresh database, at most `mostMs`. */
export async function measure(
  stack: Stack,
  procedure: Procedure,
  whales: Whales,
  mostMs: number,
  quietMs: number,
  say: (line: string) => void,
): Promise<Result> {
  await stack.fresh();
  await ready(stack.client);
  const prefix = `${procedure.prefix}-${whales}`;
  const before = await stack.deadlocks();
  const sampler = new Sampler(stack.databaseUrl);
  const live = await LiveLoad.settled(stack.databaseUrl);
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), mostMs);
  const started = performance.now();
  const undone = await procedure.run({ stack, whales, prefix, sampler, quietMs, signal: limit.signal, say });
  const ms = performance.now() - started;
  clearTimeout(timer);
  const liveMs = await live.stop();
  await sampler.stop();
  const windows = await executions(stack.client, prefix);
  await stack.stopWorkers();
  const { total } = await stack.completeness();
  const writers = await stack.writers();
  const several = writers.filter(({ most }) => most > 1);
  say(`writers: ${several.map(({ customer, most }) => `${customer} ${most}`).join(', ') || 'one each'}`);
  return {
    name: procedure.name,
    whales,
    ms,
    stopped: limit.signal.aborted,
    undone,
    ...windows,
    deadlocks: (await stack.deadlocks()) - before,
    peakBlocked: sampler.peakBlocked,
    peakActive: sampler.peakActive,
    missing: total.missing,
    wrongAggregates: total.wrongAggregates,
    writers: writers[0]?.most ?? 0,
    liveMs,
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
