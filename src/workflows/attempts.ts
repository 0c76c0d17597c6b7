import { ActivityFailure, ApplicationFailure, isCancellation, sleep } from '@temporalio/workflow';
import { causeChain } from './cause-chain.js';
import type { BackfillRun } from './run.js';

const FIRST_WAIT_MS = 1_000;
/** Each attempt is about ten events of history: with this wait, some hours of them fit before the run hands over. */
const LONGEST_WAIT_MS = 60_000;

/**
 * An answer to what a run that prepares must know, asked for again until there is one. Temporal reports nothing of an
 * activity's failed attempts to the workflow, so `ask` makes one attempt, and the run says why it waits for the next.
 *
 * @param tries after so many failed attempts the latest error is thrown; a final error is thrown at once
 */
export async function persistently<T>(run: BackfillRun, ask: () => Promise<T>, tries = Infinity): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (isCancellation(error) || lastingFault(error)) throw error;
      run.happened({ kind: 'preparationFailed', error: reasonOf(error) });
      const { attempts } = run.state.lifecycle.preparing!.failed!;
      if (attempts >= tries) throw error;
      const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempts - 1));
      await sleep(wait, { summary: 'until it is asked again' });
    }
  }
}

/** What an activity found that another try would find again. */
export function lastingFault(error: unknown): ApplicationFailure | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof ApplicationFailure && cause.nonRetryable ? cause : undefined;
}

/** The messages of an activity's failure, outermost first: a client's own says little without its cause. */
export function reasonOf(error: unknown): string {
  const messages = causeChain(error).flatMap(({ kind, message }) => (kind === 'activity' ? [] : [message]));
  return messages.filter(Boolean).join(': ');
}
