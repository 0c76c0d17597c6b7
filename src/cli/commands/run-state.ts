import { WorkflowFailedError } from '@temporalio/client';
import type { Progress } from '../../backfill/views/progress.js';
import { errorText } from '../../error-text.js';
import { onOneLine } from '../../one-line.js';
import { EXIT, type ExitCode } from '../../operations/exit-codes.js';
import { isOpen, type Run } from '../../operations/find-run.js';
import { toMinute } from '../../presentation/lines/format.js';
import { withDeadline } from '../../runs/time-limit.js';

/** A run's fields in JSON output. */
export const runFields = ({ workflowId, runId, status, startedAt, closedAt, taskQueue }: Run): object => ({
  workflowId,
  runId,
  status: status.toLowerCase(),
  taskQueue,
  startedAt: startedAt.toISOString(),
  closedAt: closedAt?.toISOString() ?? null,
});

/** Done, not finished, or needs attention: what a run's state means for the exit code. */
export function exitCodeOf(run: Run, { totals }: Progress): ExitCode {
  const undone = totals.days - totals.done - totals.skipped;
  if (isOpen(run)) return totals.failed + totals.held > 0 ? EXIT.attention : EXIT.unfinished;
  return undone > 0 || (run.status !== 'COMPLETED' && totals.days === 0) ? EXIT.attention : EXIT.done;
}

/** How a run ended that did not complete, in a sentence with the next step; undefined for all others. */
export async function endingOf(run: Run): Promise<string | undefined> {
  const { session, workflowId, runId, status, closedAt } = run;
  if (closedAt === undefined || status === 'COMPLETED') return undefined;
  const { client, cluster } = session;
  const reason = await withDeadline(client, () => client.workflow.getHandle(workflowId, runId).result()).then(
    () => '',
    (error: unknown) => onOneLine(errorText(error instanceof WorkflowFailedError ? error.cause : error)),
  );
  const when = toMinute(closedAt.toISOString());
  const running = status === 'TERMINATED' ? '; its running windows continue' : '';
  return `${status.toLowerCase()} ${when} UTC: ${reason}${running}; backfill start ${cluster.name} --resume … does what is left`;
}
