import type { CommandName } from '../backfill/commands/command.js';
import { sendCommand } from '../runs/send.js';
import type { CommandAnswer } from '../workflows/messages.js';
import { EXIT } from './exit-codes.js';
import type { Run } from './find-run.js';
import { CommandProblem, isNoAnswer } from './problem.js';

/** As {@link sendCommand}, with the command to look up what became of it. */
export async function sendUpdate(
  run: Pick<Run, 'session' | 'workflowId'>,
  name: CommandName,
  argument: object,
  updateId?: string,
): Promise<CommandAnswer> {
  try {
    return await sendCommand(run.session, run.workflowId, name, argument, updateId);
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    const message = `${run.workflowId} did not answer in time; backfill log ${run.session.cluster.name} shows whether it was done`;
    throw new CommandProblem(EXIT.unreachable, message, { cause: error });
  }
}
