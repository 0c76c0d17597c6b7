import { activityInfo, Context, sleep } from '@temporalio/activity';

/** What the scripted child asks of its process. */
export interface ChildActivities {
  /** Which execution of its workflow id this is, from 1. */
  countTry(): Promise<number>;
  takeAWhile(): Promise<void>;
  /** Sends one heartbeat, and waits until it is cancelled. */
  beatOnce(details: unknown): Promise<void>;
  /** Longer than its caller has patience. */
  takeTooLong(): Promise<void>;
}

export function createChildActivities(): ChildActivities {
  const tries = new Map<string, number>();
  return {
    async countTry() {
      const { workflowId } = activityInfo().workflowExecution!;
      const count = (tries.get(workflowId) ?? 0) + 1;
      tries.set(workflowId, count);
      return count;
    },
    // No timer of the workflow: the dev server rings these up to a second late.
    takeAWhile: () => sleep(150),
    async beatOnce(details) {
      Context.current().heartbeat(details);
      await Context.current().cancelled;
    },
    takeTooLong: () => sleep(2_000),
  };
}
