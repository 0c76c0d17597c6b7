import { createHash } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { type Fields, isFields } from '../backfill/json.js';
import type { ClusterSession } from '../fleet/index.js';
import { describeRun } from './run.js';
import { runId, WORKFLOW_TYPE } from './run-names.js';
import { withDeadline } from './time-limit.js';

/** A run's input, checked, and its range as days. */
export interface ReadyInput {
  readonly input: Fields;
  readonly range: { readonly start: string; readonly end: string };
}

/** A request id that was used before with another input. */
export class RequestIdReused extends Error {
  override readonly name = 'RequestIdReused';
}

/** A caller's own name for one start, and the input as the caller gave it. */
export interface StartRequest {
  readonly id: string;
  readonly input: Fields;
}

/** The workflow id of a run: from the label of its cluster, and its range. */
export const workflowIdFor = (session: ClusterSession, { input, range }: ReadyInput): string =>
  runId(typeof input.cluster === 'string' ? input.cluster : session.cluster.name, range.start, range.end);

/**
 * Starts a run.
 *
 * @param request sent again with the same id and input, it starts nothing and answers the same
 * @param by who starts it, for the run's memo
 * @returns its workflow id
 * @throws WorkflowExecutionAlreadyStartedError when this cluster and range have an open run; RequestIdReused
 */
export async function startRun(
  session: ClusterSession,
  ready: ReadyInput,
  request?: StartRequest,
  by?: string,
): Promise<string> {
  const { client, cluster } = session;
  const workflowId = workflowIdFor(session, ready);
  const asked = request && { id: request.id, digest: digestOf(request.input) };
  if (asked && (await isStarted(session, workflowId, asked))) return workflowId;
  try {
    await withDeadline(client, () =>
      client.workflow.start(WORKFLOW_TYPE, {
        workflowId,
        taskQueue: cluster.taskQueue,
        args: [ready.input],
        ...((asked || by !== undefined) && {
          memo: { ...(asked && { [REQUEST]: asked }), ...(by && { startedBy: by }) },
        }),
      }),
    );
  } catch (error) {
    // The same request may have arrived twice at once.
    const running = error instanceof WorkflowExecutionAlreadyStartedError;
    if (!running || !asked || !(await isStarted(session, workflowId, asked))) throw error;
  }
  return workflowId;
}

/** In the memo of a run: it stays there when the run continues as new, and after its end. */
const REQUEST = 'backfillRequest';

interface KnownRequest {
  readonly id: string;
  readonly digest: string;
}

async function isStarted(session: ClusterSession, workflowId: string, { id, digest }: KnownRequest): Promise<boolean> {
  const run = await describeRun(session, workflowId);
  const before = run?.memo?.[REQUEST] as KnownRequest | undefined;
  if (before?.id !== id) return false;
  if (before.digest === digest) return true;
  throw new RequestIdReused(`request id ${id} started ${workflowId} with another input`);
}

/** The order of fields means nothing, and some clients shuffle it. */
function digestOf(input: Fields): string {
  const sorted = (_: string, value: unknown) =>
    isFields(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;
  return createHash('sha256').update(JSON.stringify(input, sorted)).digest('hex');
}
