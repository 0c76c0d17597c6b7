import { setTimeout as sleep } from 'node:timers/promises';
import { insist, type Stack } from './stack.js';

const PATIENCE_MS = 60_000;

/**
 * Whether a receiver learnt of each change of the backfill exactly once, by the id of the message: the same id is the same
 * message, numbers have no gap, and the last chain of runs ends with its end. A chain that was terminated may lack its last.
 */
export async function notificationFaults({ client, webhooks }: Stack, workflowId: string): Promise<string[]> {
  const { raw } = await insist(() => client.workflow.getHandle(workflowId).describe());
  const last = raw.workflowExecutionInfo?.firstRunId ?? '';
  const ofLast = () => webhooks.byId.filter(({ json }) => json.data.runId === last);
  const ended = () => ofLast().some(({ json }) => json.type === 'backfill.run.completed');
  for (const deadline = Date.now() + PATIENCE_MS; !ended() && Date.now() < deadline; ) await sleep(100);
  const found = ended() ? [] : [`no notification of the end of ${workflowId}`];
  const ours = webhooks.messages.filter(({ json }) => json.data.workflowId === workflowId);
  const byId = new Map(ours.map((message) => [message.headers['webhook-id'], message]));
  for (const { headers, body } of ours) {
    const id = headers['webhook-id'];
    if (byId.get(id)!.body !== body) found.push(`two messages have the id ${id}`);
  }
  const firsts = [...byId.values()];
  for (const runId of new Set(firsts.map(({ json }) => json.data.runId))) {
    const numbers = firsts.filter(({ json }) => json.data.runId === runId).map(({ json }) => json.data.number);
    numbers.sort((one, other) => one - other);
    if (numbers.some((number, i) => number !== i + 1)) found.push(`${runId} has notifications ${numbers}`);
  }
  return found;
}
