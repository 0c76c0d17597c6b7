import { type Client, defaultPayloadConverter } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import type { Packed } from '../backfill/state/packed.js';
import { workflowBundle } from '../built.js';
import { type OpenRun, openRunsOn } from './open-runs.js';
import { takeOver } from './take-over.js';

/** What the gate found out about an open run. */
export interface GateFinding {
  workflowId: string;
  runId: string;
  /** How this build would get the run: with its history, which it replays, or with the state that the run hands over. */
  checked: 'history' | 'state';
  events?: number;
  pinnedTo?: string;
  /** Why this build can't take the run. */
  problem?: string;
}

const ANSWER_MS = 20_000;

/**
 * Whether this build can continue each run that is open now on a task queue: it replays the run's history, or, where the run
 * stays with its own build until it continues as new, takes over the state that the run would hand over now.
 *
 * A pinned run that does not answer is replayed: to rescue it means to move it to a build that can.
 *
 * @throws what the calls to Temporal throw
 */
export async function replayGate(client: Client, taskQueue: string): Promise<GateFinding[]> {
  const findings: GateFinding[] = [];
  for (const run of await openRunsOn(client, taskQueue)) {
    const state = run.pinnedTo === undefined ? undefined : await stateOf(client, run);
    findings.push({ ...run, ...(state ? tookOver(state) : await replayed(client, run)) });
  }
  return findings;
}

function tookOver(state: Packed): Pick<GateFinding, 'checked' | 'problem'> {
  const problem = takeOver(state, Date.now());
  return { checked: 'state', ...(problem !== undefined && { problem }) };
}

/** Undefined if the run does not answer. */
async function stateOf(client: Client, { workflowId, runId }: OpenRun): Promise<Packed | undefined> {
  const handle = client.workflow.getHandle(workflowId, runId);
  return client.withDeadline(Date.now() + ANSWER_MS, () => handle.query<Packed>('handOver')).catch(() => undefined);
}

async function replayed(client: Client, { workflowId, runId }: OpenRun) {
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  // A replay compares tasks that have completed, and a run that is stuck in its first one has none.
  const carried = carriedInto(history);
  let problem = carried && takeOver(carried, Date.now());
  const results = Worker.runReplayHistories({ workflowBundle }, [{ workflowId, history }]);
  for await (const { error } of results) problem ??= error && `${error.name}: ${error.message}`;
  return {
    checked: 'history' as const,
    events: history.events?.length ?? 0,
    ...(problem !== undefined && { problem }),
  };
}

/** The state that the run took over from the one before. */
function carriedInto({ events }: temporal.api.history.v1.IHistory): Packed | undefined {
  const [, second] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  return second && defaultPayloadConverter.fromPayload<{ state: Packed }>(second).state;
}
