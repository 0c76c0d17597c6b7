import { randomUUID } from 'node:crypto';
import type { CommandName } from '../backfill/commands/command.js';
import type { ClusterSession } from '../fleet/index.js';
import type { CommandAnswer } from '../workflows/messages.js';
import { withDeadline } from './time-limit.js';

/**
 * Sends a command to a run as an Update and waits for what it did. If the connection drops, the session sends it again with
 * the same id, which the server takes for the same Update: it is executed once.
 *
 * @param requestId a command that is sent again with the same id is not executed again, and answers the same
 * @throws WorkflowUpdateFailedError with the run's sentence when it refuses
 */
export function sendCommand(
  { client }: ClusterSession,
  workflowId: string,
  name: CommandName,
  argument: object,
  requestId: string = randomUUID(),
): Promise<CommandAnswer> {
  const handle = client.workflow.getHandle(workflowId);
  const options = { args: [argument] as [object], updateId: requestId };
  return withDeadline(client, () => handle.executeUpdate<CommandAnswer, [object]>(name, options));
}
